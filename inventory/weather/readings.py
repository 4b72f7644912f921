"""Reading what a weather service answered: a member of the right type and of a possible size, or `invalid_response`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from inventory.clock import rfc3339
from inventory.errors import SourceFailure

Document = Mapping[str, Any]
LONGEST_TEXT = 200
MOST_PEOPLE = 10**11


def wrong(member: str) -> SourceFailure:
    """The failure that an unusable member is."""
    return SourceFailure("invalid_response", f"The weather came without a usable {member!r}")


def object_in(found: Any, member: str) -> Document:
    """The object that is a member of `found`."""
    inner = found.get(member) if isinstance(found, dict) else None
    if not isinstance(inner, dict):
        raise wrong(member)
    return inner


def objects_in(found: Any, member: str) -> list[Document]:
    """The list of objects that is a member of `found`; empty if there is no such member."""
    inner = found.get(member, []) if isinstance(found, dict) else None
    if not isinstance(inner, list) or not all(isinstance(each, dict) for each in inner):
        raise wrong(member)
    return inner


def number(found: Document, member: str, least: float, most: float) -> float:
    """A number from `least` to `most`, which NaN is not."""
    value = found.get(member)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise wrong(member)
    return float(value)


def people(found: Document, member: str) -> int | None:
    """A number of people, None if none is told."""
    return None if found.get(member) is None else int(number(found, member, 0, MOST_PEOPLE))


def text(found: Document, member: str) -> str:
    """A text that is not empty."""
    value = found.get(member)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise wrong(member)
    return value


def text_or_none(found: Document, member: str) -> str | None:
    """A text, None if it is empty or missing."""
    return text(found, member) if found.get(member) not in (None, "") else None


def instant(found: Document, member: str) -> str:
    """RFC 3339 in UTC, of seconds since 1970 or of ISO 8601 in which what says no offset is UTC."""
    value = found.get(member)
    try:
        if isinstance(value, str):
            told = datetime.fromisoformat(value)
            return rfc3339(told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC))
        return rfc3339(datetime.fromtimestamp(number(found, member, 0, 2**40), UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise wrong(member) from error
