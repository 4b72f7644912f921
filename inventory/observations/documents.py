"""The documents that the search API answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from inventory.clock import rfc3339
from inventory.listing import cursor_of
from inventory.observations.model import FAILURE, TAG, FacetValue, Observation
from inventory.observations.queries.quoting import quoted
from inventory.observations.service import Facet, Found, Page, Question, Total
from inventory.records.model import Record

Document = dict[str, Any]
SEARCH = "/api/v1/search"


def page_document(question: Question, page: Page, total: Total, following: str | None, *, with_shown: bool) -> Document:
    """A page of targets."""
    return {
        "at": _instant(question.at),
        "targets": [found_document(found, with_shown=with_shown) for found in page.found],
        "total": total.number,
        "total_is_exact": total.is_exact,
        "next_cursor": following,
    }


def next_cursor(asked: Sequence[object], page: Page) -> str | None:
    """The cursor of the page after this one of the answers to what was `asked`; None at the end."""
    return None if page.next_position is None else cursor_of(asked, *page.next_position)


def question_asked(query: str, at: str | None) -> Sequence[object]:
    """What a cursor belongs to, as it was given."""
    return "search", query, at


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


def facet_document(question: Question, facet: Facet, mounted_at: str = "") -> Document:
    """The values of a field, each with the search that it narrows the question to."""
    return {
        "field": facet.field,
        "at": _instant(question.at),
        "values": [_value(question, facet.field, each, mounted_at) for each in facet.values],
        "has_more": facet.has_more,
    }


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


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)
