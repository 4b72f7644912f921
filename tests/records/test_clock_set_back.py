"""A clock that is set back by an hour keeps nobody waiting for that hour, and no pause is longer than the longest."""

from __future__ import annotations

from datetime import datetime

from inventory import wiring
from inventory.clock import truncated
from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.records.model import State
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing

HOUR = 3600
URL = "http://example.test/"


class Ticking(FakeClock):
    """A clock that goes on with each look, and is set back by an hour once, at the look `back_at`."""

    def __init__(self, *, back_at: int) -> None:
        super().__init__(step=0.25)
        self.looks, self.back_at = 0, back_at

    def __call__(self) -> datetime:
        self.looks += 1
        if self.looks == self.back_at:
            self.forward(-HOUR)
        return super().__call__()


def test_a_caller_that_waits_for_an_outcome_is_answered_in_time(make_services: Build) -> None:
    clock = Ticking(back_at=10)
    records = make_services(clock=clock).records
    answer = records.look_up(records.target("webpage", URL))
    clock.looks = 0

    assert not records.wait(answer, 5).ready
    assert clock.looks < 50


def test_what_cannot_be_settled_is_given_up_when_its_lease_is_over(
    make_services: Build, settings: Settings, clock: FakeClock
) -> None:
    store = wiring.open_store(settings)
    tried: list[object] = []
    slept: list[float] = []

    def settle(outcomes: object) -> None:
        tried.append(outcomes)
        raise StorageUnavailable("away")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.forward(seconds - (HOUR if len(slept) == 3 else 0))

    services = make_services(store=Replacing(store, records=Replacing(store.records, settle=settle)), sleep=sleep)
    services.records.look_up(services.records.target("webpage", URL))

    assert services.collector.collect_due(slots=2, stopping=lambda: bool(tried)) == 0
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


def test_a_snapshot_of_an_hour_ahead_is_refreshed_by_a_lookup(services: wiring.Services, clock: FakeClock) -> None:
    records = services.records
    target = records.target("webpage", URL)
    clock.forward(HOUR)
    records.look_up(target)
    services.collector.collect_due(slots=1, stopping=lambda: False)
    clock.forward(-HOUR)

    assert records.look_up(target).stale
    services.collector.collect_due(slots=1, stopping=lambda: False)
    found = records.look_up(target)
    assert (found.stale, found.record.snapshots, found.record.collected_at) == (False, 2, truncated(clock.now))
