"""A store that settles few outcomes in time: a batch shrinks to what it can take, and grows again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from inventory import wiring
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.records.model import Outcome, State
from inventory.store_pace import FORGOTTEN, StorePace
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing

TIMEOUT = 6.0


class Slow(Replacing):
    """Records of which each takes `takes` seconds to settle, and a call `TIMEOUT` at most; what it claims takes 5 in all."""

    takes = 0.0

    def __init__(self, real: Any, clock: FakeClock) -> None:
        super().__init__(real)
        self._clock = clock
        self.settled: list[int] = []
        self.claimed: list[int] = []
        self.leases: list[timedelta] = []

    def settle(self, outcomes: Sequence[Outcome]) -> Any:
        self._clock.forward(min(TIMEOUT, self.takes * len(outcomes)))
        if self.takes * len(outcomes) > TIMEOUT:
            raise StorageUnavailable("too slow")
        self.settled.append(len(outcomes))
        return self._real.settle(outcomes)

    def claim_due(self, **asked: Any) -> Any:
        self.leases.append(asked["lease_for"])
        claims = self._real.claim_due(**asked)
        self._clock.forward(5 if self.takes else 0)
        self.claimed.append(len(claims))
        return claims


@pytest.fixture
def pace(clock: FakeClock) -> StorePace:
    return StorePace(lambda: clock().timestamp())


@pytest.fixture
def services(make_services: Build, settings: Settings, clock: FakeClock, pace: StorePace) -> wiring.Services:
    store = wiring.open_store(settings)
    return make_services(store=Replacing(store, records=Slow(store.records, clock)), sleep=clock.forward, pace=pace)


@pytest.fixture
def slow(services: wiring.Services) -> Any:
    return services.store.records


def accept(services: wiring.Services, numbers: range) -> list[str]:
    targets = [services.sources["webpage"].target(f"http://example.test/{number}") for number in numbers]
    services.records.accept_all([(target, None) for target in targets], now=services.records.clock())
    return [target.id for target in targets]


def collect(services: wiring.Services) -> int:
    return services.collector.collect_due(slots=40, stopping=lambda: False)


def test_what_is_settled_in_parts_is_collected_once(services: wiring.Services, slow: Slow, web: FakeWeb) -> None:
    accepted = accept(services, range(30))
    slow.takes = 0.5

    assert collect(services) == 30

    assert {services.store.records.find(each).state for each in accepted} == {State.STORED}
    assert set(web.asked.values()) == {1}
    assert max(slow.settled) <= TIMEOUT / slow.takes


def test_no_more_are_claimed_at_once_than_were_settled_in_time(services: wiring.Services, slow: Slow) -> None:
    accept(services, range(20))
    slow.takes = 4.0
    collect(services)
    slow.claimed.clear()
    accept(services, range(20, 40))

    collect(services)

    assert max(slow.claimed) <= 2
    assert set(slow.settled) == {1}


def test_a_store_that_is_quick_again_gets_more_at_once(services: wiring.Services, slow: Slow, pace: StorePace) -> None:
    accept(services, range(20))
    slow.takes = 4.0
    collect(services)
    slow.takes = 0.0
    accept(services, range(20, 100))

    assert collect(services) == 80

    assert pace.max_claims > 10


def test_leases_last_longer_by_what_claiming_took(services: wiring.Services, slow: Slow, settings: Settings) -> None:
    accept(services, range(3))
    slow.takes = 0.1
    collect(services)

    assert slow.leases[0].total_seconds() == settings.lease
    assert slow.leases[-1].total_seconds() == settings.lease + 3 * 5 * FORGOTTEN
