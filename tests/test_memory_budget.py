"""Rooms share a number of bytes: never more are held, the first who asks is served first, and all are served."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from inventory.memory_budget import UNLIMITED, MemoryBudget, Room
from tests.end_to_end.stack import wait_until

SIZE = 1_000


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
    budget, log = MemoryBudget(SIZE), list[int]()
    first = taken(budget, 600)
    large = start(budget.room(), 900, log)
    time.sleep(0.05)
    rooms = [budget.room() for _ in range(3)]
    small = [start(room, 30 + n, log) for n, room in enumerate(rooms)]
    time.sleep(0.05)
    assert log == []

    first.keep(0)
    for thread in (large, *small):
        thread.join(10)
    assert log[0] == 900
    assert sorted(log[1:]) == [30, 31, 32]


def test_many_threads_hold_no_more_than_there_is_and_all_are_served() -> None:
    budget, lock = MemoryBudget(SIZE), threading.Lock()
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
    wait_until(lambda: taken(budget, SIZE).held == SIZE, "all is free again", 5)
