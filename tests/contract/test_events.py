"""Log events: kept once each, listed newest first by any filter, counted by level, service and hour."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from inventory.events.model import MAX_SEARCHED, Event, EventFilter, EventSearch, EventStats
from inventory.listing import Key
from inventory.store import Store
from tests.contract.actions import NOW, after
from tests.contract.backends import SqliteBackend
from tests.contract.event_actions import EVERYTHING, JOB, OTHER, event, listed, plain
from tests.ui.statements import noted

HOUR = timedelta(hours=1)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(microsecond=999_000, tzinfo=UTC)


def newest_first(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda each: (each.timestamp, each.id), reverse=True)


def matches(event: Event, chosen: EventFilter) -> bool:
    """What the filter says, in other words than the stores'."""
    return (
        chosen.job_id in (None, event.job_id)
        and chosen.level in (None, event.level)
        and chosen.service in (None, event.service)
        and (chosen.since is None or event.timestamp >= chosen.since)
        and (chosen.until is None or event.timestamp < chosen.until)
    )


def stats_of(events: list[Event], *, hours: int) -> EventStats:
    """What the statistics of these events are."""
    by_hour: dict[datetime, Counter[str]] = {}
    for each in events:
        hour = each.timestamp.replace(minute=0, second=0, microsecond=0)
        by_hour.setdefault(hour, Counter())[each.level] += 1
    return EventStats(
        total=len(events),
        by_level=Counter(each.level for each in events),
        by_service=Counter(each.service for each in events),
        by_hour={hour: by_hour[hour] for hour in sorted(by_hour, reverse=True)[:hours]},
    )


def some(count: int = 60) -> list[Event]:
    """Events of two jobs, three levels, three services and some hours; several at one instant.

    The first is one of `JOB`: which of two jobs comes first at one instant, the id or the number of it says.
    """
    rng = random.Random(7)
    return [
        event(
            n,
            NOW + rng.randrange(9) * HOUR / 2,
            job_id=rng.choice([JOB, OTHER]) if n else JOB,
            level=rng.choice(["INFO", "WARNING", "ERROR"]),
            service=rng.choice(["api", "worker", "a-100"]),
        )
        for n in range(count)
    ]


def test_events_are_kept_whole(store: Store) -> None:
    odd = 'a\0b "\ud800" \ud83d\ude00 😀 \\ $x.y é'
    events = [
        event(
            3,
            after(3),
            level=odd,
            service=odd,
            message=odd,
            attributes={odd: [odd, 1, 2.5, None, {"$a.b": True}], "": [1e16, -0.0, 5e-324, 0.1 + 0.2]},
        ),
        event(2, after(2), trace_id=odd),
        event(1, after(1), level="", service="", message="", attributes={"n": 2**70}, trace_id=""),
    ]

    store.events.add(events)

    assert listed(store) == events
    assert listed(store, EventFilter(level=odd, service=odd)) == events[:1]
    assert store.events.stats(EVERYTHING, hours=1).by_service == {odd: 1, "api": 1, "": 1}


def test_an_event_that_is_kept_already_changes_nothing(store: Store) -> None:
    store.events.add([event(1), event(2)])

    store.events.add([event(2, after(9), message="again", level="ERROR"), event(3), event(1)])
    store.events.add([event(4), event(4, after(9), level="ERROR")])

    assert listed(store) == [event(n) for n in (4, 3, 2, 1)]
    assert store.events.stats(EVERYTHING, hours=9) == EventStats(
        4, {"INFO": 4}, {"api": 4}, {NOW.replace(minute=0, second=0, microsecond=0): {"INFO": 4}}
    )


def test_plain_events_are_kept_as_others_are(store: Store) -> None:
    odd = {"level": "é", "service": "\u2028😀", "message": "a\0b \\ 'x'"}
    store.events.add_plain(JOB, [plain(n, after(n)) for n in range(1, 121)])
    store.events.add_plain(JOB, [plain(121, FIRST, **odd, attributes='{"é":[1,null]}', trace_id="ab"), plain(122, LAST)])

    others = [event(121, FIRST, **odd, attributes={"é": [1, None]}, trace_id="ab"), event(122, LAST)]
    assert listed(store) == newest_first([*(event(n, after(n)) for n in range(1, 121)), *others])
    assert store.events.stats(EventFilter(level="é", service="\u2028😀"), hours=1).total == 1


def test_a_plain_event_that_is_kept_already_changes_nothing(store: Store) -> None:
    store.events.add([event(2)])
    store.events.add_plain(JOB, [plain(n, message="again") for n in (1, 2)])
    store.events.add_plain(JOB, [plain(n) for n in range(1, 60)])
    store.events.add_plain(OTHER, [plain(1)])
    store.events.add_plain(JOB, [])

    expected = [event(1, job_id=OTHER), event(1, message="again"), *map(event, range(2, 60))]
    assert listed(store) == newest_first(expected)


def test_the_same_line_of_another_job_is_another_event(store: Store) -> None:
    store.events.add([event(1), event(1, job_id=OTHER)])

    assert len(listed(store)) == 2


def test_nothing_is_kept_of_nothing(store: Store) -> None:
    store.events.add([])

    assert listed(store) == []
    assert store.events.stats(EVERYTHING, hours=9) == EventStats(0, {}, {}, {})


def test_thousands_can_be_added_at_once(store: Store) -> None:
    store.events.add([event(n, after(n)) for n in range(1200)])
    store.events.add([event(n, after(n)) for n in range(1100, 1210)])

    assert store.events.stats(EVERYTHING, hours=1).total == 1210
    assert [each.line for each in store.events.listing(EVERYTHING, limit=3, after=None)] == [1209, 1208, 1207]


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61])
def test_events_are_listed_newest_first_in_pages_of_any_size(store: Store, limit: int) -> None:
    events = some()
    store.events.add(events)

    assert listed(store, limit=limit) == newest_first(events)


def test_a_listing_is_stable_while_events_are_added(store: Store) -> None:
    store.events.add([event(n, after(n)) for n in range(10)])
    page = store.events.listing(EVERYTHING, limit=4, after=None)

    store.events.add([event(100, after(100)), event(101, after(6))])

    position = (page[-1].timestamp, page[-1].id)
    rest = store.events.listing(EVERYTHING, limit=100, after=position)
    assert [each.line for each in [*page, *rest]] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], "101 is before the position, by its id"


def test_every_combination_of_filters_lists_and_counts_what_it_says(store: Store) -> None:
    events = some()
    store.events.add(events)
    instants = [None, NOW + HOUR, NOW + 2.5 * HOUR]

    for each in product([None, JOB], [None, "ERROR"], [None, "worker"], instants, instants):
        chosen = EventFilter(*each)
        expected = [event for event in newest_first(events) if matches(event, chosen)]
        assert listed(store, chosen, limit=17) == expected, chosen
        assert store.events.stats(chosen, hours=3) == stats_of(expected, hours=3), chosen


@pytest.mark.parametrize("chosen", [EventFilter(job_id="c" * 32), EventFilter(job_id="no id"), EventFilter(level="info")])
def test_what_nothing_matches_is_nothing(store: Store, chosen: EventFilter) -> None:
    store.events.add(some(9))

    assert listed(store, chosen) == []
    assert store.events.stats(chosen, hours=9) == EventStats(0, {}, {}, {})


def test_since_is_included_and_until_is_not_to_the_microsecond(store: Store) -> None:
    events = [event(n, NOW + timedelta(milliseconds=n)) for n in range(3)]
    store.events.add(events)
    micro = timedelta(microseconds=1)
    at = events[1].timestamp

    def lines(**bounds: datetime) -> list[int]:
        return [each.line for each in listed(store, EventFilter(**bounds))]

    assert lines(since=at) == lines(since=at - micro) == [2, 1]
    assert lines(since=at + micro) == [2]
    assert lines(until=at) == lines(until=at - 999 * micro) == [0]
    assert lines(until=at + micro) == [1, 0]


def test_any_instant_that_there_is_can_be_kept_listed_and_counted(store: Store) -> None:
    instants = [
        FIRST,
        FIRST + timedelta(milliseconds=1),
        datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, 1_000, UTC),
        datetime(9999, 12, 31, 22, 59, 59, 999_000, UTC),
        LAST,
    ]
    events = [event(n, at) for n, at in enumerate(instants)]
    store.events.add(events)

    assert listed(store, limit=2) == events[::-1]
    assert store.events.stats(EVERYTHING, hours=99) == stats_of(events, hours=99)
    assert listed(store, EventFilter(since=FIRST, until=LAST)) == events[:-1][::-1]
    assert listed(store, EventFilter(since=LAST)) == [events[-1]]
    assert listed(store, EventFilter(until=FIRST)) == []


def test_an_instant_is_cut_to_milliseconds(store: Store) -> None:
    store.events.add([event(1, NOW + timedelta(microseconds=999))])

    assert listed(store) == [event(1)]


@pytest.mark.parametrize("name", ["", "-", "no event", f"{JOB}-", f"{JOB}-x", f"{JOB}-{'9' * 30}", "é-²"])
def test_a_place_that_no_event_had_is_a_place_all_the_same(store: Store, name: str) -> None:
    events = [event(n, after(n)) for n in range(3)]
    store.events.add(events)

    found = store.events.listing(EVERYTHING, limit=9, after=(after(1), name))

    assert events[2] not in found
    assert found[-1] == events[0]


def test_the_newest_hours_are_counted(store: Store) -> None:
    start = NOW.replace(minute=0, second=0, microsecond=0)
    store.events.add([event(n, start + n * HOUR / 2, level="ERROR" if n % 2 else "INFO") for n in range(10)])

    stats = store.events.stats(EVERYTHING, hours=2)

    assert dict(stats.by_hour) == {start + n * HOUR: {"INFO": 1, "ERROR": 1} for n in (3, 4)}
    assert list(stats.by_hour) == [start + 4 * HOUR, start + 3 * HOUR], "newest first"
    assert stats.total == 10


def test_attributes_keep_their_order(store: Store) -> None:
    wanted = replace(event(1), attributes={"z": 1, "a": {"y": 1, "b": 2}})
    store.events.add([wanted])

    (kept,) = listed(store)
    assert list(kept.attributes) == ["z", "a"]
    assert list(kept.attributes["a"]) == ["y", "b"]


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def searched(
    store: Store, text: str = "", chosen: EventFilter = EVERYTHING, *, trace_id: str | None = None, limit: int = 3
) -> tuple[list[int], int]:
    """The lines of the events that all pages of a search find, and how many pages there are."""
    lines: list[int] = []
    position: Key | None = None
    for pages in range(1, 1_000):
        found = store.events.search(chosen, EventSearch(limit, text, trace_id), after=position)
        assert len(found.events) <= limit
        lines += [each.line for each in found.events]
        position = found.reached
        if position is None:
            return lines, pages
    raise AssertionError("it does not end")


def test_the_events_of_a_trace_are_found_with_any_other_filter(store: Store) -> None:
    traced = [event(n, after(40 * n), trace_id=TRACE, job_id=JOB if n % 2 else OTHER) for n in range(6)]
    store.events.add([*traced, *(event(n, after(n), trace_id=f"{n:032x}") for n in range(10, 20)), event(20)])

    for limit in (1, 2, 5, 6, 7):
        assert searched(store, trace_id=TRACE, limit=limit)[0] == [5, 4, 3, 2, 1, 0]
    assert searched(store, "LINE 3", trace_id=TRACE)[0] == [3]
    assert searched(store, chosen=EventFilter(job_id=JOB), trace_id=TRACE)[0] == [5, 3, 1]
    assert searched(store, chosen=EventFilter(since=after(80), until=after(200)), trace_id=TRACE)[0] == [4, 3, 2]
    assert searched(store, chosen=EventFilter(since=after(81), until=after(81)), trace_id=TRACE)[0] == []
    assert searched(store, trace_id=f"{15:032x}") == ([15], 1)
    assert searched(store, trace_id="1" * 32) == ([], 1)


def test_the_events_of_a_trace_may_be_of_any_instant(store: Store) -> None:
    instants = [FIRST, *(datetime(1970, 1, 1, tzinfo=UTC) + n * timedelta(seconds=20) for n in range(-9, 9)), LAST]
    store.events.add([event(n, at, trace_id=TRACE) for n, at in enumerate(instants)])

    for limit in (1, 4, 50):
        assert searched(store, trace_id=TRACE, limit=limit)[0] == list(range(len(instants)))[::-1]


def test_events_of_one_instant_and_trace_follow_each_other(store: Store) -> None:
    store.events.add([event(n, trace_id=TRACE, job_id=OTHER if n % 2 else JOB) for n in range(10)])

    assert searched(store, trace_id=TRACE, limit=3)[0] == [9, 7, 5, 3, 1, 8, 6, 4, 2, 0]


def test_a_search_for_a_trace_looks_at_so_many_minutes_a_page(sqlite: SqliteBackend) -> None:
    store = sqlite.open()
    minutes = MAX_SEARCHED + 5
    store.events.add([event(n, after(60 * n), trace_id=TRACE if n == 2 else f"{n + 1:032x}") for n in range(minutes)])

    with noted() as statements:
        first = store.events.search(EVERYTHING, EventSearch(9, trace_id=TRACE), after=None)
    second = store.events.search(EVERYTHING, EventSearch(9, trace_id=TRACE), after=first.reached)

    assert (list(first.events), first.reached) == ([], (after(60 * 5).replace(microsecond=0), ""))
    assert len([each for each in statements if not each.startswith("PRAGMA")]) == 1
    assert ([each.line for each in second.events], second.reached) == ([2], None)


def test_a_trace_of_many_events_is_found_page_by_page(sqlite: SqliteBackend) -> None:
    """Of a minute and of many, with a text that one has: events and minutes are looked at together."""
    store = sqlite.open()
    count = MAX_SEARCHED - 20
    store.events.add([event(n, after(n / 1_000), trace_id=TRACE) for n in range(count)])
    store.events.add([event(count + n, after(60 * n), trace_id=TRACE) for n in range(2, 40)])

    last = count + 39
    assert searched(store, trace_id=TRACE, limit=5_000) == ([*range(last, count + 1, -1), *reversed(range(count))], 3)
    assert searched(store, "line 7", EventFilter(until=after(60)), trace_id=TRACE, limit=9_000)[1] == 1
    assert searched(store, f"line {last}", trace_id=TRACE) == ([last], 2)


def test_a_text_is_found_in_any_case_page_by_page(store: Store) -> None:
    said = ["Größer", "payment declined", "PAYMENT DECLINED", "größer", "100%_", "a.b", "", "DECLINED again", "\ud800x"]
    store.events.add([event(n, after(n), message=text, service="api" if n else "x") for n, text in enumerate(said)])

    assert searched(store, "declined") == ([7, 2, 1], 2)
    assert searched(store, "declined", limit=1) == ([7, 2, 1], 4)
    assert searched(store, "GRÖSSER") == ([3, 0], 1)
    assert searched(store, "größer", EventFilter(service="api")) == ([3], 1)
    assert searched(store, "%") == searched(store, "_") == ([4], 1)
    assert searched(store, "a.b") == ([5], 1)
    assert searched(store, "a_b") == ([], 1)
    assert searched(store, "\ud800") == ([8], 1)


def test_a_search_looks_at_so_many_events_a_page_and_goes_on_where_it_was(store: Store) -> None:
    count = MAX_SEARCHED + 50
    store.events.add([event(n, after(n), message="needle" if n in (3, count - 1) else "hay") for n in range(count)])

    first = store.events.search(EVERYTHING, EventSearch(10, "needle"), after=None)
    second = store.events.search(EVERYTHING, EventSearch(10, "needle"), after=first.reached)

    assert [each.line for each in first.events] == [count - 1]
    assert first.reached == (after(count - MAX_SEARCHED), event(count - MAX_SEARCHED).id)
    assert ([each.line for each in second.events], second.reached) == ([3], None)


def test_events_are_kept_for_a_while_from_when_their_job_was_noted(store: Store) -> None:
    store.events.add([event(n, FIRST, job_id=JOB) for n in range(5)] + [event(n, LAST, job_id=OTHER) for n in range(3)])

    assert store.events.retire(before=after(99), limit=9) == 0, "none is noted"
    assert store.events.note_imports(after="", limit=1, now=after(0)) == JOB
    assert store.events.note_imports(after=JOB, limit=1, now=after(10)) == OTHER
    assert store.events.note_imports(after=OTHER, limit=1, now=after(10)) == ""
    assert store.events.note_imports(after="", limit=9, now=after(50)) == "", "which changes no note"

    assert store.events.retire(before=after(0), limit=9) == 0
    assert store.events.retire(before=after(1), limit=3) == 3
    assert [each.line for each in listed(store, EventFilter(job_id=JOB))] == [4, 3]
    assert store.events.retire(before=after(11), limit=4) == 4
    assert store.events.retire(before=after(11), limit=9) == 1
    assert store.events.retire(before=after(11), limit=9) == 0
    assert listed(store) == []


def test_a_job_whose_events_come_again_is_noted_again(store: Store) -> None:
    store.events.add([event(1)])
    store.events.note_imports(after="", limit=9, now=after(0))
    assert store.events.retire(before=after(1), limit=9) == 1

    store.events.add([event(1)])
    store.events.note_imports(after="", limit=9, now=after(5))

    assert store.events.retire(before=after(5), limit=9) == 0
    assert store.events.retire(before=after(6), limit=9) == 1
