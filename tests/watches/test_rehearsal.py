"""What a watch would have told of the last days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from inventory.errors import InvalidRequest, SourceFailure
from inventory.observations.model import Everything, FoundTarget
from inventory.records.source import Collected
from inventory.services import Services
from inventory.watches import rehearsal
from inventory.watches.model import On, Watch
from inventory.watches.parsing import parsed
from inventory.watches.rehearsal import Rehearser, message_count
from inventory.watches.settings import WatchSettings
from tests.fakes import FakeClock, FakeWeb, content
from tests.ui.statements import noted
from tests.watches.histories import BEGIN, watch

URL = "http://shop.test/{}"
DAY = 86_400


class Past:
    """Collects pages, one day after the other, before there is a watch."""

    def __init__(self, services: Services, web: FakeWeb, clock: FakeClock) -> None:
        self.services, self._web, self._clock = services, web, clock

    def collect(self, number: int, value: str | None) -> None:
        """Collect a page that shows this value, or that fails, and let a day pass."""
        url = URL.format(number)
        seen = Collected(content(url, headers=[{"name": "X-Mode", "value": value}]), b"")
        self._web.pages[url] = SourceFailure("dns_failure", "No name.", permanent=True) if value is None else seen
        self.services.acceptances.collect_soon(self.services.records.target("webpage", url))
        self.services.collector.collect_due(slots=1, stopping=lambda: False)
        self._clock.forward(DAY)

    def watch(self, *on: On, **settings: object) -> Watch:
        chosen = WatchSettings(name="w", query="host:shop.test", on=on or (On.CHANGES,))
        return self.services.watches.create(replace(chosen, **settings)).watch  # type: ignore[arg-type]


@pytest.fixture
def past(services: Services, web: FakeWeb, clock: FakeClock) -> Past:
    return Past(services, web, clock)


def test_changes_of_before_the_watch_are_told(past: Past) -> None:
    for value in ("on", "on", "off", "off"):
        past.collect(1, value)

    found = past.services.watches.test(past.watch().id, days=7)

    [group] = found.groups
    assert (found.complete, found.targets, found.findings, found.messages, found.omitted) == (True, 1, 1, 1, 0)
    assert (group.field, group.old, group.new) == ("header.x-mode", ["on"], ["off"])
    assert found.keys == {group.samples[0].record_id: URL.format(1)}


def test_only_the_days_that_are_asked_for_are_told(past: Past) -> None:
    for value in ("on", "off", "off", "off", "on"):
        past.collect(1, value)
    watch = past.watch()

    assert past.services.watches.test(watch.id, days=9).findings == 2
    assert past.services.watches.test(watch.id, days=2).findings == 1


def test_targets_that_match_no_more_are_looked_at(past: Past) -> None:
    for value in ("on", "on", "on", "off", "off"):
        past.collect(1, value)
    watch = past.watch(On.LEAVES, query="header.x-mode:on")

    found = past.services.watches.test(watch.id, days=4)

    assert [each.on for each in found.groups] == [On.LEAVES]


def test_failures_and_their_ends_are_told(past: Past) -> None:
    for value in ("on", None, None, "on", "on"):
        past.collect(1, value)
    watch = past.watch(On.FAILS, On.RECOVERS)

    found = past.services.watches.test(watch.id, days=9)

    assert {each.on for each in found.groups} == {On.FAILS, On.RECOVERS}


def test_what_flaps_is_told_only_where_it_persists(past: Past) -> None:
    for value in ("on", "on", "on", "off", "on", "on", "on", "new", "new", "new"):
        past.collect(1, value)

    found = past.services.watches.test(past.watch(persist=3).id, days=30)

    assert [each.new for each in found.groups] == [["new"]]


def test_nothing_is_kept_and_nothing_is_sent(past: Past) -> None:
    for value in ("on", "off"):
        past.collect(1, value)
    watch = past.watch()

    past.services.watches.test(watch.id, days=7)

    assert past.services.watches.find(watch.id) == watch
    assert past.services.store.messages.claim(now=BEGIN + timedelta(days=999), lease_for=timedelta(1)) is None


@pytest.mark.parametrize("days", [0, 91])
def test_it_looks_back_for_some_days_only(past: Past, days: int) -> None:
    watch = past.watch()

    with pytest.raises(InvalidRequest):
        past.services.watches.test(watch.id, days=days)


def test_it_ends_after_some_seconds_and_says_so(past: Past, clock: FakeClock) -> None:
    for number in range(rehearsal.AT_ONCE + 5):
        past.collect(number, "on")
    made = past.watch()
    seconds = count(0.0, rehearsal.LOOK_FOR / 1.5)
    rehearser = Rehearser(
        past.services.store.observations,
        past.services.records,
        past.services.snapshots,
        clock=clock,
        ticks=lambda: next(seconds),
    )

    found = rehearser.rehearse(parsed(made), days=7)

    assert (found.complete, found.targets) == (False, rehearsal.AT_ONCE)


def test_it_looks_at_so_many_targets_at_most(past: Past, clock: FakeClock) -> None:
    past.collect(1, "on")
    made = past.watch()
    observed = past.services.store.observations
    asked: list[int] = []

    class Endless:
        intervals, shown = observed.intervals, observed.shown

        def search(self, condition: Everything, *, at: object, limit: int, after: object) -> list[object]:
            asked.append(limit)
            number = len(asked) * 1_000
            return [FoundTarget(f"{number + each:032x}", BEGIN) for each in range(limit)]

    rehearser = Rehearser(Endless(), past.services.records, past.services.snapshots, clock=clock)  # type: ignore[arg-type]

    assert not rehearser.rehearse(parsed(made), days=7).complete
    assert len(asked) <= rehearsal.MAX_TARGETS / rehearsal.AT_ONCE + 1


def test_the_store_is_asked_as_often_for_many_targets_as_for_few(past: Past, clock: FakeClock) -> None:
    made, asked = past.watch(), []
    for number in range(1, 31):
        for value in ("on", "off"):
            past.collect(number, value)
        if number in (2, 30):
            with noted() as statements:
                assert past.services.watches.test(made.id, days=90).targets == number
            asked.append(len(statements))

    assert asked[0] == asked[1]


def test_a_query_is_tried_in_a_slot_for_searches(past: Past, clock: FakeClock) -> None:
    steps: list[str] = []

    @contextmanager
    def slot() -> Iterator[None]:
        steps.append("begin")
        yield
        steps.append("end")

    class Searched:
        def search(self, *_: object, **__: object) -> None:
            steps.append("search")

    rehearser = Rehearser(Searched(), past.services.records, past.services.snapshots, clock=clock, slot=slot)  # type: ignore[arg-type]

    rehearser.try_query(watch())

    assert steps == ["begin", "search", "end"]


def test_messages_are_counted_as_they_would_have_been_sent() -> None:
    one = watch(cooldown=300).watch
    at = [BEGIN + timedelta(seconds=each) for each in (0, 5, 9, 11, 200, 330, 4_000)]

    assert message_count(one, []) == 0
    assert message_count(one, at[:3]) == 1
    assert message_count(one, at) == 4
