"""What collections state, with the volatility that follows from the ones before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from inventory.observations.model import Observation
from inventory.observations.observing import Tracker, seen_before
from inventory.records.model import Target
from tests.fakes import content

TARGET = Target("webpage", "https://example.com/", "example.com")


def at(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def collected(value: str) -> dict[str, object]:
    return content(TARGET.key, headers=[{"name": "X-Build", "value": value}])


def builds(tracker: Tracker, values: Sequence[str]) -> list[tuple[str, bool]]:
    """What is observed of a header in collections with these values."""
    shown = [tracker.observed(TARGET, collected(value)) for value in values]
    return [(value, volatile) for each in shown for field, value, volatile in each if field == "header.x-build"]


def intervals(values: Sequence[str]) -> list[Observation]:
    """The observations of a header with these values, collected day by day."""
    observations: list[Observation] = []
    first = 0
    for number, value in enumerate(values):
        last = number + 1 == len(values)
        if last or values[number + 1] != value:
            ends = {} if last else {"last_seen": at(number), "gone": at(number + 1)}
            observations.append(
                Observation(field="header.x-build", value=value, volatile="{" in value, first_seen=at(first), **ends)
            )
            first = number + 1
    return observations


CASES = {
    "changed three times": (["1", "2", "3", "4", "5"], ["1", "2", "3", "{number}", "{number}"]),
    "changed twice": (["1", "2", "3", "3"], ["1", "2", "3", "3"]),
    "stayed in between": (["1", "2", "2", "3", "4"], ["1", "2", "2", "3", "4"]),
    "words that stay": (["v1 a", "v2 a", "v3 a", "v4 a"], ["v1 a", "v2 a", "v3 a", None]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_field_that_changed_in_each_of_the_last_three_collections_is_volatile(name: str) -> None:
    values, wanted = CASES[name]

    observed = builds(Tracker(), values)

    for (value, volatile), each in zip(observed, wanted, strict=True):
        assert each is None or value == each
        assert volatile == (each is None or "{" in each)


@pytest.mark.parametrize("name", CASES)
def test_the_same_follows_from_the_observations_that_are_kept(name: str) -> None:
    values, _ = CASES[name]
    all_at_once = builds(Tracker(), values)

    one_by_one: list[tuple[str, bool]] = []
    for number, value in enumerate(values):
        kept = intervals([shown for shown, _ in one_by_one])
        tracker = Tracker(seen_before(kept, at(number - 1)) if kept else None)
        one_by_one += builds(tracker, [value])

    assert one_by_one == all_at_once


@pytest.mark.parametrize("away", [1, 2, 3, 6])
@pytest.mark.parametrize(("before", "after"), [("{number}", "{number}"), ("{text}", "{text}")])
def test_a_volatile_field_stays_so_while_it_is_not_shown(away: int, before: str, after: str) -> None:
    gone = Observation(field="header.x-build", value=before, volatile=True, first_seen=at(0), last_seen=at(1), gone=at(2))
    others = [
        Observation(field="title", value=str(n), volatile=False, first_seen=at(n), last_seen=at(n), gone=at(n + 1))
        for n in range(2 + away)
    ]

    tracker = Tracker(seen_before([gone, *others], at(1 + away)))

    assert builds(tracker, ["8"]) == [(after, True)]


def test_size_and_time_are_statements_like_others() -> None:
    statements = Tracker().observed(TARGET, collected("1"))

    assert {each.field: each.value for each in statements if each.field in ("body.size", "elapsed_ms")} == {
        "body.size": "5",
        "elapsed_ms": "1.5",
    }
