"""Rooms share a number of bytes: never more are held, the first who asks is served first, and nobody waits for ever."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import NoRoom
from inventory.memory_budget import UNLIMITED, MemoryBudget, Room
from tests.end_to_end.stack import wait_until

SIZE = 1_000
SMALL = [130, 131, 132]
"""Each fits beside 600 and not beside 900, which is logged and given back before any of them is served."""
SOON = 60.0
"""Seconds within which what nothing holds up is over, however slow the machine is."""


def taken(budget: MemoryBudget, size: int) -> Room:
    room = budget.room()
    room.take(size)
    return room


def start(room: Room, size: int, log: list[int]) -> threading.Thread:
    """Take bytes in a thread, and note their number then."""

    def take() -> None:
        room.take(size)
        log.append(size)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return thread


def test_what_fits_is_there_at_once_and_what_is_given_back_fits_again() -> None:
    budget = MemoryBudget(SIZE)
    rooms = [taken(budget, 400), taken(budget, 600)]
    rooms[1].keep(100)
    assert taken(budget, 500).held == 500
    rooms[0].keep(500)
    assert rooms[0].held == 400, "no room grows by keeping"


def test_who_asks_for_more_than_there_is_gets_all_of_it() -> None:
    assert taken(MemoryBudget(SIZE), 10 * SIZE).held == SIZE
    assert taken(MemoryBudget(0), 10).held == 0
    assert taken(UNLIMITED, 2**70).held == 2**70


def test_a_room_that_is_dropped_gives_its_bytes_back() -> None:
    budget = MemoryBudget(SIZE)
    for _ in range(3):
        taken(budget, SIZE)


def test_a_room_takes_again_without_waiting_for_what_it_held() -> None:
    room = taken(MemoryBudget(SIZE), SIZE)
    room.take(SIZE)
    assert room.held == SIZE


def test_a_large_one_is_not_overtaken_by_smaller_ones() -> None:
    budget, log = MemoryBudget(SIZE, max_wait=SOON), list[int]()
    first = taken(budget, 600)
    large = start(budget.room(), 900, log)
    wait_until(lambda: len(budget._queue) == 1, "the large one waits")
    small = [start(budget.room(), size, log) for size in SMALL]
    wait_until(lambda: len(budget._queue) == 4, "all wait")
    assert log == []

    first.keep(0)
    for thread in (large, *small):
        thread.join(SOON)
    assert log[0] == 900
    assert sorted(log[1:]) == SMALL


def test_many_threads_hold_no_more_than_there_is_and_all_are_served() -> None:
    budget, lock = MemoryBudget(SIZE, max_wait=SOON), threading.Lock()
    held, most = 0, 0

    def collect(seed: int) -> None:
        nonlocal held, most
        rng = random.Random(seed)
        room = budget.room()
        for _ in range(50):
            size = rng.randint(1, SIZE)
            room.take(size)
            with lock:
                held += size
                most = max(most, held)
            kept = rng.randint(0, size)
            with lock:
                held -= size - kept
            room.keep(kept)
            with lock:
                held -= kept
            room.keep(0)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(collect, range(16)))
    assert 0 < most <= SIZE
    wait_until(lambda: taken(budget, SIZE).held == SIZE, "all is free again", 60)


def test_who_waits_for_too_long_holds_nothing_and_is_in_nobodys_way() -> None:
    budget, log = MemoryBudget(SIZE, max_wait=0.5), list[int]()
    others, room = taken(budget, 600), taken(budget, 300)
    large = threading.Thread(target=_fails, args=(room, 500, log), daemon=True)
    large.start()
    small = budget.room()

    assert budget.wait_for(small, 400, SOON), "at once if it comes first, else when the large one gives up"
    large.join(SOON)
    assert log == [-500]
    assert room.held == 0
    assert others.held == 600


def test_it_waits_so_long_in_all_and_then_takes_only_what_is_there() -> None:
    budget = MemoryBudget(SIZE, max_wait=0.2)
    others, room, log = taken(budget, SIZE), budget.room(), list[int]()
    begun = time.monotonic()
    for _ in range(500):
        _fails(room, 10, log)
    assert 0.2 <= time.monotonic() - begun < SOON, "and not 0.2 s each time"
    assert log == [-10] * 500

    others.keep(0)
    room.take(10)
    assert room.held == 10


def _fails(room: Room, size: int, log: list[int]) -> None:
    with pytest.raises(NoRoom):
        room.take(size)
    log.append(-size)


STEP = st.tuples(st.integers(0, 2 * SIZE), st.integers(0, SIZE), st.sampled_from([0.0, 0.0, 0.002]))
"""How many bytes to take, how many of them to keep for a while, and for how long."""


@settings(max_examples=60)
@given(threads=st.lists(st.lists(STEP, max_size=6), min_size=2, max_size=8), max_wait=st.sampled_from([0.0, 0.001, 0.01]))
def test_nothing_leaks_and_nothing_hangs_whoever_gives_up(
    threads: Sequence[Sequence[tuple[int, int, float]]], max_wait: float
) -> None:
    budget, counting = MemoryBudget(SIZE, max_wait=max_wait), threading.Lock()
    held, most = 0.0, 0.0

    def collect(steps: Sequence[tuple[int, int, float]]) -> None:
        nonlocal held, most
        for size, kept, seconds in steps:
            room = budget.room()
            try:
                room.take(size)
            except NoRoom:
                assert room.held == 0
                continue
            with counting:
                held += room.held
                most = max(most, held)
                held -= room.held
                room.keep(kept)
                held += room.held
            time.sleep(seconds)
            with counting:
                held -= room.held
            room.keep(0)

    with ThreadPoolExecutor(len(threads)) as pool:
        for done in [pool.submit(collect, steps) for steps in threads]:
            done.result(SOON)

    assert most <= SIZE
    assert taken(budget, SIZE).held == SIZE, "all is free again"
    assert not budget._queue
