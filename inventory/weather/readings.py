"""Reads a weather provider's answer: a member has the right type and a possible size, or it is `invalid_response`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inventory.clock import rfc3339
from inventory.errors import SourceFailure

Document = Mapping[str, Any]
MAX_TEXT = 200
CODE = re.compile("[45][0-9]{2}")
MAX_PEOPLE = 10**11


def wrong(member: str) -> SourceFailure:
    """The failure of an answer with an unusable member."""
    return SourceFailure("invalid_response", f"The weather provider's answer has no usable {member!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedError:
    """An error that a provider's JSON is: a status of HTTP, if it has one, and the provider's words."""

    code: int | None
    words: str


def stated_error(found: Any) -> StatedError | None:
    """The error that an answer is, None if it is none.

    Open-Meteo's has `error` and `reason`, OpenWeather's `cod`, a number or its digits, and `message`.
    """
    if not isinstance(found, dict):
        return None
    code, words = str(found.get("cod", 200)), found.get("reason") or found.get("message")
    if not found.get("error") and code == "200":
        return None
    return StatedError(code=int(code) if CODE.fullmatch(code) else None, words=words if isinstance(words, str) else "")


def object_in(found: Any, member: str) -> Document:
    """The object that is a member of `found`."""
    inner = found.get(member) if isinstance(found, dict) else None
    if not isinstance(inner, dict):
        raise wrong(member)
    return inner


def object_or_empty(found: Any, member: str) -> Document:
    """The same, empty if it is null or missing."""
    return {} if isinstance(found, dict) and found.get(member) is None else object_in(found, member)


def objects_in(found: Any, member: str) -> list[Document]:
    """The list of objects that is a member of `found`; empty if there is no such member."""
    inner = found.get(member, []) if isinstance(found, dict) else None
    if not isinstance(inner, list) or not all(isinstance(each, dict) for each in inner):
        raise wrong(member)
    return inner


def number_or_none(found: Document, member: str, minimum: float, maximum: float) -> float | None:
    """A number, None if it is null or missing."""
    return None if found.get(member) is None else number(found, member, minimum, maximum)


def number(found: Document, member: str, minimum: float, maximum: float) -> float:
    """A number from `minimum` to `maximum`, which NaN is not."""
    value = found.get(member)
    if isinstance(value, bool) or not isinstance(value, int | float) or not minimum <= value <= maximum:
        raise wrong(member)
    return float(value)


def people(found: Document, member: str) -> int | None:
    """A number of people, None if there is none."""
    count = number_or_none(found, member, 0, MAX_PEOPLE)
    return None if count is None else int(count)


def text(found: Document, member: str) -> str:
    """A text that is not empty."""
    value = found.get(member)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise wrong(member)
    return value


def text_or_none(found: Document, member: str) -> str | None:
    """A text, None if it is empty or missing."""
    return text(found, member) if found.get(member) not in (None, "") else None


def instant_or_none(found: Document, member: str) -> str | None:
    """RFC 3339 in UTC, from seconds since 1970 or from ISO 8601, in UTC if it has no offset; None if null or missing."""
    value = found.get(member)
    if value is None:
        return None
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return rfc3339(parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC))
        return rfc3339(datetime.fromtimestamp(number(found, member, 0, 2**40), UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise wrong(member) from error
