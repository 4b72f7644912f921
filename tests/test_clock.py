"""Instants in HTTP's spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from werkzeug.http import http_date as slowly

from inventory.clock import EPOCH, http_date

INSTANTS = [
    EPOCH,
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
    *(EPOCH + timedelta(days=31 * n, seconds=3_601 * n) for n in range(900)),
]


def test_a_date_is_spelled_as_the_standard_library_does() -> None:
    assert list(map(http_date, INSTANTS)) == list(map(slowly, INSTANTS))
