"""Slots: few at once, some wait, and others are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from inventory.errors import TooManyRequests
from inventory.slots import Slots


def test_those_who_wait_get_a_slot() -> None:
    slots = Slots(2, admitted=20, max_wait=100)
    pair = Barrier(2, timeout=100)

    def work(_: int) -> None:
        with slots.one("Busy."):
            pair.wait()  # passes only if two work at once, and each time with the same two

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert not pair.broken


def test_more_than_may_wait_are_refused_at_once() -> None:
    slots = Slots(1, admitted=1, max_wait=30)

    with slots.one("Busy."), pytest.raises(TooManyRequests), slots.one("Busy."):
        pass
    with slots.one("Busy."):
        pass


def test_a_slot_that_does_not_come_in_time_is_refused_and_leaves_its_place() -> None:
    slots = Slots(1, admitted=2, max_wait=0.01)

    with slots.one("Busy."):
        for _ in range(3):
            with pytest.raises(TooManyRequests), slots.one("Busy."):
                pass
    with slots.one("Busy."):
        pass


def test_a_next_step_waits_for_others_however_long_they_take() -> None:
    slots = Slots(1, admitted=1)
    stepped = Event()

    def step() -> None:
        with slots.next():
            stepped.set()

    with ThreadPoolExecutor(1) as pool:
        with slots.one("Busy."):
            step_taken = pool.submit(step)
            assert not stepped.wait(0.05)
        step_taken.result(60)
    assert stepped.is_set()
