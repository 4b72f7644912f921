"""Instants as logs write them: in any usual spelling and unit, to the nanosecond; cut to milliseconds, never rounded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, DecimalException
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from inventory.clock import EPOCH

DAY = timedelta(days=1)
SECONDS_BELOW, MILLISECONDS_BELOW, MICROSECONDS_BELOW, NANOSECONDS_BELOW = 10**11, 10**14, 10**17, 10**20
"""A number is seconds since 1970 up to the year 5138, and in each finer unit from March 1973 on."""
LONGEST = 100
"""Characters of the longest spelling."""
MONTHS = {
    name: number + 1
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())  # noqa: SIM905 - one line
}
ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180,
    "MSK": 180, "JST": 540, "KST": 540, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420,
}  # fmt: skip
"""Minutes east of UTC, of the abbreviations that RFC 2822 or the databases of most systems give one meaning."""

_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,:](?P<fraction>\d{1,40}))?)?"
_HALF = r"(?: ?(?P<half>[AaPp][Mm])\b)?"
_OFFSET = (
    r"(?:(?P<near>[Zz]\b|[+-]\d\d(?::?\d\d)?(?!\d))| ?(?P<far>[+-]\d\d:?\d\d(?!\d))| ?(?P<name>"
    + "|".join(sorted(ZONES, key=len, reverse=True))
    + r")\b)?"
)
_DAY_FIRST = r"(?P<day>\d\d?)[-/ ](?P<name_of_month>[A-Za-z]{3})[a-z]{0,6}[-/ ](?P<year>\d{4}|\d\d)[: ] ?"
_ZONE_OF_PHP = r"(?: (?P<zone>[A-Z][A-Za-z]{1,20}(?:/[A-Z][\w+-]{1,30}){1,2})(?=\]))?"
_MONTH_FIRST = r"(?P<name_of_month>[A-Za-z]{3})[a-z]{0,6} {1,2}(?P<day>\d\d?),?"
_SPELLINGS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?:[A-Z][a-z]{2},? )?(?P<year>\d{4})(?P<dash>[-/.])(?P<month>\d\d?)(?P=dash)(?P<day>\d\d?)"
        rf"(?:[Tt _:]| - |\]\[){_CLOCK}{_HALF}{_OFFSET}",
        rf"(?:[A-Za-z]{{3,9}},? )?{_DAY_FIRST}{_CLOCK}{_HALF}{_OFFSET}{_ZONE_OF_PHP}",
        rf"[A-Za-z]{{3}} {_MONTH_FIRST} {_CLOCK}{_OFFSET} (?P<year>\d{{4}})\b",
        rf"(?:[A-Za-z]{{3,9}},? )?{_MONTH_FIRST} (?P<year>\d{{4}}),?(?: @| at)? {_CLOCK}{_HALF}(?: GMT(?=[+-]))?{_OFFSET}",
        rf"{_MONTH_FIRST} {_CLOCK}{_OFFSET}",
        rf"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{{4}}),? {_CLOCK}{_OFFSET}",
        rf"(?P<one>\d\d?)(?P<mark>[/-])(?P<other>\d\d?)(?P=mark)(?P<year>\d{{4}}),? {_CLOCK}{_HALF}{_OFFSET}",
        rf"(?P<year>\d\d)/(?P<month>\d\d)/(?P<day>\d\d) {_CLOCK}(?!\S)",
        rf"(?P<one>\d\d?)/(?P<other>\d\d?)/(?P<year>\d\d), {_CLOCK}{_HALF}",
        rf"(?P<month>\d\d)-(?P<day>\d\d) {_CLOCK}",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)[Tt ]?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)"
        rf"(?:[.,](?P<fraction>\d{{1,40}}))?{_OFFSET}(?!\d)",
    )
)
"""RFC 3339 and its relatives; CLF, RFC 2822, 850 and 1123; `asctime` and `date`; the same with the year in front of the
time; syslog, which has no year; German, American and Spark's days; Android's; and ISO 8601 without marks."""
_AFTER = re.compile(r"(?: [A-Z]{3,5})?(?: m=[+-][\d.]{1,30})?(?:\[[\w/+-]{1,40}\]| \([^()]{1,60}\))?", re.ASCII)
"""What Go, Java and JavaScript write after the offset."""
_NUMBER = re.compile(r"@?(\d{1,20}(?:[.,]\d{0,40}(?:[eE]\+?\d{1,2})?)?)", re.ASCII)
_EPOCH = re.compile(r"1\d{9}\.\d{1,9}(?=[\s|,])|1\d{9}(?:\d{3}){0,3}(?=[\s|\]]|: )|1\.\d{6,17}e\+09(?=\s)", re.ASCII)
"""A number at the beginning of a line that is a time between 2001 and 2033: journalctl, Squid and zap's console write it."""
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_OF_DOTNET = re.compile(r"\\?/Date\((\d{1,17})(?:[+-]\d{4})?\)\\?/", re.ASCII)
"""Milliseconds since 1970, as .NET's and PowerShell's JSON has them."""
_PARTS = (("seconds", "nanos", "nanoseconds"), ("epochSecond", "nanoOfSecond"), ("_seconds", "_nanoseconds"))
"""Members of objects that are instants: protobuf's, Java's and Firestore's."""
_LONG = re.compile(r"(?<![\d.])(?=[\d.]{17})\d{9,17}\.\d{1,40}", re.ASCII)


def read(value: Any, now: datetime | None = None, exact: Mapping[float, str] | None = None) -> datetime:
    """The instant in UTC that a value of JSON means; `ValueError` if it means none.

    One without an offset is in UTC; one without a year, which needs `now`, is the last such that is not a day ahead of it.
    `exact` has the digits of numbers that a double rounds.
    """
    if isinstance(value, str):
        return _of_text((value if value.isascii() else value.replace("\u202f", " ")).strip(), now)
    if isinstance(value, Mapping):
        return _of_members(value, now, exact)
    if type(value) is float and isfinite(value):
        return _of_number(_decimal((exact or {}).get(value) or repr(value)))
    if type(value) in (int, Decimal):
        return _of_number(value)
    raise ValueError("neither text nor a number")


def leading(text: str, now: datetime) -> tuple[datetime, int] | None:
    """The instant that a line of text begins with, and where it ends; None if it begins with none."""
    start = text[:LONGEST]
    for spelling in _SPELLINGS[:-1]:
        if found := spelling.match(start):
            try:
                return _cut(_of_match(found, now)), found.end()
            except (ValueError, OverflowError):
                continue
    found = _EPOCH.match(start)
    return (_of_number(_decimal(found[0])), found.end()) if found else None


def _of_text(text: str, now: datetime | None) -> datetime:
    if len(text) > LONGEST:
        raise ValueError("too long")
    bare = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    for spelling in _SPELLINGS:
        if (found := spelling.match(bare)) and _AFTER.fullmatch(bare, found.end()):
            try:
                return _cut(_of_match(found, now))
            except (ValueError, OverflowError):
                continue
    if found := _NUMBER.fullmatch(bare):
        return _of_number(_decimal(found[1].replace(",", ".").lower()))
    if found := _OF_DOTNET.fullmatch(bare):
        return EPOCH + timedelta(milliseconds=int(found[1]))
    if found := _DAY.fullmatch(bare):
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    raise ValueError("no spelling of an instant")


def _of_members(value: Mapping[str, Any], now: datetime | None, exact: Mapping[float, str] | None) -> datetime:
    """The instant in an object: protobuf's and log4j's seconds and nanoseconds, MongoDB's `$date`, loguru's two, PHP's."""
    for seconds, *nanos in _PARTS:
        if seconds in value:
            part = next((value[name] for name in nanos if value.get(name)), 0)
            try:
                whole, rest = Decimal(str(value[seconds])[:LONGEST]), Decimal(str(part)[:LONGEST])
                return _of_number(whole + rest / 10**9)
            except DecimalException as error:
                raise ValueError("no numbers") from error
    if type(value.get("date")) is str and type(value.get("timezone")) is str:
        return _in_zone(value["date"], value["timezone"])
    for name in ("$date", "$numberLong", "timestamp", "repr"):
        if name in value and not (isinstance(value[name], Mapping) and name != "$date"):
            return read(value[name], now, exact)
    raise ValueError("an object that is not an instant")


def _in_zone(text: str, zone: str) -> datetime:
    """The instant of PHP's `DateTime`: its offset, or the name of its zone, is beside the time of day."""
    if zone in ZONES or zone[:1] in ("+", "-"):
        return _of_text(f"{text} {zone}", None)
    return _of_text(text, None).replace(tzinfo=_zone(zone)).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    """The zone of a name such as `Europe/Berlin`."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:  # no such zone
        raise ValueError("no zone") from error


def _decimal(digits: str) -> Decimal:
    """The number without what is finer than nanoseconds, so that arithmetic rounds nothing."""
    whole, _, fraction = digits.partition(".")
    return Decimal(digits if "e" in digits else f"{whole}.{fraction[:9] or 0}")


def _of_number(number: int | Decimal) -> datetime:
    if not 0 <= number < NANOSECONDS_BELOW:
        raise ValueError("out of range")
    if number < SECONDS_BELOW:
        millis = int(number * 1000)
    elif number < MILLISECONDS_BELOW:
        millis = int(number)
    else:
        millis = int(number) // (10**3 if number < MICROSECONDS_BELOW else 10**6)
    return EPOCH + timedelta(milliseconds=millis)


def _of_match(found: re.Match[str], now: datetime | None) -> datetime:
    parts = found.groupdict()
    hour, second = int(parts["hour"]), int(parts.get("second") or 0)
    micros = int(f"{(parts.get('fraction') or '0')[:6]:0<6}")
    if parts.get("half") and 1 <= hour <= 12:  # some write 13:00 PM
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    if second == 60:  # a leap second, which no clock of ours has
        second, micros = 59, 999_999
    month, day = _month_and_day(parts)
    offset, minute = _offset(parts), int(parts["minute"])
    if hour == 24 and minute == second == micros == 0:  # the end of a day (ISO 8601)
        hour, offset = 0, offset - DAY
    clock = (month, day, hour, minute, second, micros)
    if zone := parts.get("zone"):
        return datetime(_year(parts["year"]), *clock, tzinfo=_zone(zone)).astimezone(UTC)
    if parts.get("year"):
        return datetime(_year(parts["year"]), *clock, tzinfo=UTC) - offset
    if now is None:
        raise ValueError("no year")
    return _latest(clock, offset, now)


def _month_and_day(parts: Mapping[str, str | None]) -> tuple[int, int]:
    """The month and the day. Of two numbers with slashes the month is first before AM or PM, else where only that can be."""
    if first := parts.get("one"):
        one, other = int(first), int(parts["other"] or 0)
        if not parts.get("half") and (one <= 12) == (other <= 12) and one != other:
            raise ValueError("either may be the month")
        return (one, other) if one <= 12 else (other, one)
    name = (parts.get("name_of_month") or "").lower()
    return int(parts.get("month") or MONTHS.get(name, 0)), int(parts["day"] or 0)


def _latest(clock: tuple[int, int, int, int, int, int], offset: timedelta, now: datetime) -> datetime:
    """The last such day and time of any year that is not more than a day ahead."""
    for year in range(now.year + 1, now.year - 8, -1):  # eight years have a 29th of February
        try:
            instant = datetime(year, *clock, tzinfo=UTC) - offset
        except ValueError:
            continue
        if instant <= now + DAY:
            return instant
    raise ValueError("no such day")


def _offset(parts: Mapping[str, str | None]) -> timedelta:
    text = parts.get("near") or parts.get("far")
    if text is None or text in "Zz":
        return timedelta(minutes=ZONES[parts.get("name") or "Z"])
    hours, minutes = int(text[1:3]), int(text[3:].removeprefix(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("no offset")
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def _year(text: str) -> int:
    """The year; of two digits as RFC 2822 has it."""
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 50 else 1900)


def _cut(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def exact_numbers(text: str) -> Mapping[float, str]:
    """The digits of those numbers of a line that a double may have rounded up."""
    return {float(digits): digits for digits in _LONG.findall(text)}
