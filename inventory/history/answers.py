"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.clock import rfc3339
from inventory.history.model import Lookup
from inventory.listing import keyset_page
from inventory.services import services


def lookups(query: dict[str, Any]) -> dict[str, Any]:
    """One page of the lookups that a `HistoryQuery` means."""
    find = partial(services().history.listing, query["source"])
    return keyset_page("lookups", query, find, _document, attrgetter("at", "id"))


def _document(lookup: Lookup) -> dict[str, str]:
    return {"source": lookup.source, "key": lookup.key, "outcome": lookup.outcome.value, "at": rfc3339(lookup.at)}
