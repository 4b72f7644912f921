"""A clock that is set back by an hour keeps nobody waiting for that hour, and no pause is longer than the longest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import fakeredis

from inventory import wiring
from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.records.model import State
from tests.fakes import FakeClock, FakeWeb

HOUR = 3600
URL = "http://example.test/"


class Ticking(FakeClock):
    """A clock that goes on with each look, and is set back by an hour once, at the look `back_at`."""

    def __init__(self, *, back_at: int) -> None:
        super().__init__()
        self.looks, self.back_at = 0, back_at

    def __call__(self) -> datetime:
        self.looks += 1
        self.forward(0.25 - (HOUR if self.looks == self.back_at else 0))
        return super().__call__()


class NoSettling:
    """A store that is away whenever something is to be settled; `tried` counts."""

    def __init__(self, store: Any) -> None:
        self._store, self.tried = store, 0

    @property
    def records(self) -> NoSettling:
        return self

    def settle(self, outcomes: Any) -> Any:
        self.tried += 1
        raise StorageUnavailable("away")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store if hasattr(self._store, name) else self._store.records, name)


def test_a_caller_that_waits_for_an_outcome_is_answered_in_time(
    settings: Settings, web: FakeWeb, redis: fakeredis.FakeRedis
) -> None:
    clock = Ticking(back_at=10)
    records = wiring.build(settings, sources=[web], redis=redis, clock=clock).records
    answer = records.look_up(records.target("webpage", URL))
    clock.looks = 0

    assert not records.wait(answer, 5).ready
    assert clock.looks < 50


def test_what_cannot_be_settled_is_given_up_when_its_lease_is_over(
    settings: Settings, web: FakeWeb, redis: fakeredis.FakeRedis, clock: FakeClock
) -> None:
    store: Any = NoSettling(wiring.open_store(settings))
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.forward(seconds - (HOUR if len(slept) == 3 else 0))

    services = wiring.build(settings, store=store, sources=[web], redis=redis, clock=clock, sleep=sleep)
    services.records.look_up(services.records.target("webpage", URL))

    assert services.collector.collect_due(slots=2, stopping=lambda: store.tried > 0) == 0
    assert sum(slept) <= settings.lease + 1


def test_a_failure_of_an_hour_ahead_does_not_keep_a_lookup_from_trying(
    services: wiring.Services, web: FakeWeb, clock: FakeClock
) -> None:
    records = services.records
    target = records.target("webpage", URL)
    clock.forward(HOUR)
    web.pages = {URL: SourceFailure("dns_failure", "It has no address.", permanent=True)}
    records.look_up(target)
    services.collector.collect_due(slots=1, stopping=lambda: False)
    clock.forward(-HOUR)

    assert records.look_up(target).record.state is State.PENDING
