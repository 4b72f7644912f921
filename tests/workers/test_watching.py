"""Watches, from outcomes to deliveries, in rounds of the scheduler on both stores."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import fakeredis
import orjson
import pytest

from inventory.changes.parameters import ChangeParameters
from inventory.clock import rfc3339
from inventory.config import Settings
from inventory.errors import QueryTooBroad, SourceFailure
from inventory.observations.model import And, Everything, Has
from inventory.records.model import Failure, State, Target
from inventory.records.source import Collected
from inventory.services import Services
from inventory.watches.due_times import next_due
from inventory.watches.model import GATHER, Destination, Message, On, Schedule, SinkKind, Watch
from inventory.watches.parsing import ParsedWatch
from inventory.watches.rounds.collecting import is_wanted
from inventory.watches.settings import WatchSettings
from inventory.webhooks.model import DeliveryState
from tests.conftest import Build
from tests.contract.backends import MockBackend, SqliteBackend
from tests.fakes import FakeClock, FakeWeb, content
from workers import scheduler
from workers.watching import BackgroundWatching

HOST = "shop.test"
FILE = Destination(SinkKind.FILE, "changes")


class Fleet:
    """Some pages of a host that watches look at, on a store of the test's own, with a clock that the test moves."""

    def __init__(self, services: Services, web: FakeWeb, clock: FakeClock) -> None:
        self.services, self.web, self.clock = services, web, clock

    def urls(self, count: int) -> list[str]:
        return [f"http://{HOST}/{number}" for number in range(count)]

    def show(self, url: str, *values: str) -> None:
        """Let a page show these values of a header."""
        self.web.pages[url] = Collected(content(url, headers=[{"name": "X-Mode", "value": each} for each in values]), b"")

    def collect(self, *urls: str) -> None:
        """Collect pages a minute later."""
        self.clock.forward(60)
        for url in urls:
            self.services.acceptances.collect_soon(self.services.records.target("webpage", url))
        self.work()

    def work(self) -> int:
        """Collect what is due."""
        return self.services.collector.collect_due(slots=1, stopping=lambda: False)

    def pass_by(self, seconds: int) -> None:
        """Let time pass, with rounds and work every ten minutes."""
        for _ in range(seconds // 600):
            self.clock.forward(600)
            self.rounds(1)
            self.work()

    def rounds(self, count: int = 2) -> None:
        """Rounds of the scheduler, as one that runs on."""
        watching = BackgroundWatching(self.services)
        for _ in range(count):
            scheduler.round_(self.services, watching=watching)

    def watch(self, query: str = f"host:{HOST}", *on: On, **settings: object) -> Watch:
        chosen = WatchSettings(name=str(settings.pop("name", "w")), query=query, on=on or (On.CHANGES,))
        return self.services.watches.create(replace(chosen, **settings)).watch

    def messages(self, watch: Watch) -> list[Message]:
        """What it told, once what it found has been gathered and no cooldown holds it back."""
        self.rounds()
        self.clock.forward(GATHER.total_seconds() + watch.cooldown)
        self.rounds()
        found = self.services.watches.messages(watch.id, limit=99, after=None)
        return [self.services.watches.message(watch.id, each.number) for each in reversed(found)]

    def schedules(self) -> list[Schedule]:
        return list(self.services.store.schedules.due(now=self.clock.now + timedelta(days=400), limit=999))


@pytest.fixture(params=["sqlite", "mongomock"])
def fleet(request: pytest.FixtureRequest, make_services: Build, web: FakeWeb, clock: FakeClock, tmp_path: Path) -> Fleet:
    backend = SqliteBackend(tmp_path / "i.sqlite3") if request.param == "sqlite" else MockBackend(clock=clock)
    return Fleet(make_services(store=backend.open()), web, clock)


def test_equal_changes_of_many_targets_are_one_message(fleet: Fleet) -> None:
    urls = fleet.urls(5)
    for each in urls:
        fleet.show(each, "on")
    watch = fleet.watch(destinations=[FILE])
    fleet.collect(*urls)
    for each in urls:
        fleet.show(each, "off")
    fleet.collect(*urls)

    [message] = fleet.messages(watch)

    [group] = message.groups
    assert (message.number, message.findings, message.targets) == (1, 5, 5)
    assert (group.field, group.old, group.new, group.count) == ("header.x-mode", ("on",), ("off",), 5)
    payload = orjson.loads(message.payload)["data"]
    assert payload["watch"]["name"] == "w"
    assert {each["url"] for each in payload["groups"][0]["samples"]} <= set(urls)
    assert payload["link"] == f"http://127.0.0.1:8000/api/v1/watches/{watch.id}/messages/1"
    assert fleet.messages(watch) == [message]


def test_a_message_is_owed_to_each_destination(fleet: Fleet, redis: fakeredis.FakeRedis) -> None:
    [url] = fleet.urls(1)
    watch = fleet.watch(destinations=[FILE, Destination(SinkKind.FILE, "others")])
    for value in ("on", "off"):
        fleet.show(url, value)
        fleet.collect(url)

    [message] = fleet.messages(watch)

    deliveries = fleet.services.watches.deliveries(message)
    assert {(each.kind, each.address, each.state) for each in deliveries} == {
        ("file", "changes", DeliveryState.PENDING),
        ("file", "others", DeliveryState.PENDING),
    }


def test_what_comes_in_the_cooldown_is_in_the_next_message(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    watch = fleet.watch(cooldown=3_600)
    for value in ("on", "off", "half"):
        fleet.show(url, value)
        fleet.collect(url)
        fleet.rounds()
        fleet.clock.forward(GATHER.total_seconds())
        fleet.rounds()

    first = fleet.services.watches.messages(watch.id, limit=9, after=None)
    assert [each.findings for each in first] == [1]
    assert [each.findings for each in fleet.messages(watch)] == [1, 1]


def test_a_watch_is_told_of_nothing_from_before_it(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    for value in ("on", "off"):
        fleet.show(url, value)
        fleet.collect(url)
    watch = fleet.watch()

    assert fleet.messages(watch) == []


def test_a_failure_and_its_end_are_told(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    fleet.collect(url)
    watch = fleet.watch(f"host:{HOST}", On.FAILS, On.RECOVERS)
    fleet.web.pages[url] = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    fleet.collect(url)
    del fleet.web.pages[url]
    fleet.clock.forward(3_600)
    fleet.collect(url)

    found = [group.on for message in fleet.messages(watch) for group in message.groups]

    assert sorted(found) == [On.FAILS, On.RECOVERS]


def test_labels_that_are_given_let_a_target_enter(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    fleet.collect(url)
    watch = fleet.watch("tag:prod", On.ENTERS, every=3_600)
    fleet.rounds()
    assert fleet.schedules() == []

    fleet.clock.forward(60)
    fleet.services.search.tag(fleet.services.records.target("webpage", url), ["prod"])

    [message] = fleet.messages(watch)
    assert [each.on for each in message.groups] == [On.ENTERS]
    assert [each.watch_id for each in fleet.schedules()] == [watch.id]


def test_the_targets_of_a_new_watch_are_collected_once_in_each_period(fleet: Fleet) -> None:
    urls = fleet.urls(7)
    fleet.collect(*urls)
    watch = fleet.watch(every=3_600)
    fleet.rounds()
    assert fleet.services.watches.find(watch.id).enrolled
    assert fleet.services.watches.scheduled([watch]) == {watch.id: 7}
    fleet.pass_by(7_200)
    before = dict(fleet.web.asked)

    fleet.pass_by(3 * 3_600)

    assert {url: fleet.web.asked[url] - before[url] for url in urls} == dict.fromkeys(urls, 3)


def test_what_another_watch_collected_within_half_a_period_is_not_collected_again(fleet: Fleet) -> None:
    now = fleet.clock.now
    [record] = fleet.services.records.find_all([fleet.services.acceptances.collect_soon(target(fleet)).record.id]).values()
    due = next_due(record.id, 3_600, after=now)
    schedule = Schedule("w", record.id, due, 1)

    def wanted(seconds_ago: float, schedule: Schedule = schedule, *, failed: bool = False) -> bool:
        at = due - timedelta(seconds=seconds_ago)
        failure = Failure("timeout", "", permanent=False, attempts=1, at=at, retry_at=at)
        seen = replace(record, state=State.FAILED, failure=failure) if failed else replace(record, state=State.STORED)
        return is_wanted(schedule, seen if failed else replace(seen, collected_at=at), 3_600, due)

    assert not is_wanted(schedule, record, 3_600, due)  # it is pending
    assert [wanted(each) for each in (1, 1_799, 1_801)] == [False, False, True]
    assert [wanted(each, failed=True) for each in (1_799, 1_801)] == [False, True]
    to_confirm = replace(schedule, due_at=due - timedelta(seconds=7))
    assert [wanted(each, to_confirm) for each in (29, 31)] == [False, True]


def target(fleet: Fleet) -> Target:
    return fleet.services.records.target("webpage", fleet.urls(1)[0])


def test_targets_that_are_late_are_collected_once(fleet: Fleet) -> None:
    urls = fleet.urls(3)
    fleet.collect(*urls)
    fleet.watch(every=60)
    fleet.rounds()
    before = dict(fleet.web.asked)

    fleet.clock.forward(36_000)
    fleet.rounds()
    fleet.work()

    assert {url: fleet.web.asked[url] - before[url] for url in urls} == dict.fromkeys(urls, 1)
    assert all(fleet.clock.now < each.due_at <= fleet.clock.now + timedelta(seconds=60) for each in fleet.schedules())


def test_a_target_that_appears_later_is_collected_too(fleet: Fleet) -> None:
    watch = fleet.watch(every=3_600)
    fleet.rounds()
    [url] = fleet.urls(1)
    fleet.collect(url)
    fleet.rounds()

    assert fleet.services.watches.scheduled([watch]) == {watch.id: 1}


def test_more_targets_than_fit_on_a_page_are_enrolled_whatever_is_collected_meanwhile(fleet: Fleet) -> None:
    urls = fleet.urls(9)
    fleet.collect(*urls)
    watch = fleet.watch(every=3_600)
    enroller = fleet.services.watch_work.enroller

    assert enroller.enrol_some(limit=2) == 2
    fleet.collect(urls[0], urls[4])
    while enroller.enrol_some(limit=2):
        continue
    fleet.rounds()

    assert fleet.services.watches.scheduled([watch]) == {watch.id: 9}


def test_targets_are_enrolled_once_all_of_before_the_watch_are_indexed(fleet: Fleet) -> None:
    fleet.collect(*fleet.urls(3))
    fleet.services.store.observations.mark_unindexed(after="", limit=99)
    watch = fleet.watch(every=3_600)

    assert [fleet.services.watch_work.enroller.enrol_some() for _ in range(3)] == [0, 0, 0]
    assert not fleet.services.watches.find(watch.id).enrolled
    fleet.rounds(2)

    assert fleet.services.watches.find(watch.id).enrolled
    assert fleet.services.watches.scheduled([watch]) == {watch.id: 3}


def test_records_that_are_settled_all_the_time_do_not_hold_up_an_enrolment(fleet: Fleet) -> None:
    fleet.collect(*fleet.urls(3))
    watch = fleet.watch(every=3_600)
    observed, ids = fleet.services.store.observations, itertools.count()

    class Busy:
        search = observed.search

        def unindexed(self, **_: object) -> list[str]:
            return [f"{next(ids)}"]

    enroller = replace(fleet.services.watch_work.enroller, observed=Busy())  # type: ignore[arg-type]
    assert [enroller.enrol_some() for _ in range(3)] == [0, 3, 0]
    assert fleet.services.watches.scheduled([watch]) == {watch.id: 3}


@pytest.mark.parametrize("end", ["pause", "delete", "change"])
def test_a_watch_that_is_over_collects_nothing(fleet: Fleet, end: str) -> None:
    urls = fleet.urls(3)
    fleet.collect(*urls)
    watch = fleet.watch(every=60)
    fleet.rounds()
    before = dict(fleet.web.asked)

    if end == "change":
        fleet.services.watches.change(watch.id, lambda settings: replace(settings, every=None))
    else:
        getattr(fleet.services.watches, end)(watch.id)
    fleet.clock.forward(3_600)
    fleet.rounds()
    fleet.work()

    assert dict(fleet.web.asked) == before
    assert fleet.schedules() == []


def test_schedules_of_a_watch_that_is_over_are_removed_before_they_are_due(fleet: Fleet) -> None:
    fleet.collect(*fleet.urls(3))
    watch = fleet.watch(every=31_536_000)
    fleet.rounds()
    assert len(fleet.schedules()) == 3

    fleet.services.watches.delete(watch.id)
    scheduler.retain(fleet.services, scheduler.Sweep())

    assert fleet.schedules() == []


def test_a_watch_that_goes_on_collects_again(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    fleet.collect(url)
    watch = fleet.watch(every=60)
    fleet.services.watches.pause(watch.id)
    fleet.rounds()
    fleet.services.watches.resume(watch.id)
    fleet.rounds()
    asked = fleet.web.asked[url]

    fleet.clock.forward(61)
    fleet.rounds()
    fleet.work()

    assert fleet.web.asked[url] == asked + 1


def test_a_schedule_of_a_record_that_was_deleted_goes(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    fleet.collect(url)
    fleet.watch(every=60)
    fleet.rounds()
    fleet.services.records.delete(fleet.services.records.target("webpage", url))

    fleet.clock.forward(61)
    fleet.rounds()

    assert fleet.schedules() == []
    assert fleet.work() == 0


def test_a_change_is_confirmed_soon(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    fleet.show(url, "on")
    fleet.collect(url)
    watch = fleet.watch(every=86_400, persist=2)
    fleet.rounds()
    fleet.show(url, "off")
    fleet.collect(url)
    fleet.rounds()

    fleet.clock.forward(61)
    fleet.rounds()
    assert fleet.work() == 1

    assert [each.findings for each in fleet.messages(watch)] == [1]


def test_a_target_that_cannot_be_looked_at_keeps_no_other_waiting(
    make_services: Build, web: FakeWeb, clock: FakeClock
) -> None:
    fleet = Fleet(make_services(), web, clock)
    urls = fleet.urls(2)
    watch = fleet.watch()
    for value in ("on", "off"):
        for each in urls:
            fleet.show(each, value)
        fleet.collect(*urls)
    observed = fleet.services.store.observations
    broken = fleet.services.records.target("webpage", urls[0]).id

    class Broken:
        def intervals(self, since: dict[str, object]) -> dict[str, object]:
            return {**observed.intervals(since), broken: [None]}  # type: ignore[dict-item]

    work = fleet.services.watch_work
    looker = replace(work.looker, observed=Broken(), ticks=lambda: 0.0)  # type: ignore[arg-type]
    assert looker.look() == 2  # type: ignore[attr-defined]
    assert looker.look() == 0  # type: ignore[attr-defined]

    assert [each.findings for each in fleet.messages(watch)] == [1]
    assert fleet.services.notifier.faults() == {("watch_record", ""): 1}
    fleet.collect(urls[0])  # it is told once the fault is mended, with the next collection
    assert [each.findings for each in fleet.messages(watch)] == [1, 1]


def test_a_watch_that_cannot_look_keeps_no_other_from_it(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    good, bad = fleet.watch(name="good"), fleet.watch(name="bad")
    for value in ("on", "off"):
        fleet.show(url, value)
        fleet.collect(url)
    watches = fleet.services.watch_work.looker.watches

    class OneBroken:
        def parsed(self) -> list[ParsedWatch]:
            return [replace(each, tells=_broken) if each.watch.id == bad.id else each for each in watches.parsed()]

    looker = replace(fleet.services.watch_work.looker, watches=OneBroken())
    assert looker.look() == 1
    assert [each.findings for each in fleet.messages(good)] == [1]
    assert fleet.messages(bad) == []

    fleet.collect(url)
    assert [each.findings for each in fleet.messages(bad)] == [1]
    assert [each.findings for each in fleet.messages(good)] == [1]


def _broken(_name: str) -> bool:
    raise ZeroDivisionError


def test_a_watch_that_cannot_be_enrolled_keeps_no_other_waiting(
    make_services: Build, web: FakeWeb, clock: FakeClock
) -> None:
    fleet = Fleet(make_services(), web, clock)
    fleet.collect(*fleet.urls(5))
    bad, good = fleet.watch("status:200", name="bad", every=3_600), fleet.watch(name="good", every=3_600)
    observed = fleet.services.store.observations
    is_broken = [True]

    class Broken:
        def search(self, condition: Has | And, **others: object) -> object:
            if is_broken and "status" in str(condition):
                raise ZeroDivisionError
            return observed.search(condition, **others)  # type: ignore[arg-type]

        def unindexed(self, *, limit: int) -> object:
            return observed.unindexed(limit=limit)

    enroller = replace(fleet.services.watch_work.enroller, observed=Broken())
    for _ in range(9):
        enroller.enrol_some(limit=2)

    assert fleet.services.watches.scheduled([bad, good]) == {bad.id: 0, good.id: 5}
    assert fleet.services.notifier.faults() == {("enrol_watch", ""): 1}
    is_broken.clear()
    assert enroller.enrol_some() == 0
    clock.forward(600)
    assert enroller.enrol_some() == 5
    assert fleet.services.watches.scheduled([bad]) == {bad.id: 5}


def test_what_happens_during_a_pause_is_not_told_after_it(fleet: Fleet) -> None:
    """Not even what nobody looked at before its end, because another watch was there and the scheduler was late."""
    [url] = fleet.urls(1)
    other, patient = fleet.watch(name="other"), fleet.watch(name="patient", persist=2)
    hasty = fleet.watch(name="hasty")
    for value in ("on", "on"):
        fleet.show(url, value)
        fleet.collect(url)
    for each in (patient, hasty):
        fleet.services.watches.pause(each.id)
    fleet.show(url, "off")
    fleet.collect(url)
    fleet.clock.forward(60)
    for each in (patient, hasty):
        fleet.services.watches.resume(each.id)
    for _ in range(3):
        fleet.collect(url)

    assert [each.findings for each in fleet.messages(other)] == [1]
    assert fleet.messages(hasty) == fleet.messages(patient) == []

    fleet.show(url, "half")
    for _ in range(2):
        fleet.collect(url)
    assert [each.findings for each in fleet.messages(hasty)] == [1]
    assert [each.findings for each in fleet.messages(patient)] == [1]


def test_a_certificate_is_told_when_the_watch_begins_to_look_for_it(fleet: Fleet) -> None:
    [url] = fleet.urls(1)
    ends = fleet.clock.now + timedelta(days=10)
    tls = {"version": "TLSv1.3", "cipher": "x", "not_after": rfc3339(ends)}
    page = content(url)
    page["response"]["tls"] = tls
    fleet.web.pages[url] = Collected(page, b"")
    watch = fleet.watch()
    for _ in range(3):
        fleet.collect(url)
    assert fleet.messages(watch) == []

    for changes in ({"on": [On.CHANGES, On.EXPIRES], "expires_within": 5}, {"expires_within": 30}, {"expires_within": 60}):
        fleet.clock.forward(1)
        fleet.services.watches.change(watch.id, lambda settings, changes=changes: replace(settings, **changes))
        fleet.collect(url)
        fleet.messages(watch)

    [message] = fleet.messages(watch)
    assert [(each.on, each.count) for each in message.groups] == [(On.EXPIRES, 1)]


@pytest.mark.parametrize("header", ["X-Mode", "Content-Security-Policy"])
def test_the_link_of_a_group_leads_to_its_changes(fleet: Fleet, header: str) -> None:
    """Also where a change is told long after it happened, or is one of a part of a value alone."""
    [url] = fleet.urls(1)
    watch = fleet.watch(persist=2, fields=f"header.{header.lower()}")
    nonce = iter("abcdefghij" * 9)

    def collect(value: str) -> None:
        shown = f"script-src {value} 'nonce-{next(nonce) * 22}'" if "-S" in header else value
        fleet.web.pages[url] = Collected(content(url, headers=[{"name": header, "value": shown}]), b"")
        fleet.clock.forward(3_600)
        fleet.collect(url)

    for value in ("on.example", "on.example", "off.example", "off.example"):
        collect(value)

    [message] = fleet.messages(watch)
    [group] = orjson.loads(message.payload)["data"]["groups"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(group["link"]).query).items()}
    field, volatile = asked.pop("field"), asked.pop("volatile", "false") == "true"
    parameters = ChangeParameters(fields=[field], volatile=volatile, **asked)
    found = fleet.services.fleet_changes.groups(parameters, limit=9)
    assert [len(each.group.targets) for each in found.groups].count(1) >= 1


def test_a_query_that_becomes_too_broad_enrols_by_looking_at_each_target(
    make_services: Build, web: FakeWeb, clock: FakeClock
) -> None:
    fleet = Fleet(make_services(), web, clock)
    fleet.collect(*fleet.urls(5), "http://other.test/")
    watch = fleet.watch(every=3_600)
    observed = fleet.services.store.observations

    class Broad:
        shown, unindexed = observed.shown, observed.unindexed

        def search(self, condition: object, **others: object) -> object:
            if not isinstance(condition, Everything):
                raise QueryTooBroad
            return observed.search(condition, **others)  # type: ignore[arg-type]

    enroller = replace(fleet.services.watch_work.enroller, observed=Broad())  # type: ignore[arg-type]
    while enroller.enrol_some(limit=2):  # type: ignore[attr-defined]
        continue

    assert fleet.services.watches.scheduled([watch]) == {watch.id: 5}


def test_old_messages_are_removed(make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock) -> None:
    fleet = Fleet(make_services(), web, clock)
    [url] = fleet.urls(1)
    watch = fleet.watch()
    for value in ("on", "off"):
        fleet.show(url, value)
        fleet.collect(url)
    assert len(fleet.messages(watch)) == 1

    fleet.clock.forward(settings.keep_messages_for - 3_600)
    scheduler.retain(fleet.services, scheduler.Sweep())
    assert len(fleet.services.watches.messages(watch.id, limit=9, after=None)) == 1
    fleet.clock.forward(3_601)
    scheduler.retain(fleet.services, scheduler.Sweep())

    assert fleet.services.watches.messages(watch.id, limit=9, after=None) == []
    assert fleet.services.watches.find(watch.id).messages == 1
