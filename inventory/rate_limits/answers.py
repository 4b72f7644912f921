"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.listing import keyset_page
from inventory.rate_limits import documents
from inventory.rate_limits.documents import Document
from inventory.services import services


def upstreams(query: dict[str, Any]) -> Document:
    """One page of the hosts that are called, as a `PageQuery` asks."""
    document = partial(documents.upstream_document, now=services().upstreams.clock())
    return keyset_page("upstreams", query, services().upstreams.listing, document, attrgetter("listed_at", "host"))


def upstream(host: str) -> Document:
    """One host that is called."""
    return documents.upstream_document(services().upstreams.find(host), services().upstreams.clock())
