"""What watches find does not depend on when they look, and a replay finds the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.observations.model import TAG
from inventory.watches.evaluation.evaluate import replay
from inventory.watches.model import On
from inventory.watches.parsing import MOST_NEW, ParsedWatch
from tests.watches.histories import BEGIN, HOUR, History, at, watch

NAMES = ("status", "title", "header.x", "cookie.sid", "tls.not_after", "script.host")
VALUES = {
    "status": ("200", "404", "503"),
    "title": ("a", "b", "c 1", "c 2"),
    "header.x": ("f3a9c2d41b", "0b77e1a9c3", "on", "{hex:10}"),
    "cookie.sid": ("path=/", "secure; path=/"),
    "tls.not_after": tuple((BEGIN + days * 24 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (30.1, 30.5, 60)),
    "script.host": ("a.example", "b.example", "c.example"),
}
QUERIES = (
    "*",
    "status:200",
    "tag:prod",
    "NOT failure:timeout",
    "title:c* OR tag:dev",
    "tls.not_after:[* TO now+30d]",
    "_exists_:header.x",
)
SNAPSHOTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), max_size=4)
EVENTS = st.one_of(
    st.tuples(st.just("collect"), SNAPSHOTS),
    st.tuples(st.just("again")),
    st.tuples(st.just("again")),
    st.tuples(st.just("fail"), st.sampled_from(["timeout", "dns_failure"])),
    st.tuples(st.just("tag"), st.sets(st.sampled_from(["prod", "dev"]))),
)
WATCHES = st.builds(
    lambda on, query, fields, persist, days: watch(*on, query=query, fields=fields, persist=persist, expires_within=days),
    st.sets(st.sampled_from([each.value for each in On]), min_size=1).map(sorted),
    st.sampled_from(QUERIES),
    st.sampled_from(["", "", "tag,title", "header.*,status"]),
    st.integers(1, 5),
    st.sampled_from([30, 59]),
)


class Play:
    """Lets random things happen to a target."""

    def __init__(self) -> None:
        self.history = History()
        self._shown: dict[str, str] = {}

    def act(self, event: tuple[object, ...]) -> None:
        match event:
            case ("collect", dict() as chosen):
                self._shown = {name: VALUES[name][number % len(VALUES[name])] for name, number in chosen.items()}
                self._collect()
            case ("again",):
                self._collect()
            case ("fail", str() as code):
                self.history.fail(code)
            case ("tag", set() as labels):
                self.history.tag(*labels)

    def _collect(self) -> None:
        self.history.collect(self._shown, volatile=[name for name, value in self._shown.items() if "{" in value])


@given(
    events=st.lists(EVENTS, max_size=MOST_NEW),
    watches=st.lists(WATCHES, min_size=1, max_size=3),
    splits=st.sets(st.integers(0, MOST_NEW)),
)
def test_any_split_of_the_collections_finds_the_same(events, watches: list[ParsedWatch], splits: set[int]) -> None:
    play = Play()
    for event in events:
        play.act(event)

    at_once = sorted(play.history.found(*watches), key=str)

    assert sorted(play.history.found(*watches, splits=map(at, splits)), key=str) == at_once
    assert sorted(play.history.each_by_itself(*watches), key=str) == at_once
    assert len({(each.on, each.field, each.at) for each in play.history.found(watches[0])}) == len(
        play.history.found(watches[0])
    )


@given(events=st.lists(EVENTS, max_size=25), one=WATCHES, since=st.integers(0, 10))
def test_a_replay_finds_what_was_found_since(events, one: ParsedWatch, since: int) -> None:
    play = Play()
    for event in events:
        play.act(event)
    history = play.history

    found = [each for each in history.each_by_itself(one) if each.at >= at(since) and each.on is not On.EXPIRES]
    again = replay(one, history.record(), history.collections, history.intervals, since=at(since))

    assert [each for each in again if each.on is not On.EXPIRES] == found


@pytest.mark.parametrize("seed", range(2))
def test_a_long_history_finds_the_same_in_any_portions_and_in_a_replay(seed: int) -> None:
    rng = random.Random(seed)
    play, splits = Play(), []
    for _ in range(150):
        chosen = rng.random()
        if chosen < 0.35:
            names = rng.sample(NAMES, rng.randrange(5))
            play.act(("collect", {name: rng.randrange(4) for name in names}))
        elif chosen < 0.8:
            play.act(("again",))
        elif chosen < 0.92:
            play.act(("fail", "timeout"))
        else:
            play.act(("tag", set(rng.sample(["prod", "dev"], rng.randrange(3)))))
        if rng.random() < 0.2 or play.history.hours - (splits[-1] if splits else 0) >= MOST_NEW:
            splits.append(play.history.hours)
    watches = [
        watch(*[each.value for each in On], query=query, fields=fields, persist=persist, id=f"{persist}{query}{fields}")
        for query in QUERIES
        for persist, fields in ((1, ""), (2, f"{TAG},title"), (7, ""))
    ]

    by_itself = sorted(play.history.each_by_itself(*watches), key=str)

    assert len(by_itself) > 50
    assert sorted(play.history.found(*watches, splits=map(at, splits)), key=str) == by_itself
    for one in watches[:9]:
        again = replay(one, play.history.record(), play.history.collections, play.history.intervals, since=at(-1))
        assert sorted(again, key=str) == [each for each in by_itself if each.watch_id == one.watch.id]


@given(
    stable=st.integers(1, 60),
    held=st.integers(6, 20),
    persist=st.integers(1, 5),
    failures=st.sets(st.integers(0, 80), max_size=6),
    splits=st.sets(st.integers(0, 80)),
    values=st.sampled_from([("a", "b"), ("v1", "v2"), ("x", ""), ("", "y"), ("12345678", "87654321")]),
)
def test_a_planted_change_is_found_exactly_once(stable, held, persist, failures, splits, values) -> None:
    history = History()
    history.collect({"title": values[0]} if values[0] else {})
    planted = None
    for number in range(stable + held):
        if number in failures:
            history.fail()
            continue
        value = values[number >= stable]
        collected = history.collect({"title": value} if value else {})
        planted = planted or (collected if number >= stable else None)

    every_third = {each.at for number, each in enumerate(history.collections) if number % 3 == 0}
    found = history.found(watch(persist=persist), splits={*map(at, splits), *every_third})

    if held - len(failures) >= persist + 1:
        assert [(list(each.old), list(each.new)) for each in found] == [
            ([values[0]] if values[0] else [], [values[1]] if values[1] else [])
        ]
        assert planted is not None
        assert found[0].at >= planted
