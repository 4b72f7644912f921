"""A worker stays a moment after its last collection, no longer, and not once it is to stop."""

from __future__ import annotations

from threading import Event

import pytest

from workers.lingering import LINGER_SECONDS, LOOK_EVERY, Lingering

LOOKS = round(LINGER_SECONDS / LOOK_EVERY)


class Time:
    """Passes by `LOOK_EVERY` with each look at it."""

    now = 1_000.0

    def __call__(self) -> float:
        self.now += LOOK_EVERY
        return self.now


@pytest.fixture
def stopping() -> Event:
    return Event()


def looks(lingering: Lingering) -> int:
    """How often it looks again until it expects no more."""
    count = 0
    while lingering.more(0.2):
        count += 1
    return count


def test_it_stays_for_a_moment_after_a_collection(stopping: Event) -> None:
    lingering = Lingering(lambda _seconds: False, stopping, ticks=Time())
    assert looks(lingering) == 0

    assert not lingering.more(0)  # a collection is in flight
    assert LOOKS - 2 <= looks(lingering) <= LOOKS
    assert looks(lingering) == 0


def test_it_stays_as_long_as_the_batches_of_jobs_expect_more(stopping: Event) -> None:
    expected = [True, True, False]
    lingering = Lingering(lambda _seconds: expected.pop(0), stopping, ticks=Time())

    assert looks(lingering) == 2


def test_it_does_not_stay_when_it_is_to_stop(stopping: Event) -> None:
    lingering = Lingering(lambda _seconds: False, stopping, ticks=Time())
    lingering.more(0)
    stopping.set()

    assert looks(lingering) == 0
