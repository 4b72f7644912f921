"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from typing import Any

from inventory.observations import documents
from inventory.observations.documents import Document
from inventory.services import services


def search(query: dict[str, Any]) -> Document:
    """One page of the targets that a `SearchQuery` means."""
    after, at = documents.page_start(query["cursor"], query["q"], query["at"])
    show = services().search.fields(query["show"])
    with services().search.slot():
        question = services().search.question(query["q"], at, limits=services().limits.of("read"))
        indexed = services().search.index_state()
        page = services().search.page(question, show=show, limit=query["limit"], after=after)
        total = services().search.total(question, page)
    return documents.page_document(question, query["at"], page, total, indexed, with_shown=bool(show))


def facets(query: dict[str, Any], mounted_at: str) -> Document:
    """The values of a field that a `FacetsQuery` means, with links below `mounted_at`."""
    with services().search.slot():
        question = services().search.question(query["q"], query["at"], limits=services().limits.of("read"))
        indexed = services().search.index_state()
        facet = services().search.facet(question, query["field"], limit=query["limit"])
    return documents.facet_document(question, facet, indexed, mounted_at)


def fields(query: dict[str, Any]) -> Document:
    """The fields that a `FieldsQuery` means; the caller's limits keep back what others' targets show."""
    limits = services().limits.of("read")
    return documents.listing_document(services().search.listing(query["prefix"], limit=query["limit"], limits=limits))
