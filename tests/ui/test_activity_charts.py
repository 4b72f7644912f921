"""What the charts of collections show: points of some hours, and the commonest failures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.ui.activity_charts import PERIODS, charts_of, failures_of_last_day


def activity(*hours: dict[str, int], stored: int = 1) -> dict[str, Any]:
    """The document of hours with these failures."""
    totals: dict[str, int] = {}
    for hour in hours:
        for code, count in hour.items():
            totals[code] = totals.get(code, 0) + count
    every = [
        {"at": f"2026-01-31T{number:02}:00:00.000Z", "stored": stored, "failed": sum(hour.values()), "failures": hour}
        for number, hour in enumerate(hours)
    ]
    return {"hours": every, "totals": {"failures": dict(sorted(totals.items(), key=lambda item: -item[1]))}}


def test_hours_are_put_together_and_the_last_point_has_what_is_left() -> None:
    charts = charts_of(activity({"timeout": 2}, {}, {"timeout": 1}, {"dns_failure": 1}, {}), 2)

    assert charts.collections == [
        ["2026-01-31T00:00:00.000Z", 2, 2],
        ["2026-01-31T02:00:00.000Z", 2, 2],
        ["2026-01-31T04:00:00.000Z", 1, 0],
    ]
    assert charts.codes == ["timeout", "dns_failure"]
    assert [row[1:] for row in charts.failures] == [[2, 0], [1, 1], [0, 0]]


def test_rare_codes_share_a_line() -> None:
    charts = charts_of(activity({f"code{number}": 10 - number for number in range(7)}, {"code6": 1}), 1)

    assert charts.codes == ["code0", "code1", "code2", "code3", "code4", "other"]
    assert [row[1:] for row in charts.failures] == [[10, 9, 8, 7, 6, 5 + 4], [0, 0, 0, 0, 0, 1]]


def test_without_failures_there_are_no_lines_of_them() -> None:
    assert charts_of(activity({}, {}), 1).codes == []


def test_the_last_day_is_told_apart_from_the_days_before() -> None:
    hours = [{"timeout": 1}] + [{}] * 22 + [{"timeout": 1}, {"dns_failure": 2}]

    assert list(failures_of_last_day(activity(*hours)).items()) == [("dns_failure", 2), ("timeout", 1)]


@pytest.mark.parametrize(
    ("name", "since"), [("24h", None), ("7d", "2026-01-25T00:00:00.000Z"), ("30d", "2026-01-02T00:00:00.000Z")]
)
def test_longer_periods_are_whole_days_with_today(name: str, since: str | None) -> None:
    assert PERIODS[name].since(datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC)) == since


def test_no_chart_has_more_points_than_a_small_page_can_hold() -> None:
    assert all((period.days or 1) * 24 // period.hours <= 30 for period in PERIODS.values())
