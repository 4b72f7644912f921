"""Which hours two instants mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inventory.activity.service import period
from inventory.clock import rfc3339
from inventory.errors import InvalidRequest

NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
ON_THE_HOUR = NOW.replace(microsecond=0)


def hours(since: str | None, until: str | None, now: datetime = NOW) -> tuple[str, str, int]:
    """The first hour's beginning and the last one's end without seconds, and how many hours there are."""
    found = period(since, until, now)
    return rfc3339(found.since)[:16], rfc3339(found.until)[:16], len(found.hours())


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ("2026-01-30T13:00", "2026-01-31T13:00", 24)),
        ("0s", None, ("2026-01-31T12:00", "2026-01-31T13:00", 1)),
        ("1h", None, ("2026-01-31T11:00", "2026-01-31T13:00", 2)),
        ("7d", None, ("2026-01-24T12:00", "2026-01-31T13:00", 7 * 24 + 1)),
        ("31d", None, ("2025-12-31T12:00", "2026-01-31T13:00", 31 * 24 + 1)),
        ("2026-01-30", "2026-01-31", ("2026-01-30T00:00", "2026-01-31T00:00", 24)),
        ("2026-01-30T10:59:59.999Z", "2026-01-30T11:00:00Z", ("2026-01-30T10:00", "2026-01-30T11:00", 1)),
        ("2026-01-30T10:00:00Z", "2026-01-30T11:00:00.001Z", ("2026-01-30T10:00", "2026-01-30T12:00", 2)),
        ("2026-01-30T10:30:00+05:30", "2026-01-30T06:00:00Z", ("2026-01-30T05:00", "2026-01-30T06:00", 1)),
        (None, "2026-01-30", ("2026-01-29T00:00", "2026-01-30T00:00", 24)),
        (None, "2026-01-30T10:30:00Z", ("2026-01-29T11:00", "2026-01-30T11:00", 24)),
        (None, "0001-01-01T02:00:00Z", ("0001-01-01T00:00", "0001-01-01T02:00", 2)),
    ],
)
def test_each_hour_that_has_a_part_between_the_two_is_meant(
    since: str | None, until: str | None, expected: tuple[str, str, int]
) -> None:
    assert hours(since, until) == expected


def test_the_hour_that_has_just_begun_is_meant_too() -> None:
    assert hours(None, None, ON_THE_HOUR) == ("2026-01-30T13:00", "2026-01-31T13:00", 24)
    assert hours("0s", None, ON_THE_HOUR) == ("2026-01-31T12:00", "2026-01-31T13:00", 1)
    assert hours("1h", None, ON_THE_HOUR - timedelta(milliseconds=1)) == ("2026-01-31T10:00", "2026-01-31T12:00", 2)


@pytest.mark.parametrize(
    ("since", "until", "name"),
    [
        ("yesterday", None, "since"),
        (None, "tomorrow", "until"),
        ("2026-02-01", None, "since"),
        (None, "2026-02-01", "until"),
        ("2026-01-31", "2026-01-30", "since"),
        ("2026-01-30", "2026-01-30", "since"),
        ("32d", None, "since"),
        ("2025-12-30", "2026-01-30T00:00:00.001Z", "since"),
        ("0001-01-01", None, "since"),
        ("999999999d", None, "since"),
    ],
)
def test_what_means_no_hours_or_too_many_is_refused(since: str | None, until: str | None, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        period(since, until, NOW)

    assert refused.value.errors is not None
    assert list(refused.value.errors) == [name]
