"""Collecting what is due: many at once, slow ones beside quick ones, suspects alone, and a stop that settles the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from inventory.rate_limits.calls import Calls
from inventory.records.model import Content
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb

URL = "http://example.test/"


def accept(services: Services, count: int) -> list[str]:
    targets = [services.sources["webpage"].target(f"{URL}{n}") for n in range(count)]
    for target in targets:
        services.acceptances.collect_soon(target)
    return [target.id for target in targets]


def test_it_collects_all_that_is_due_and_each_once(services: Services, web: FakeWeb) -> None:
    accept(services, 100)

    assert services.collector.collect_due(slots=7, stopping=lambda: False) == 100
    assert set(web.asked.values()) == {1}


def test_two_workers_share_the_work(services: Services, web: FakeWeb) -> None:
    accept(services, 60)
    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(services.collector.collect_due, slots=4, stopping=lambda: False) for _ in range(2)]

    assert sum(collecting.result() for collecting in workers) == 60
    assert set(web.asked.values()) == {1}


class SlowWeb(FakeWeb):
    """A web whose page /0 is held until the gate opens; all others answer at once."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        if key != f"{URL}0":
            with self._lock:
                self.asked[key] += 1
            return Collected({}, b"")
        return super().collect(key)


class TestBesideASlowUpstream:
    @pytest.fixture
    def web(self) -> FakeWeb:
        return SlowWeb()

    def test_the_others_are_settled_while_it_is_waited_for(self, services: Services, web: FakeWeb) -> None:
        ids = accept(services, 50)
        web.open.clear()
        with ThreadPoolExecutor(1) as pool:
            collecting = pool.submit(services.collector.collect_due, slots=4, stopping=lambda: False)
            while any(services.store.records.find(record_id).snapshots == 0 for record_id in ids[1:]):
                assert not collecting.done()
            web.open.set()

        assert collecting.result() == 50


def test_a_stop_claims_no_more_and_settles_what_is_in_flight(services: Services, web: FakeWeb) -> None:
    accept(services, 20)
    web.open.clear()
    stop = False
    with ThreadPoolExecutor(1) as pool:
        collecting = pool.submit(services.collector.collect_due, slots=4, stopping=lambda: stop)
        while sum(web.asked.values()) < 4:
            assert not collecting.done()
        stop = True
        web.open.set()

    assert collecting.result() == 4
    assert sum(web.asked.values()) == 4


def test_an_expired_claim_is_collected_with_nothing_beside_it(services: Services, web: FakeWeb, clock: FakeClock) -> None:
    ids = accept(services, 10)
    services.store.records.claim(ids[3], now=clock(), lease_for=timedelta(seconds=1))
    clock.forward(2)
    web.open.clear()
    with ThreadPoolExecutor(1) as pool:
        collecting = pool.submit(services.collector.collect_due, slots=4, stopping=lambda: False)
        while not web.asked:
            assert not collecting.done()
        assert list(web.asked) == [f"{URL}3"]
        web.open.set()

    assert collecting.result() == 10


def test_the_named_record_is_collected_even_before_an_expired_claim(
    services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    ids = accept(services, 10)
    services.store.records.claim(ids[3], now=clock(), lease_for=timedelta(seconds=1))
    clock.forward(2)

    assert services.collector.collect_due(slots=4, stopping=lambda: False, first=ids[7]) == 10
    assert list(web.asked)[:2] == [f"{URL}7", f"{URL}3"]


def test_a_named_record_comes_first_also_if_its_claim_has_expired(
    services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    ids = accept(services, 10)
    for n in (3, 7):
        services.store.records.claim(ids[n], now=clock(), lease_for=timedelta(seconds=1))
    clock.forward(2)

    assert services.collector.collect_due(slots=4, stopping=lambda: False, first=ids[7]) == 10
    assert list(web.asked)[:2] == [f"{URL}7", f"{URL}3"]


@pytest.mark.parametrize("state", ["collected", "unknown"])
def test_a_named_record_that_is_not_due_lets_no_other_come_before_an_expired_claim(
    services: Services, web: FakeWeb, clock: FakeClock, state: str
) -> None:
    ids = accept(services, 10)
    services.store.records.claim(ids[3], now=clock(), lease_for=timedelta(seconds=1))
    if state == "collected":
        outcome = services.collector.collect(services.collector.claim(ids[7]))
        services.collector.settler.settle([outcome])
        web.asked.clear()
    clock.forward(2)

    services.collector.collect_due(slots=4, stopping=lambda: False, first=ids[7] if state == "collected" else "0" * 32)
    assert next(iter(web.asked)) == f"{URL}3"


def test_a_worker_that_was_overtaken_throws_its_result_away(services: Services, clock: FakeClock) -> None:
    [record_id] = accept(services, 1)
    slow = services.collector.claim(record_id)
    clock.forward(services.settings.lease + 1)
    quick = services.collector.claim(record_id)
    assert slow is not None
    assert quick is not None

    outcomes = [services.collector.collect(claim) for claim in (slow, quick)]

    assert services.collector.settler.settle(outcomes) == [False, True]
    assert services.store.records.find(record_id).snapshots == 1


def accept_for_a_job(services: Services, count: int) -> list[str]:
    targets = [services.sources["webpage"].target(f"{URL}job/{n}") for n in range(count)]
    services.store.records.accept_all([(target, None) for target in targets], now=services.records.clock())
    return [target.key for target in targets]


def test_a_lookups_target_is_collected_while_slow_upstreams_of_jobs_hold_all_other_slots(
    services: Services, web: FakeWeb
) -> None:
    slow = accept_for_a_job(services, 50)
    web.open.clear()
    with ThreadPoolExecutor(1) as pool:
        collecting = pool.submit(services.collector.collect_due, slots=10, stopping=lambda: False)
        while sum(web.asked.values()) < 8:
            assert not collecting.done()
        accept(services, 1)
        while f"{URL}0" not in web.asked:
            assert not collecting.done()
        assert sum(web.asked[key] for key in slow) == 8
        web.open.set()

    assert collecting.result() == 51


def test_it_goes_on_as_long_as_more_is_expected(services: Services, web: FakeWeb) -> None:
    batches = [3, 5]
    asked = []

    def more(seconds: float) -> bool:
        asked.append(seconds)
        if seconds and batches:
            accept_for_a_job(services, batches.pop())
            return True
        return bool(batches)

    assert services.collector.collect_due(slots=10, stopping=lambda: False, more=more) == 5
    assert batches == []
    assert sum(web.asked.values()) == 5, "the first three are among the five"


def test_it_does_not_wait_for_more_when_told_to_stop(services: Services) -> None:
    assert services.collector.collect_due(slots=10, stopping=lambda: True, more=lambda seconds: True) == 0
