"""A store that is away for a moment: what was fetched is kept and settled while the lease lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from inventory import wiring
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.records.model import Acceptance, Outcome, State
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing

URL = "http://example.test/"


class Away(Replacing):
    """Records whose next `settles` and `claims` find the store away."""

    settles = claims = 0

    def settle(self, outcomes: Sequence[Outcome]) -> Any:
        if self.settles > 0:
            self.settles -= 1
            raise StorageUnavailable("away")
        return self._real.settle(outcomes)

    def claim_due(self, **asked: Any) -> Any:
        if self.claims > 0:
            self.claims -= 1
            raise StorageUnavailable("away")
        return self._real.claim_due(**asked)


@pytest.fixture
def services(make_services: Build, settings: Settings, clock: FakeClock) -> wiring.Services:
    store = wiring.open_store(settings)
    return make_services(store=Replacing(store, records=Away(store.records)), sleep=clock.forward)


@pytest.fixture
def away(services: wiring.Services) -> Any:
    return services.store.records


def accept(services: wiring.Services) -> Acceptance:
    target = services.sources["webpage"].target(URL)
    return services.store.records.accept(target, now=services.records.clock(), seen=None)


def test_what_was_fetched_is_settled_when_the_store_is_back(services: wiring.Services, away: Away, web: FakeWeb) -> None:
    record = accept(services).record
    away.settles = 20

    assert services.collector.collect_due(slots=2, stopping=lambda: False) == 1

    assert services.store.records.find(record.id).state is State.STORED
    assert web.asked[URL] == 1


def test_after_its_lease_it_is_thrown_away_and_collected_again(
    services: wiring.Services, away: Away, web: FakeWeb, clock: FakeClock
) -> None:
    record = accept(services).record
    away.settles = 10_000

    assert services.collector.collect_due(slots=2, stopping=lambda: False) == 0

    kept = services.store.records.find(record.id)
    assert kept.due_at <= clock(), "tried until the lease was over"
    assert away.settles > 9_900, "and no longer"
    away.settles = 0
    assert services.collector.collect_due(slots=2, stopping=lambda: False) == 1
    assert web.asked[URL] == 2


def test_a_store_that_is_away_for_claims_is_no_end_for_what_is_in_flight(
    services: wiring.Services, away: Away, web: FakeWeb
) -> None:
    accept(services)
    web.open.clear()
    asked = []

    def stopping() -> bool:
        asked.append(1)
        if len(asked) == 3:  # the claim is in flight, and slots are free
            away.claims = 1
            web.open.set()
        return False

    assert services.collector.collect_due(slots=2, stopping=stopping) == 1


def test_collecting_from_a_store_that_is_away_says_so(services: wiring.Services, away: Away) -> None:
    away.claims = 1

    with pytest.raises(StorageUnavailable):
        services.collector.collect_due(slots=2, stopping=lambda: False)


def test_an_inline_collection_does_not_hold_its_caller_for_long(
    services: wiring.Services, away: Away, clock: FakeClock
) -> None:
    away.settles = 10_000
    started = clock()

    with pytest.raises(StorageUnavailable):
        services.inline.collect(services.sources["webpage"].target(URL))

    assert (clock() - started).total_seconds() < 5
