"""Collections in flight: every outcome is handed over once, broken ones are logged, and threads end with the block."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inventory.errors import StorageUnavailable
from inventory.records.in_flight import GATHER_SECONDS, InFlight
from inventory.records.model import Outcome, Postponed, Record, State, Target

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
CLAIM = Record(
    target=Target("webpage", "http://one.test/", "one.test"),
    state=State.RUNNING,
    accepted_at=NOW,
    requested_at=NOW,
    due_at=NOW,
    attempt=1,
    fence=1,
)
BULK = replace(CLAIM, bulk=True)


def collected(claim: Record) -> Outcome:
    return Postponed(claim, NOW, None)


def collected_after(gate: threading.Event) -> Outcome:
    assert gate.wait(60)
    return collected(CLAIM)


@pytest.fixture
def in_flight() -> Iterator[InFlight]:
    with InFlight(40) as in_flight:
        yield in_flight


def all_of(in_flight: InFlight) -> list[Outcome]:
    outcomes = list[Outcome]()
    while in_flight:
        outcomes += in_flight.wait()
    return outcomes


def test_each_outcome_is_handed_over_once(in_flight: InFlight) -> None:
    claims = [replace(CLAIM, fence=number) for number in range(200)]
    for claim in claims:
        in_flight.start(collected, claim)

    assert sorted(outcome.claim.fence for outcome in all_of(in_flight)) == list(range(200))
    assert (len(in_flight), in_flight.done()) == (0, [])


def test_slots_are_free_again_when_their_outcomes_are_taken(in_flight: InFlight) -> None:
    for _ in range(35):
        in_flight.start(collected, BULK)
    assert in_flight.room() == (5, False)

    all_of(in_flight)
    assert in_flight.room() == (32, True)


def test_what_breaks_frees_its_slot_and_leaves_the_others(in_flight: InFlight, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(claim: Record) -> Outcome:
        raise StorageUnavailable("The store is away.")

    in_flight.start(broken, CLAIM)
    in_flight.start(collected, BULK)

    assert [outcome.claim for outcome in all_of(in_flight)] == [BULK]
    assert "collection_broke" in capsys.readouterr().out


def test_a_slow_collection_keeps_no_other_waiting_for_longer_than_outcomes_are_gathered(in_flight: InFlight) -> None:
    gate = threading.Event()
    in_flight.start(lambda _claim: collected_after(gate), CLAIM)
    in_flight.start(collected, BULK)

    outcomes = list[Outcome]()
    while not outcomes:
        began = time.monotonic()
        outcomes = list(in_flight.wait())
    assert time.monotonic() - began >= GATHER_SECONDS
    assert [outcome.claim for outcome in outcomes] == [BULK], "the gate is closed"
    assert in_flight.done() == []
    gate.set()
    assert [outcome.claim for outcome in all_of(in_flight)] == [CLAIM]


def test_its_threads_end_with_the_block() -> None:
    before = set(threading.enumerate())
    with InFlight(8) as in_flight:
        for _ in range(8):
            in_flight.start(collected, CLAIM)

    assert set(threading.enumerate()) <= before
