"""The scheduler rings for what is due and ends what has no attempt left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import fakeredis
import pytest

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.history.model import Lookup, LookupOutcome
from inventory.queue import FEW
from inventory.records.model import State
from inventory.store.forms import to_millis
from inventory.wiring import Services, build
from tests.end_to_end.stack import wait_until
from tests.fakes import FakeWeb
from workers import scheduler


@pytest.fixture
def services(settings: Settings, web: FakeWeb, redis: fakeredis.FakeRedis) -> Services:
    return build(settings, redis=redis, sources=[web])


def accept(services: Services, count: int) -> list[str]:
    targets = [services.sources["webpage"].target(f"http://h.test/{n}") for n in range(count)]
    for target in targets:
        services.store.records.accept(target, now=utc_now(), seen=None)
    return [target.id for target in targets]


def bells(redis: fakeredis.FakeRedis) -> int:
    return redis.llen("rq:queue:collect")


def test_it_rings_for_what_is_due(services: Services, redis: fakeredis.FakeRedis) -> None:
    accept(services, 3)

    assert scheduler.round_(services) == 3
    assert bells(redis) == 3


def test_it_rings_a_few_bells_however_much_is_due(services: Services, redis: fakeredis.FakeRedis) -> None:
    accept(services, 100)
    for _ in range(3):
        scheduler.round_(services)

    assert bells(redis) == FEW


def test_it_is_silent_when_nothing_is_due(services: Services, redis: fakeredis.FakeRedis) -> None:
    [record_id] = accept(services, 1)
    services.store.records.claim(record_id, now=utc_now(), lease_for=timedelta(seconds=30))

    assert scheduler.round_(services) == 0
    assert bells(redis) == 0


def test_an_abandoned_claim_is_rung_for_and_collected_again(services: Services, web: FakeWeb) -> None:
    [record_id] = accept(services, 1)
    services.store.records.claim(record_id, now=utc_now() - timedelta(seconds=60), lease_for=timedelta(seconds=30))

    assert scheduler.round_(services) == 1
    assert services.collector.drain(places=4, stopping=lambda: False) == 1
    record = services.store.records.find(record_id)
    assert record is not None
    assert (record.state, record.attempt, record.fence) == (State.STORED, 2, 2)


def test_a_target_whose_workers_all_died_ends_as_failed(services: Services) -> None:
    [record_id] = accept(services, 1)
    for n in range(services.settings.max_attempts):
        an_hour_ago = utc_now() - timedelta(minutes=60 - n)
        assert services.store.records.claim(record_id, now=an_hour_ago, lease_for=timedelta(seconds=30))

    assert scheduler.round_(services) == 0

    record = services.store.records.find(record_id)
    assert record is not None
    assert record.failure is not None
    assert (record.state, record.failure.code, record.failure.attempts) == (State.FAILED, "timeout", 4)


def test_it_removes_snapshots_beyond_those_to_be_kept(settings: Settings, web: FakeWeb, redis: fakeredis.FakeRedis) -> None:
    services = build(replace(settings, keep_snapshots=2, fresh_for=0), redis=redis, sources=[web])
    [record_id] = accept(services, 1)
    for _ in range(4):
        services.collector.drain(places=1, stopping=lambda: False)
        services.records.collect_soon(services.sources["webpage"].target("http://h.test/0"))

    scheduler.retain(services, scheduler.Sweep())

    assert len(services.store.snapshots.listing(record_id, limit=10, after=None)) == 2


def test_it_forgets_old_lookups_a_bounded_number_in_each_round(
    settings: Settings, web: FakeWeb, redis: fakeredis.FakeRedis
) -> None:
    services = build(replace(settings, keep_history_for=3_600), redis=redis, sources=[web])
    now, most = utc_now(), scheduler.RETIRED
    with services.store.history._connections.writing() as connection:  # one by one it would take a minute
        rows = ((f"{n:032x}", "weather", b"zurich", "hit", to_millis(now - timedelta(hours=2))) for n in range(most + 1))
        connection.executemany("INSERT INTO history (id, source, key, outcome, at) VALUES (?, ?, ?, ?, ?)", rows)
    services.store.history.add(Lookup("f" * 32, "weather", "bern", LookupOutcome.HIT, now - timedelta(minutes=59)))

    left = []
    for _ in range(3):
        scheduler.retain(services, scheduler.Sweep())
        left.append([lookup.key for lookup in services.store.history.listing(None, limit=9, after=None)])

    assert left == [["bern", "zurich"], ["bern"], ["bern"]]


def test_it_stops_when_told_and_works_until_then(services: Services, redis: fakeredis.FakeRedis) -> None:
    stopping, pulses = Event(), []
    running = Thread(
        target=scheduler.run, args=(services, stopping), kwargs={"pulse": lambda: pulses.append(1), "interval": 0.01}
    )
    running.start()
    accept(services, 1)
    wait_until(lambda: bells(redis), "a bell is rung")

    stopping.set()
    running.join(10)

    assert not running.is_alive()
    assert pulses
