"""The scheduler wakes workers for what is due and ends what has no attempt left."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import sleep

import fakeredis
import pytest
import rq

from inventory import wiring
from inventory.access.audit import AuditFilter
from inventory.access.model import AuditEntry
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.events.model import Event as LogEvent
from inventory.events.model import EventFilter
from inventory.history.model import Lookup, LookupOutcome
from inventory.notifier import MAX_WAITING
from inventory.records.model import State
from inventory.services import Services
from inventory.store.codecs import to_millis
from tests.conftest import Build
from tests.end_to_end.stack import wait_until
from tests.fakes import FakeWeb, Replacing
from workers import scheduler


@pytest.fixture
def services(make_services: Build) -> Services:
    return make_services(clock=utc_now)


def accept(services: Services, count: int) -> list[str]:
    targets = [services.sources["webpage"].target(f"http://h.test/{n}") for n in range(count)]
    for target in targets:
        services.store.records.accept(target, now=utc_now(), seen=None)
    return [target.id for target in targets]


def waiting(redis: fakeredis.FakeRedis) -> int:
    return redis.llen("rq:queue:collect")


def test_it_wakes_workers_for_what_is_due(services: Services, redis: fakeredis.FakeRedis) -> None:
    accept(services, 3)

    assert scheduler.round_(services) == 3
    assert waiting(redis) == 3


def test_it_enqueues_a_few_rq_jobs_however_much_is_due(services: Services, redis: fakeredis.FakeRedis) -> None:
    accept(services, 100)
    for _ in range(3):
        scheduler.round_(services)

    assert waiting(redis) == MAX_WAITING


def test_it_enqueues_one_for_each_of_many_workers(services: Services, redis: fakeredis.FakeRedis) -> None:
    accept(services, 100)
    redis.sadd(rq.Worker.redis_workers_keys, *(f"rq:worker:{n}" for n in range(3 * MAX_WAITING)))

    assert scheduler.round_(services) == waiting(redis) == 3 * MAX_WAITING


def test_a_record_that_cannot_be_read_keeps_no_other_from_being_collected(
    services: Services, settings: Settings, redis: fakeredis.FakeRedis
) -> None:
    damaged, _ = accept(services, 2)
    with closing(sqlite3.connect(settings.data_dir / "inventory.sqlite3")) as connection:
        connection.execute("UPDATE records SET accepted_at = ? WHERE id = ?", (2**62, damaged))
        connection.commit()

    assert scheduler.round_(services) == 2
    assert waiting(redis) == 2


def test_it_wakes_nobody_when_nothing_is_due(services: Services, redis: fakeredis.FakeRedis) -> None:
    [record_id] = accept(services, 1)
    services.store.records.claim(record_id, now=utc_now(), lease_for=timedelta(seconds=30))

    assert scheduler.round_(services) == 0
    assert waiting(redis) == 0


def test_workers_are_woken_for_an_expired_claim_and_collect_it_again(services: Services, web: FakeWeb) -> None:
    [record_id] = accept(services, 1)
    services.store.records.claim(record_id, now=utc_now() - timedelta(seconds=60), lease_for=timedelta(seconds=30))

    assert scheduler.round_(services) == 1
    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 1
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


def test_the_index_of_captures_takes_up_records_of_an_older_version(services: Services, settings: Settings) -> None:
    accept(services, 2)
    with closing(sqlite3.connect(settings.data_dir / "inventory.sqlite3")) as connection, connection:
        connection.execute("UPDATE records SET urlkey = NULL")
    listed = partial(services.store.captures.records, ("!", ""), ("~", ""), limit=9, backwards=False)
    assert listed() == []

    scheduler.round_(services)

    assert [each.urlkey for each in listed()] == ["test,h)/0", "test,h)/1"]


def test_it_removes_snapshots_beyond_those_to_be_kept(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, keep_snapshots=2, fresh_for=0), clock=utc_now)
    [record_id] = accept(services, 1)
    for _ in range(4):
        services.collector.collect_due(slots=1, stopping=lambda: False)
        services.acceptances.collect_soon(services.sources["webpage"].target("http://h.test/0"))

    scheduler.retain(services, scheduler.Sweep())

    assert len(services.store.snapshots.listing(record_id, limit=10, after=None)) == 2


def test_it_forgets_log_events_some_time_after_they_were_imported(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, keep_events_for=0), clock=utc_now)
    keeping = make_services(settings, clock=utc_now)
    old = LogEvent("a" * 32, 1, utc_now() - timedelta(days=1_000), "info", "s", "m", {})
    keeping.store.events.add([old])

    scheduler.retain(keeping, scheduler.Sweep())
    assert keeping.store.events.listing(EventFilter(), limit=9, after=None) == [old], "however old it is itself"

    sleep(0.002)  # an instant is kept in milliseconds
    scheduler.retain(services, scheduler.Sweep())
    assert services.store.events.listing(EventFilter(), limit=9, after=None) == []


def test_it_forgets_old_lookups_a_bounded_number_in_each_round(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, keep_history_for=3_600), clock=utc_now)
    now, most = utc_now(), scheduler.MAX_RETIRED
    with services.store.history._connections.writing() as connection:  # one by one it would take a minute
        rows = ((f"{n:032x}", "weather", b"zurich", "hit", to_millis(now - timedelta(hours=2))) for n in range(most + 1))
        connection.executemany("INSERT INTO history (id, source, key, outcome, at) VALUES (?, ?, ?, ?, ?)", rows)
    services.store.history.add(Lookup("f" * 32, "weather", "bern", LookupOutcome.HIT, now - timedelta(minutes=59)))

    left = []
    for _ in range(3):
        scheduler.retain(services, scheduler.Sweep())
        left.append([lookup.key for lookup in services.store.history.listing(None, limit=9, after=None)])

    assert left == [["bern", "zurich"], ["bern"], ["bern"]]


def test_it_removes_old_entries_of_the_audit_a_bounded_number_in_each_round(
    make_services: Build, settings: Settings
) -> None:
    services = make_services(replace(settings, keep_audit_for=3_600), clock=utc_now)
    now, most = utc_now(), scheduler.MAX_RETIRED
    entry = AuditEntry(
        id="f" * 32,
        at=now - timedelta(minutes=59),
        action="history.delete",
        target="",
        outcome="done",
        request_id="r",
        address="",
    )
    old = [replace(entry, id=f"{n:032x}", at=now - timedelta(hours=2)) for n in range(most + 1)]
    services.store.audit.add([*old, entry])

    left = []
    for _ in range(3):
        scheduler.retain(services, scheduler.Sweep())
        found = services.audit.listing(AuditFilter(), limit=9, after=None)
        left.append([each.at for each in found])

    assert left == [[entry.at, old[0].at], [entry.at], [entry.at]]


def test_it_forgets_hours_that_are_too_old_a_bounded_number_in_each_round_and_looks_once_an_hour(
    services: Services,
) -> None:
    begin, most = utc_now() - scheduler.KEEP_ACTIVITY_FOR, scheduler.MAX_RETIRED
    hours = [begin - timedelta(hours=n) for n in range(1, most + 2)] + [begin + timedelta(hours=1)]
    with services.store.activity._connections.writing() as connection:  # one by one it would take a minute
        connection.executemany(
            "INSERT INTO activity (at, source, code, count) VALUES (?, 'webpage', '', 1)",
            [(to_millis(each),) for each in hours],
        )

    def left() -> int:
        return len(services.store.activity.counts(since=min(hours), until=utc_now(), source=None))

    sweep, counts = scheduler.Sweep(), []
    for _ in range(2):
        scheduler.retain(services, sweep)
        counts.append(left())
    assert counts == [2, 1]
    assert sweep.activity_at is not None
    assert sweep.activity_at - utc_now() > timedelta(minutes=59)


def broken(*_: object, **__: object) -> None:
    raise ValueError("an internal fault")


@pytest.mark.parametrize(
    ("part", "name", "where"),
    [
        ("records", "fail_spent", "fail_spent"),
        ("jobs", "complete", "complete_jobs"),
        ("records", "due", "wake_for_records"),
        ("jobs", "due", "wake_for_jobs"),
        ("snapshots", "retire", "retire_snapshots"),
        ("snapshots", "sweep", "sweep_snapshots"),
        ("bodies", "sweep", "sweep_bodies"),
        ("history", "retire", "retire_lookups"),
        ("audit", "prune", "prune_audit"),
        ("activity", "retire", "retire_activity"),
        ("jobs", "retire", "retire_jobs"),
        ("jobs", "existing", "sweep_files"),
    ],
)
def test_a_fault_of_ours_in_one_step_keeps_no_other_from_being_done(
    make_services: Build, settings: Settings, redis: fakeredis.FakeRedis, part: str, name: str, where: str
) -> None:
    store = wiring.open_store(settings)
    faulty = Replacing(store, **{part: Replacing(getattr(store, part), **{name: broken})})
    services = make_services(replace(settings, keep_snapshots=1), store=faulty, clock=utc_now)
    accept(services, 1)
    lookup = Lookup("f" * 32, "weather", "bern", LookupOutcome.HIT, utc_now() - timedelta(days=9_999))
    store.history.add(lookup)
    stopping = Event()
    running = Thread(target=scheduler.run, args=(services, stopping), kwargs={"interval": 0.01})
    running.start()

    wait_until(lambda: services.notifier.faults().get((where, ""), 0) >= 2, "two rounds")
    assert running.is_alive()
    stopping.set()
    running.join(120)

    assert set(services.notifier.faults()) == {(where, "")}
    assert bool(waiting(redis)) == (where != "wake_for_records")
    assert bool(store.history.listing(None, limit=9, after=None)) == (where == "retire_lookups")


def test_a_file_store_that_is_away_keeps_no_lookup_from_being_forgotten(
    make_services: Build, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "in-the-way").touch()
    services = make_services(replace(settings, files_url=f"file://{tmp_path}/in-the-way/files"), clock=utc_now)
    services.store.history.add(Lookup("f" * 32, "weather", "bern", LookupOutcome.HIT, utc_now() - timedelta(days=9_999)))

    with pytest.raises(StorageUnavailable):
        scheduler.retain(services, scheduler.Sweep())

    assert services.store.history.listing(None, limit=9, after=None) == []


def test_it_stops_when_told_and_works_until_then(services: Services, redis: fakeredis.FakeRedis) -> None:
    stopping = Event()
    running = Thread(target=scheduler.run, args=(services, stopping), kwargs={"interval": 0.01})
    running.start()
    accept(services, 1)
    wait_until(lambda: waiting(redis), "a worker is woken")

    stopping.set()
    running.join(120)

    assert not running.is_alive()
    assert (services.settings.data_dir / "scheduler.heartbeat").exists()
    assert (services.settings.data_dir / "scheduler.pulse").exists()  # health checks of earlier versions look at it
