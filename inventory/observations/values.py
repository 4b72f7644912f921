"""Values as queries write them, and the one spelling in which the index has them: hosts, URLs, numbers and instants.

What cannot be read is a `ValueError` with a sentence that says the way out.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import ParamSpec, TypeVar

from inventory import hosts, urls
from inventory.clock import EPOCH
from inventory.errors import InvalidQuery, InvalidUrl
from inventory.observations.fields import ValueType

P = ParamSpec("P")
T = TypeVar("T")

_WHOLE = re.compile(r"[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_NOW = re.compile(r"now((?:[+-][0-9]{1,9}[smhdw])*)", re.IGNORECASE)
_STEP = re.compile(r"([+-][0-9]+)([smhdw])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


@dataclass(frozen=True, slots=True)
class Period:
    """What a date means: from `start` to before `end`, in seconds since 1970; an instant has no `end`.

    `from_now`: it is counted from now.
    """

    start: float
    end: float | None = None
    from_now: bool = False


def canonical(value_type: ValueType, text: str) -> str:
    """The spelling in which the index has a value of that type; a text without case is in lower case only where all are."""
    match value_type:
        case ValueType.URL:
            return _url(text)
        case ValueType.HOST:
            return host(text)
        case ValueType.ADDRESS:
            return _address(text)
        case ValueType.NUMBER:
            return _whole(text)
        case ValueType.TRUTH:
            return _truth(text)
        case ValueType.VERDICT:
            return _verdict(text)
        case _:
            return text


def ordinal(value_type: ValueType, text: str) -> float | None:
    """What ranges compare of a value in the index, as `End` has it: its number, or its seconds since 1970; None without."""
    if value_type is ValueType.NUMBER:
        return float(text) if _NUMBER.fullmatch(text) else None
    if value_type is not ValueType.INSTANT or not _INSTANT.fullmatch(text):
        return None
    try:
        return _seconds(datetime.fromisoformat(text.upper()))
    except ValueError:
        return None


def number(text: str) -> float:
    """A number as the end of a range."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a number. Write one such as 400 or 0.5.")
    return float(text)


def period(text: str, now: datetime) -> Period:
    """A day, month, year or instant, or `now` with steps such as `+30d`."""
    try:
        if found := _NOW.fullmatch(text):
            for count, unit in _STEP.findall(found[1].lower()):
                now += timedelta(**{_UNITS[unit]: int(count)})
            return Period(_seconds(now), from_now=True)
        if found := _DATE.fullmatch(text):
            return _days(*(int(part or 0) for part in found.groups()))
        if _INSTANT.fullmatch(text):
            return Period(_seconds(datetime.fromisoformat(text.upper())))
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(text)} is not a date that exists. Write one such as 2026-01-31.") from None
    raise ValueError(
        f'{shown(text)} is not an instant. Write a day such as 2026-01-31, an instant such as "2026-01-31T12:00:00Z", or now'
        " with steps in s, m, h, d or w, such as now+30d."
    )


def host(text: str) -> str:
    """A host as URLs have it: in lower case and ASCII, an IPv6 address in brackets."""
    try:
        return hosts.as_in_urls(text)
    except ValueError:
        reason = "is not a host. Write it without scheme, port and path, such as example.com."
        raise ValueError(f"{shown(text)} {reason}") from None


def or_invalid(position: int, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What reading a value gives; its `ValueError` is an `InvalidQuery` at the position."""
    try:
        return read(*args, **kwargs)
    except ValueError as error:
        raise InvalidQuery(str(error), position) from None


def shown(text: str) -> str:
    """A text for a message: in quotes, printable, and not longer than a line."""
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _url(text: str) -> str:
    try:
        return urls.parse(text).href
    except InvalidUrl:
        return text


def _address(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if not _is_address(bare):
        raise ValueError(f"{shown(text)} is not an IP address. Write a whole one, or the start of one and a star: 10.1.*")
    return str(ip_address(bare))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _whole(text: str) -> str:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a whole number. Write one such as 404, or a range such as [400 TO 499].")
    return str(int(text))


def _truth(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{shown(text)} is neither true nor false. Write one of them.")
    return text.lower()


def _verdict(text: str) -> str:
    if text.lower() not in ("fails", "waived", "unknown"):
        reason = "is not fails, waived or unknown. Write one of them. NOT asks for targets where it holds (docs/queries.md)."
        raise ValueError(f"{shown(text)} {reason}")
    return text.lower()


def _days(year: int, month: int, day: int) -> Period:
    start = _seconds(datetime(year, month or 1, day or 1, tzinfo=UTC))
    days = 1 if day else calendar.monthrange(year, month)[1] if month else 365 + calendar.isleap(year)
    return Period(start, start + days * 86_400)  # not by `timedelta`: the last days that certificates have are in 9999


def _seconds(instant: datetime) -> float:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - EPOCH) / timedelta(seconds=1)
