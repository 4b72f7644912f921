"""Instants in the spellings and units of logs: cut to milliseconds, never rounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.events import instants

NOW = datetime(2026, 2, 3, tzinfo=UTC)
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
INSTANT = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T12:00:00.123Z", "2026-01-31t12:00:00.123z", "2026-01-31 12:00:00.123+00:00",
        "2026-01-31T13:00:00.123+01:00", "2026-01-31T13:00:00.123+0100", "2026-01-31T13:00:00.123+01",
        "2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123999999Z", "2026-01-31T12:00:00.1239999999999Z",
        "2026-01-31T12:00:00.123", "2026-01-31 12:00:00,123", " 2026-01-31T12:00:00.123Z ", "2026/01/31 12:00:00.123",
        "2026-01-31 13:00:00.123 +0100", "2026-01-31 13:00:00.123 +01:00", "2026-01-31 13:00:00.123 CET",
        "2026-01-31 12:00:00.123456789 +0000 UTC m=+0.000012", "2026-01-31T13:00:00.123+01:00[Europe/Berlin]",
        "2026-01-31T07:00:00.123-05:00", "20260131T120000.123Z", "[31/Jan/2026:13:00:00.123 +0100]",
        "/Date(1769860800123)/", "/Date(1769860800123+0100)/", "Jan 31, 2026 @ 12:00:00.123", "31.01.2026 12:00:00.123",
        "1/31/2026, 12:00:00.123 PM", "31/01/2026, 12:00:00.123", "2026-1-31 12:00:00.123", "2026/01/31 - 12:00:00.123",
        "31 Jan 2026 12:00:00.123", "Sat Jan 31 12:00:00.123456 2026", "Jan 31 12:00:00.123", "2026-01-31 12:00:00:123",
        1_769_860_800.123, 1_769_860_800_123, 1_769_860_800_123.0, 1_769_860_800_123_999, 1_769_860_800_123_999_999,
        "1769860800.123", "1769860800.1239999", "1769860800123", "1769860800123456", "1769860800123456789",
        "2026-01-31 12:00:00.123UTC", "2026-01-31T12:00:00.123GMT", "1769860800,123", "1.769860800123e9", "@1769860800.123",
        "1.769860800123E+09", "31-01-2026 12:00:00.123", "2026-01-31 12:00:00.123 PM", "2026-01-31 13:00:00.123 PM CET",
        "January 31, 2026 at 12:00:00.123 PM UTC", "1/31/2026, 12:00:00.123\u202fPM", "26/01/31 12:00:00.123",
        {"seconds": 1_769_860_800, "nanoseconds": 123_999_999},
        {"_seconds": 1_769_860_800, "_nanoseconds": 123_999_999}, "01-31 12:00:00.123",
        "Sat Jan 31 2026 13:00:00.123 GMT+0100 (Central European Standard Time)",
        {"seconds": 1_769_860_800, "nanos": 123_999_999}, {"seconds": "1769860800", "nanos": "123999999"},
        {"epochSecond": 1_769_860_800, "nanoOfSecond": 123_000_000}, {"$date": "2026-01-31T13:00:00.123+01:00"},
        {"repr": "2026-01-31 13:00:00.123456+01:00", "timestamp": 1_769_860_800.123456},
    ],
)  # fmt: skip
def test_one_instant_in_many_spellings(value: object) -> None:
    assert instants.read(value, NOW) == INSTANT


@pytest.mark.parametrize(
    "value",
    [
        "31/Jan/2026:13:00:00 +0100", "Sat, 31 Jan 2026 12:00:00 +0000", "Sat, 31 Jan 2026 12:00:00 GMT",
        "Sat, 31 Jan 2026 07:00:00 EST", "31 Jan 26 12:00 UT",
        "Saturday, 31-Jan-26 12:00:00 UTC", "Sat Jan 31 12:00:00 2026",
        "Sat Jan 31 13:00:00 CET 2026", "Jan 31, 2026 12:00:00 PM", "Jan 31 2026 12:00:00", "31-Jan-2026 12:00:00 UTC",
        "Saturday, January 31, 2026 12:00:00 PM", "1/31/26, 12:00:00 PM", "1769860800.", "Sat 2026-01-31 13:00:00 CET",
        "2026-01-31T12:00Z", "20260131120000", "Jan 31 12:00:00", 1_769_860_800, "1769860800", "1769860800.000999",
    ],
)  # fmt: skip
def test_the_spellings_of_mail_web_servers_and_syslog(value: object) -> None:
    assert instants.read(value, NOW) == NOON


@pytest.mark.parametrize("value", ["2026-01-30T24:00:00Z", "2026-01-30 24:00", "2026-01-31T01:00:00+01:00"])
def test_24_o_clock_is_the_beginning_of_the_next_day(value: str) -> None:
    assert instants.read(value, NOW) == datetime(2026, 1, 31, tzinfo=UTC)


def test_a_day_alone_is_its_beginning() -> None:
    assert instants.read("2026-01-31", NOW) == datetime(2026, 1, 31, tzinfo=UTC)


def test_two_numbers_with_slashes_are_read_where_only_one_may_be_the_month() -> None:
    half = datetime(2026, 2, 3, 12, tzinfo=UTC)

    assert [instants.read(f"{day} 12:00:00", NOW).day for day in ("01/31/2026", "31/01/2026", "02/02/2026")] == [31, 31, 2]
    assert instants.read("02/03/2026 12:00:00 PM", NOW) == half


def test_a_day_without_a_year_is_the_last_such_day() -> None:
    assert instants.read("Dec 31 23:59:59", NOW) == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert instants.read("Feb  3 12:00:00", NOW) == datetime(2026, 2, 3, 12, tzinfo=UTC)
    assert instants.read("Feb  5 12:00:00", NOW) == datetime(2025, 2, 5, 12, tzinfo=UTC)
    assert instants.read("Feb 29 12:00:00", NOW) == datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_a_day_without_a_year_is_no_instant_where_nothing_says_what_today_is() -> None:
    with pytest.raises(ValueError, match="no"):
        instants.read("Jan 31 12:00:00")


def test_a_number_that_a_double_rounds_up_is_cut_by_its_digits() -> None:
    line = '{"ts": 1769860800.999999999, "n": 1}'

    assert instants.read(1769860800.999999999, NOW, instants.exact_numbers(line)) == NOON.replace(microsecond=999_000)


def test_a_leap_second_is_the_end_of_its_minute() -> None:
    assert instants.read("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "yesterday", "", "2026-02-30", "02/03/2026 12:00:00", "13/13/2026 12:00:00", "/Date(-1)/",
        "12:00:00", "2026-W05-6T12:00:00Z", "2026-02-30T12:00:00Z", "2026-01-31T24:00:01Z",
        "2026-01-31T12:00:61Z", "2026-01-31T12:00:00+25:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z", "２０26-01-31T12:00:00Z", "2026-01-31T12:00:00 hello", "2026-01-31T12:00:00 01:00",
        "Xxx 31 12:00:00", -1, 10**20, 10**400, True, None, [], {}, float("nan"), float("inf"), {"seconds": "NaN"},
        {"seconds": [1]}, {"seconds": 1, "nanos": "1e999999"}, {"$date": {"$date": {}}}, "9" * 70, "-1", "1e9", "١٧٦٩٨٦٠٨٠٠",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises((ValueError, OverflowError)):
        instants.read(value, NOW)


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("2026-01-31 12:00:00.123 INFO ready", " INFO ready"),
        ("2026-01-31 12:00:00.123 -12 items", " -12 items"),
        ("Jan 31 12:00:00.123 web-1 app: ready", " web-1 app: ready"),
        ("2026-01-31T12:00:00.123Z{}", "{}"),
    ],
)
def test_a_line_may_begin_with_its_instant(line: str, rest: str) -> None:
    began = instants.leading(line, NOW)

    assert began is not None
    assert (began[0], line[began[1] :]) == (INSTANT, rest)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3))
def test_any_value_is_an_instant_or_is_refused(value: Any) -> None:
    try:
        found = instants.read(value, NOW)
    except (ValueError, OverflowError):
        return
    assert found.microsecond % 1000 == 0
    assert found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - made aware below
def test_an_instant_is_the_same_in_each_unit(instant: datetime) -> None:
    instant = instant.replace(tzinfo=UTC)
    micros = (instant - instants.EPOCH).days * 86_400_000_000 + (instant - instants.EPOCH).seconds * 10**6
    micros += instant.microsecond
    cut = instant.replace(microsecond=instant.microsecond // 1000 * 1000)

    assert instants.read(f"{micros // 10**6}.{micros % 10**6:06d}") == cut
    assert instants.read({"seconds": micros // 10**6, "nanos": micros % 10**6 * 1000}) == cut
    if micros > 10**15:  # before March 1973 a finer unit looks like a coarser one
        assert instants.read(micros) == instants.read(micros * 1000) == instants.read(micros // 1000) == cut
