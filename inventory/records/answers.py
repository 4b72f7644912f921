"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.listing import keyset_page, sifted_page
from inventory.records import documents
from inventory.records.documents import Document
from inventory.records.limited import finder
from inventory.records.model import RecordFilter
from inventory.services import services

IN_ORDER = attrgetter("accepted_at", "id")


def records(query: dict[str, Any]) -> Document:
    """One page of the records that a `RecordsQuery` means, without contents."""
    chosen = RecordFilter(query["source"], query["status"], query["host"])
    find, limits = services().records.listing, services().limits.of("read")
    if limits is None:
        return keyset_page("records", query, partial(find, chosen), documents.listed_record, IN_ORDER)
    sift = partial(services().limits.sift, "read")
    return sifted_page("records", query, finder(find, chosen, limits), documents.listed_record, IN_ORDER, sift)
