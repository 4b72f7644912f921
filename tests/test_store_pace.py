"""What a slow store changes: claims last for longer, and fewer are made at once until it is quicker."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from inventory.errors import StorageUnavailable
from inventory.store_pace import MAX_CLAIMS, MAX_SLACK, StorePace

LEASE = timedelta(seconds=30)


class Ticks:
    """Seconds that pass only when a call of the store takes them."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def pace(ticks: Ticks) -> StorePace:
    return StorePace(ticks)


def call(pace: StorePace, ticks: Ticks, seconds: float, *, claims: int = 0, fails: bool = False) -> None:
    with suppress(StorageUnavailable), pace.timed(claims=claims):
        ticks.now += seconds
        if fails:
            raise StorageUnavailable("away")


def test_a_quick_store_changes_nothing(pace: StorePace, ticks: Ticks) -> None:
    call(pace, ticks, 0.5, claims=9)

    assert pace.lease(LEASE) == LEASE
    assert pace.max_claims == MAX_CLAIMS


def test_a_lease_allows_for_three_calls_as_slow_as_the_slowest_of_late(pace: StorePace, ticks: Ticks) -> None:
    call(pace, ticks, 10)
    call(pace, ticks, 6)

    assert pace.lease(LEASE) == LEASE + timedelta(seconds=27)


def test_a_lease_is_never_longer_by_more_than_the_maximum(pace: StorePace, ticks: Ticks) -> None:
    call(pace, ticks, 1_000)

    assert pace.lease(LEASE) == LEASE + MAX_SLACK


def test_a_slow_call_is_forgotten_after_some_quick_ones(pace: StorePace, ticks: Ticks) -> None:
    call(pace, ticks, 20)
    for _ in range(20):
        call(pace, ticks, 0.1)

    assert pace.lease(LEASE) == LEASE


def test_half_as_much_is_claimed_at_once_after_each_call_that_did_not_end_in_time_and_one_at_least(
    pace: StorePace, ticks: Ticks
) -> None:
    call(pace, ticks, 60, claims=40, fails=True)
    assert pace.max_claims == 20

    for _ in range(9):
        call(pace, ticks, 60, claims=pace.max_claims, fails=True)
    assert pace.max_claims == 1


def test_a_store_that_is_away_is_not_taken_for_a_slow_one(pace: StorePace, ticks: Ticks) -> None:
    call(pace, ticks, 0.1, claims=40, fails=True)

    assert pace.max_claims == MAX_CLAIMS


def test_fewer_are_claimed_after_some_that_were_settled_late_and_more_after_as_many_in_time(pace: StorePace) -> None:
    pace.note_settled(40, left=timedelta(0))
    pace.note_settled(20, left=-LEASE)
    assert pace.max_claims == 10

    pace.note_settled(9, left=LEASE)
    assert pace.max_claims == 10

    pace.note_settled(10, left=timedelta(seconds=1))
    assert pace.max_claims == 15

    for _ in range(20):
        pace.note_settled(pace.max_claims, left=LEASE)
    assert pace.max_claims == MAX_CLAIMS
