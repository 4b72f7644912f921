"""Instants as callers give them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inventory.clock import rfc3339
from inventory.errors import InvalidRequest
from inventory.instants import read_instant

NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-30", "2026-01-30T00:00:00.000Z"),
        ("2026-01-30 06:30", "2026-01-30T06:30:00.000Z"),
        ("2026-01-30t06:30:01z", "2026-01-30T06:30:01.000Z"),
        ("2026-01-30T06:30:01.1239+01:00", "2026-01-30T05:30:01.123Z"),
        ("2026-01-31T12:05:00Z", "2026-01-31T12:05:00.000Z"),
        ("7d", "2026-01-24T12:00:00.123Z"),
        ("12H", "2026-01-31T00:00:00.123Z"),
        ("30m", "2026-01-31T11:30:00.123Z"),
        ("0s", "2026-01-31T12:00:00.123Z"),
        ("2w", "2026-01-17T12:00:00.123Z"),
    ],
)
def test_an_instant_is_rfc_3339_or_a_day_or_so_long_ago(text: str, instant: str) -> None:
    assert rfc3339(read_instant("at", text, NOW)) == instant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((text, "is not an instant. Send") for text in ("", "x", "7", "-7d", "7y", "7d ", "2026-02-30", "9" * 1_000 + "d")),
        *(
            (text, "is not an instant. Send")
            for text in ("999999999w", "7d3h", "\u0667d", "2026-01-30T06:30:01.1+24:00", "today")
        ),
        ("2026-01-31T12:05:01Z", "is in the future"),
        ("9999-12-31T23:59:59.999999999Z", "is in the future"),
    ],
)
def test_another_text_is_an_error_that_names_the_parameter(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said) as raised:
        read_instant("since", text, NOW)

    assert raised.value.errors is not None
    assert list(raised.value.errors) == ["since"]
    assert len(str(raised.value)) < 500
