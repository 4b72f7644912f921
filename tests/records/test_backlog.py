"""Claims ahead of the slots: none is lost, none waits for long, lookups come first, and outcomes are settled together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory import wiring
from inventory.config import Settings
from inventory.memory_budget import MemoryBudget
from inventory.rate_limits.calls import Calls
from inventory.records.backlog import MAX_AHEAD, MAX_WAIT, MIN_OUTCOMES, Backlog, may_wait
from inventory.records.model import Content, Outcome, Postponed, Record, Snapshot, State, Stored, Target
from inventory.records.source import Collected
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeWeb, Replacing

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
URL = "http://example.test/"


def claim(number: int, *, bulk: bool = True) -> Record:
    target = Target("webpage", f"{URL}{number}", "example.test")
    return Record(target, State.RUNNING, NOW, NOW, NOW, attempt=1, fence=1, lease=f"{number:032x}", bulk=bulk)


def stored(claim: Record) -> Stored:
    assert claim.lease is not None
    return Stored(claim, Snapshot(claim.lease, claim.id, NOW, {}, None), None)


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_claims_wait_in_order_and_those_of_lookups_come_first() -> None:
    backlog, jobs, lookup = Backlog(), [claim(n) for n in range(3)], claim(9, bulk=False)
    backlog.add(jobs)
    backlog.add([lookup])

    assert list(backlog.take(5, bulk=False)) == [lookup]
    assert [*backlog.take(2, bulk=True), *backlog.take(2, bulk=True)] == jobs
    assert not backlog


def test_claims_are_handed_back_when_they_wait_for_too_long_or_the_worker_stops() -> None:
    ticks = Ticks()
    backlog = Backlog(ticks)
    backlog.add([claim(1)])
    assert list(backlog.drop(stopping=False)) == []
    ticks.now = MAX_WAIT + 0.01

    assert [list(backlog.drop(stopping=False)), len(backlog)] == [[claim(1)], 0]
    backlog.add([claim(2)])
    assert list(backlog.drop(stopping=True)) == [claim(2)]


def test_claims_are_taken_ahead_only_while_many_of_jobs_come_quickly() -> None:
    many = [stored(claim(n)) for n in range(MIN_OUTCOMES)]
    deferred, lookup = Postponed(claim(1), NOW, None, counted=False), stored(claim(1, bulk=False))
    ticks = Ticks()
    backlog = Backlog(ticks)

    def ahead(settled: Sequence[Outcome]) -> int:
        backlog.note(settled)
        return backlog.ahead

    assert ahead(many) == MAX_AHEAD
    assert [ahead(many[1:]), ahead([*many, deferred]), ahead([*many, lookup])] == [0, 0, 0]
    ticks.now = MAX_WAIT + 0.01
    assert ahead(many) == 0


def test_outcomes_wait_unless_a_lookup_waits_or_they_take_memory() -> None:
    one, room = stored(claim(1)), MemoryBudget(9).room()

    assert may_wait([one, one])
    assert not may_wait([one, stored(claim(2, bulk=False))])
    assert not may_wait([one, replace(one, room=room)])


class Groups(Replacing):
    """Records whose settlements are counted."""

    sizes: Sequence[int] = ()

    def settle(self, outcomes: Sequence[Outcome]) -> Any:
        self.sizes = [*self.sizes, len(outcomes)]
        return self._real.settle(outcomes)


def accept(services: Services, count: int) -> list[str]:
    targets = [services.sources["webpage"].target(f"{URL}{n}") for n in range(count)]
    services.store.records.accept_all([(target, None) for target in targets], now=services.records.clock())
    return [target.id for target in targets]


def states(services: Services, ids: Sequence[str]) -> dict[State, int]:
    found = [record.state for record in services.store.records.find_all(ids).values()]
    return {state: found.count(state) for state in set(found)}


class TestTogether:
    @pytest.fixture
    def services(self, make_services: Build, settings: Settings) -> Services:
        store = wiring.open_store(settings)
        return make_services(store=Replacing(store, records=Groups(store.records)))

    def test_quick_pages_of_jobs_are_settled_in_large_groups_and_each_once(self, services: Services, web: FakeWeb) -> None:
        ids = accept(services, 1_000)

        assert services.collector.collect_due(slots=40, stopping=lambda: False) == 1_000
        assert set(web.asked.values()) == {1}
        assert states(services, ids) == {State.STORED: 1_000}
        assert max(services.store.records.sizes) > 40  # type: ignore[attr-defined]


class CountingWeb(FakeWeb):
    """A web that counts its pages."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        with self._lock:
            self.asked[key] += 1
        return Collected({}, b"")


class TestStopping:
    @pytest.fixture
    def web(self) -> FakeWeb:
        return CountingWeb()

    def test_what_waits_is_due_again_at_once_and_no_attempt_is_counted(self, services: Services, web: FakeWeb) -> None:
        ids = accept(services, 600)

        settled = services.collector.collect_due(slots=40, stopping=lambda: len(web.asked) >= 300)

        found = states(services, ids)
        assert set(found) == {State.STORED, State.PENDING}
        assert found[State.STORED] == settled == len(web.asked)
        again = [record for record in services.store.records.find_all(ids).values() if record.state is State.PENDING]
        assert {record.attempt for record in again} == {0}
        assert services.collector.collect_due(slots=40, stopping=lambda: False) == len(again)
