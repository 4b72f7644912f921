"""Of targets that lookups ask for at once, a worker is woken for each that was not accepted before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inventory.records.acceptances import AcceptanceService
from inventory.records.model import Target
from inventory.records.service import RecordService
from inventory.services import Services
from tests.fakes import FakeClock

URL = "http://example.test/"


class Woken:
    """A notifier that remembers for which records a worker was woken."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def wake_worker(self, record_id: str, _description: str) -> bool:
        self.ids.append(record_id)
        return True


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def records(services: Services, clock: FakeClock, woken: Any) -> RecordService:
    kept, day = services.store.records, timedelta(days=1)
    acceptances = AcceptanceService(kept, woken, clock=clock)
    return RecordService(kept, acceptances, services.sources, woken, fresh_for=day, waiting=1, clock=clock)


def targets(*numbers: int) -> list[Target]:
    return [Target("webpage", f"{URL}{number}", "example.test") for number in numbers]


def test_a_worker_is_woken_once_for_each_that_is_accepted(records: RecordService, woken: Woken) -> None:
    promises = records.promise_all(targets(1, 2, 1, 3))

    assert sorted(promises) == sorted(woken.ids) == sorted(target.id for target in targets(1, 2, 3))


def test_no_worker_is_woken_for_what_was_accepted_before(records: RecordService, woken: Woken) -> None:
    records.promise_all(targets(1))
    records.promise_all(targets(1, 2))

    assert woken.ids == [target.id for target in targets(1, 2)]


def test_a_worker_is_woken_for_what_is_stale_and_its_snapshot_is_no_promise(
    services: Services, records: RecordService, woken: Woken, clock: FakeClock
) -> None:
    records.promise_all(targets(1))
    services.collector.collect_due(slots=1, stopping=lambda: False)
    assert not records.promise_all(targets(1)), "it is fresh"
    clock.forward(2 * 86_400)

    assert not records.promise_all(targets(1))
    assert woken.ids == [target.id for target in targets(1, 1)]
