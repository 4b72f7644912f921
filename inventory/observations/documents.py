"""The documents that the search API answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from inventory.clock import rfc3339
from inventory.listing import Key, cursor_of, position_of
from inventory.observations.model import FAILURE, TAG, FacetValue, IndexState, Observation
from inventory.observations.queries.quoting import quoted
from inventory.observations.service import Facet, Found, Listing, Page, Question, Total
from inventory.records.model import Record

Document = dict[str, Any]
SEARCH = "/api/v1/search"

NOW = "now"
"""In a cursor, where no instant was given."""


def page_document(
    question: Question, at: str | None, page: Page, total: Total, indexed: IndexState, *, with_shown: bool
) -> Document:
    """A page of targets; the instant of the question was given as `at`."""
    return {
        "at": _instant(question.at),
        "targets": [found_document(found, with_shown=with_shown) for found in page.found],
        "total": total.number,
        "total_is_exact": total.is_exact,
        "indexed": indexed.value,
        "next_cursor": _next_cursor(question, at, page),
    }


def page_start(cursor: str | None, query: str, at: str | None) -> tuple[Key | None, str | None]:
    """After which position a page begins, and the instant to ask about.

    That is the same on all pages, also where `at` is so long before now.
    """
    position = position_of(cursor, ("search", query, at), names=2)
    if position is None:
        return None, at
    instant, (asked_about, record_id) = position
    return (instant, record_id), None if at is None else asked_about


def found_document(found: Found, *, with_shown: bool) -> Document:
    """A target, and what it shows if that was asked for."""
    record = found.record
    document: Document = {
        "id": record.id,
        "source": record.target.source,
        "url": record.target.key,
        "status": record.status.value,
        "collected_at": _instant(record.collected_at),
    }
    if with_shown:
        document["observations"] = [observation_document(each, record) for each in found.observations]
    return document


def observation_document(observation: Observation, record: Record) -> Document:
    """An observation of a record; a current one was seen by its latest collection."""
    return {
        "field": observation.field,
        "value": observation.value,
        "volatile": observation.volatile,
        "first_seen": rfc3339(observation.first_seen),
        "last_seen": _instant(observation.last_seen or _latest(observation.field, record)),
        "gone": _instant(observation.gone),
    }


def facet_document(question: Question, facet: Facet, indexed: IndexState, mounted_at: str = "") -> Document:
    """The values of a field, each with the search that it narrows the question to."""
    return {
        "field": facet.field,
        "at": _instant(question.at),
        "values": [_value(question, facet.field, each, mounted_at) for each in facet.values],
        "has_more": facet.has_more,
        "indexed": indexed.value,
    }


def listing_document(listing: Listing) -> Document:
    """Fields that can be asked for, and since when."""
    fields = [
        {"name": each.name, "values": each.field.value_type.value, "meaning": each.field.sentence} for each in listing.fields
    ]
    return {"known_since": _instant(listing.known_since), "fields": fields, "has_more": listing.has_more}


def _value(question: Question, field: str, each: FacetValue, mounted_at: str) -> Document:
    """White space is AND and binds least, so that what is added to a query narrows all of it."""
    query = {"q": f"{question.text} {quoted(field, each.value)}".strip()}
    if question.at is not None:
        query["at"] = rfc3339(question.at)
    return {
        "value": each.value,
        "volatile": each.volatile,
        "count": each.count,
        "first_seen": rfc3339(each.first_seen),
        "search": f"{mounted_at}{SEARCH}?{urlencode(query)}",
    }


def _latest(field: str, record: Record) -> datetime | None:
    """The latest collection that showed a current observation."""
    if field == TAG:
        return None
    return record.failure.at if field == FAILURE and record.failure is not None else record.collected_at


def _next_cursor(question: Question, at: str | None, page: Page) -> str | None:
    if page.next_position is None:
        return None
    instant, record_id = page.next_position
    return cursor_of(("search", question.text, at), instant, _instant(question.at) or NOW, record_id)


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)
