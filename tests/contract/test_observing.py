"""Settling writes what an outcome states, as intervals; what it shows again writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import permutations

import pytest

from inventory.errors import QueryTooBroad, StorageUnavailable
from inventory.observations.conditions import Everything, Word, all_of, negated
from inventory.observations.model import Change, Observation, PastCollection, Statement
from inventory.records.model import Statements
from inventory.store import Store
from inventory.store.pairs import pack, unpack
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.connections import Connections
from inventory.store.sqlite.query_bounds import Bounds, time_limit
from tests.contract.actions import accept, after, claim, collect, failed, found, shared, stored, target
from tests.contract.backends import Backend, SqliteBackend
from tests.contract.meeting import at_once
from tests.contract.observed import World
from tests.observations.algebra import has, word_or_pattern

ALL = [word_or_pattern("*", exact=True)]


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def sqlite_world(sqlite: SqliteBackend) -> Iterator[World]:
    with closing(sqlite.open()) as store:
        yield World(store)


def shown(world: World, seconds: float | None = None, *, fields: str = "*") -> list[tuple[object, ...]]:
    """Field, value, and the seconds at which it was seen first and last, and gone; but for the parts of the URL."""
    at = None if seconds is None else after(seconds)
    record_id = target(0).id
    found = world.store.observations.shown([record_id], [word_or_pattern(fields, exact=True)], at=at)
    return [
        (each.field, each.value, *(instant and (instant - after(0)).total_seconds() for instant in instants(each)))
        for each in found.get(record_id, [])
        if each.field not in ("url", "host")
    ]


def instants(observation: Observation) -> tuple[object, ...]:
    return observation.first_seen, observation.last_seen, observation.gone


def dump(backend: SqliteBackend) -> list[str]:
    with closing(sqlite3.connect(backend.path)) as connection:
        return [line for line in connection.iterdump() if "observ" in line or "field" in line]


def test_a_changed_value_closes_an_interval_and_opens_another(world: World) -> None:
    world.collect(0, [("status", "200"), ("title", "A")])
    world.collect(0, [("status", "200"), ("title", "A")])
    world.collect(0, [("status", "404"), ("title", "A")])

    assert shown(world) == [("status", "404", 3, None, None), ("title", "A", 1, None, None)]
    assert shown(world, 2.5) == [("status", "200", 1, 2, 3), ("title", "A", 1, None, None)]
    assert shown(world, 3) == shown(world)
    assert shown(world, 0.5) == []


def test_a_value_that_comes_back_has_two_intervals(world: World) -> None:
    for status in ("200", "500", "200"):
        world.collect(0, [("status", status)])

    assert [shown(world, second) for second in (1, 2, 3)] == [
        [("status", "200", 1, 1, 2)],
        [("status", "500", 2, 2, 3)],
        [("status", "200", 3, None, None)],
    ]


def test_what_is_shown_again_writes_nothing(sqlite_world: World, sqlite: SqliteBackend) -> None:
    world = sqlite_world
    world.collect(0, [("title", "A")])
    world.collect(0, [("status", "200"), ("title", "A")])
    before = dump(sqlite)

    world.collect(0, [("title", "A"), ("status", "200")])

    assert dump(sqlite) == before


def test_a_failure_ends_nothing_and_the_next_snapshot_ends_it(world: World) -> None:
    world.collect(0, [("status", "200")])
    world.fail(0, "timeout")
    world.fail(0, "timeout")

    assert shown(world) == [("failure", "timeout", 2, None, None), ("status", "200", 1, None, None)]

    world.collect(0, [("status", "200")])

    assert shown(world) == [("status", "200", 1, None, None)]
    assert shown(world, 3) == [("failure", "timeout", 2, 3, 4), ("status", "200", 1, None, None)]


def test_tags_are_given_and_taken_by_people_alone(world: World) -> None:
    world.collect(0, [("status", "200")])
    world.tag(0, ["prod", "shop"])
    world.collect(0, [("status", "200")])
    world.tag(0, ["shop"])

    assert shown(world, fields="tag") == [("tag", "shop", 2, None, None)]
    assert shown(world, 3, fields="tag") == [("tag", "prod", 2, 4, 4), ("tag", "shop", 2, None, None)]
    assert not world.store.observations.tag("0" * 32, ["x"], now=after(9))


def test_the_history_has_fields_that_changed_or_are_volatile(world: World) -> None:
    for status, server in (("200", "{hex:8}"), ("404", "{hex:8}"), ("200", "{hex:16}")):
        world.seconds += 1
        owned = claim(world.store, accept(world.store, now=world.now), now=world.now)
        statements = [
            Statement("status", status),
            Statement("title", "A"),
            Statement("header.etag", server, True),
            Statement("header.x", "{date}", True),
        ]
        outcome = replace(stored(owned, at=world.now, body=None), statements=Statements(statements))
        assert world.store.records.settle([outcome]) == [True]

    listed = world.store.observations.history(target(0).id)

    assert sorted(
        (each.field, each.value, each.volatile, *(i and (i - after(0)).total_seconds() for i in instants(each)))
        for each in listed
    ) == [
        ("header.etag", "{hex:16}", True, 3, None, None),
        ("header.etag", "{hex:8}", True, 1, 2, 3),
        ("header.x", "{date}", True, 1, None, None),
        ("status", "200", False, 1, 1, 2),
        ("status", "200", False, 3, None, None),
        ("status", "404", False, 2, 2, 3),
    ]
    assert world.store.observations.history("0" * 32) == []


def test_values_that_differ_only_by_case_or_by_being_a_shape_are_different_values(world: World) -> None:
    titles = [("A", False), ("a", False), ("{date}", False), ("{date}", True)]
    statements = Statements([Statement("title", *each) for each in titles])
    world.collect(0, [])
    outcome = replace(stored(claim(world.store, _accepted(world)), body=None, at=after(5)), statements=statements)
    world.store.records.settle([outcome])

    found = world.store.observations.shown([target(0).id], ALL, at=None)[target(0).id]

    assert [(each.value, each.volatile) for each in found] == [
        ("A", False),
        ("a", False),
        ("{date}", False),
        ("{date}", True),
    ]


def _accepted(world: World):
    seen = found(world.store, target(0))
    return world.store.records.accept(target(0), now=after(4), seen=seen).record


def test_an_outcome_that_takes_no_effect_states_nothing(world: World) -> None:
    world.collect(0, [("status", "200")])
    owned = claim(world.store, _accepted(world), now=after(4))
    late = replace(owned, fence=owned.fence - 1)
    statements = Statements([Statement("status", "500")])

    outcomes = [replace(stored(late), statements=statements), replace(failed(late), statements=statements)]
    overruled = replace(shared(owned), statements=statements)  # a whole collection is wanted

    assert world.store.records.settle([*outcomes, overruled]) == [False] * 3
    assert shown(world) == [("status", "200", 1, None, None)]


def test_nothing_of_a_deleted_target_stays(sqlite_world: World, sqlite: SqliteBackend) -> None:
    world = sqlite_world
    for status in ("200", "404"):
        world.collect(0, [("status", status), ("title", "only here")])
        world.collect(1, [("status", status)])
    world.delete(0)

    world.check(Everything(), None, ["status", "title"])
    world.check(Everything(), after(1), ["status", "title"])
    with closing(sqlite3.connect(sqlite.path)) as connection:
        assert connection.execute("SELECT count(*) FROM past_observations").fetchone() == (1,)
    assert world.store.observations.prune(after=0, limit=100) == 0
    assert "only here" not in str(dump(sqlite))
    world.collect(0, [("title", "only here")])
    world.check(has("title", "only here"), None, ["title"])


def test_pruning_goes_on_where_it_ended_and_keeps_what_is_named_anywhere(world: World) -> None:
    world.collect(0, [("title", f"{n}") for n in range(9)])
    world.collect(0, [])
    position = world.store.observations.prune(after=0, limit=4)
    while position:
        position = world.store.observations.prune(after=position, limit=4)

    world.check(Everything(), after(1), ["title"])


def test_what_an_older_version_left_of_a_record_that_it_deleted_is_removed(
    sqlite_world: World, sqlite: SqliteBackend
) -> None:
    observations = sqlite_world.store.observations
    for n in range(5):
        sqlite_world.collect(n, [("title", f"only {n}")])
    with closing(sqlite3.connect(sqlite.path)) as connection, connection:
        for n in (1, 3):
            connection.execute("DELETE FROM records WHERE id = ?", (target(n).id,))
            del sqlite_world.events[n]

    position = observations.prune(after=0, limit=2)
    while position:
        position = observations.prune(after=position, limit=2)

    sqlite_world.check(Everything(), None, ["title", "host"])
    with closing(sqlite3.connect(sqlite.path)) as connection:
        assert connection.execute("SELECT count(*) FROM observed_targets").fetchone() == (3,)
        titles = connection.execute("SELECT folded FROM field_values WHERE folded LIKE 'only%' ORDER BY folded")
        assert titles.fetchall() == [("only 0",), ("only 2",), ("only 4",)]


def test_a_record_that_is_not_indexed_is_found_until_it_is(world: World) -> None:
    collect(world.store, target(0))
    seen = found(world.store, target(0))
    history = [PastCollection(after(0), [Statement("status", "200")])]

    assert list(world.store.observations.unindexed(limit=9)) == [target(0).id]
    assert not world.store.observations.reindex(replace(seen, fence=seen.fence + 1), history)
    assert world.store.observations.reindex(seen, history)
    assert world.store.observations.unindexed(limit=9) == []
    assert shown(world) == [("status", "200", 0, None, None)]


def test_a_failure_ends_nothing_of_a_snapshot_before_it_that_is_indexed_later(world: World) -> None:
    world.collect(0, [("status", "200")], crash=True)
    world.fail(0, "timeout")
    world.fail(0, "timeout", crash=True)

    world.reindex()

    assert shown(world, fields="status") == [("status", "200", 1, None, None)]
    world.check_values(["status", "failure"])
    world.check_intervals()


def test_what_the_worker_of_a_spent_record_could_not_say_is_indexed_later(world: World) -> None:
    owned = claim(world.store, world.store.records.accept(target(0), now=after(0), seen=None).record)

    world.store.records.fail_spent(now=after(999), max_attempts=owned.attempt, retry_at=after(9999), limit=9)

    assert list(world.store.observations.unindexed(limit=9)) == [target(0).id]


def test_changes_are_paged_and_say_between_which_collections(world: World) -> None:
    world.collect(0, [("status", "200"), ("header.server", "nginx")])
    world.collect(0, [("status", "200"), ("header.server", "nginx")])
    world.collect(0, [("status", "404"), ("title", "Gone")])

    wanted = {"fields": [word_or_pattern("status", exact=True)], "since": after(0), "until": after(9)}
    listed = world.store.observations.changes(Everything(), **wanted, limit=9, after=None)

    assert listed == [
        Change(
            record_id=target(0).id, field="status", at=after(3), before=after(2), old=["200"], new=["404"], volatile=False
        )
    ]
    world.check_changes()
    world.check_changes(negated(Everything()))


def test_many_targets_that_change_at_once_are_all_listed(world: World) -> None:
    for n in range(40):
        world.collect(n, [("status", "200")])
    world.seconds += 1
    for n in range(40):
        world.seconds -= 1
        world.collect(n, [("status", "404"), ("title", "x")])

    world.check_changes()
    world.check_changes(has("url", "*/1*"))


def test_a_query_that_takes_too_long_is_refused(sqlite: SqliteBackend) -> None:
    with closing(SqliteStore(sqlite.path, bounds=Bounds(page_seconds=-1, total_seconds=-1))) as store:
        world = World(store)
        for n in range(300):
            world.collect(n, [(f"header.h{m}", "x") for m in range(20)])
        condition = all_of(has(f"header.h{m}", "x") for m in range(20))

        with pytest.raises(QueryTooBroad):
            store.observations.facet(condition, at=None, field="header.h1", limit=9)
        assert store.observations.search(Everything(), at=None, limit=1, after=None)


def test_a_search_that_tests_many_values_ends_in_time(sqlite: SqliteBackend) -> None:
    with closing(SqliteStore(sqlite.path, bounds=Bounds(page_seconds=-1, values=1))) as store:
        world = World(store)
        for n in range(3):
            world.collect(n, [("title", f"Page {n}")])

        with pytest.raises(QueryTooBroad):
            store.observations.search(has("title", "*page*"), at=None, limit=1, after=None)
        assert store.observations.count(has("title", "*page*"), at=None) is None


def test_a_broken_disk_is_no_fault_of_a_query_however_long_that_takes(sqlite: SqliteBackend) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR

    def ask(connections: Connections) -> None:
        with time_limit(connections, -1) as connection:
            connection.execute("ROLLBACK")  # as SQLite does by itself then
            raise error

    with pytest.raises(StorageUnavailable):
        ask(Connections(sqlite.path))


def test_two_conditions_on_one_field_are_told_apart_after_more_of_their_values_were_read(sqlite: SqliteBackend) -> None:
    bounds = Bounds(page_seconds=30, values=1, most_values=1, candidates=1, most_candidates=1, tests=1, chunk=4)
    with closing(SqliteStore(sqlite.path, bounds=bounds)) as store:
        world = World(store)
        for n in range(12):
            world.collect(n, {("title", f"{('left', 'right')[n % 2]} {('above', 'below')[n % 3 == 0]}")})

        for words in permutations(("*left*", "*above*", "*right*", "*below*"), 2):
            condition = all_of([has("title", words[0]), negated(has("title", words[1]))])
            assert world.searched(condition, None, page=20) == world.found(condition, None)


def test_a_value_that_hundreds_of_neighbours_show_is_found_at_each(world: World) -> None:
    for n in range(270):
        world.collect(n, [("status", "200")])
    for n in range(0, 270, 9):
        world.collect(n, [("status", "404")])
    for n in range(0, 270, 10):
        world.delete(n)

    for condition in (has("status", "200"), negated(has("status", "200"))):
        for at in (None, after(200), after(280)):
            assert len(world.found(condition, at)) == world.store.observations.count(condition, at=at)
    world.check(has("status", "404"), None, ["status"])


def test_what_several_workers_show_first_at_once_is_numbered_once(shared: Backend) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(shared.open())) for _ in range(4)]
        claims = [claim(stores[0], accept(stores[0], n)) for n in range(8)]
        statements = [Statement(f"header.h{n}", f"{n}") for n in range(20)]
        outcomes = [replace(stored(owned, body=None), statements=Statements(statements)) for owned in claims]

        settled = at_once(8, lambda n: stores[n % 4].records.settle([outcomes[n]]))

        observations = stores[0].observations
        assert settled == [[True]] * 8
        assert observations.unindexed(limit=9) == []
        for n in range(20):
            assert [each.count for each in observations.facet(Everything(), at=None, field=f"header.h{n}", limit=9)] == [8]


@pytest.mark.parametrize("pairs", [[], [(1, 1)], [(1, 127), (1, 128), (3, 2**40), (3, 2**40 + 1), (2**20, 16_383)]])
def test_pairs_are_packed_and_unpacked(pairs: list[tuple[int, int]]) -> None:
    assert unpack(pack(pairs)) == pairs


def test_names_of_fields_are_found_by_how_they_begin_in_any_case(world: World) -> None:
    world.collect(0, [("header.b", "1"), ("header.a", "1"), ("cookie.B", "1"), ("cookie.b", "2")])
    world.collect(0, [("header.a", "2")])
    names = world.store.observations.field_names

    assert names("HEADER.", limit=9) == ["header.a", "header.b"], "one that is shown no more is still known"
    assert names("cookie.b", limit=9) == ["cookie.B", "cookie.b"]
    assert names("header.", limit=1) == ["header.a"]
    assert names("header.\ud800", limit=9) == []


def test_changes_of_verdicts_are_listed_where_they_are_named(world: World) -> None:
    world.collect(0, [("header.x", "a"), ("grade", "A"), ("grade.own", "A")])
    world.collect(0, [("header.x", "b"), ("grade", "F"), ("grade.own", "F"), ("policy.own.r", "fails")])
    observations = world.store.observations

    def changed(*names: str) -> tuple[list[str], list[str]]:
        given = {"fields": [Word(name, exact=True) for name in names], "since": after(0), "until": after(99)}
        listed = observations.changes(Everything(), **given, limit=9, after=None)
        same = observations.same_changes(Everything(), **given, limit=9)
        return [each.field for each in listed], sorted(each.field for each in same)

    assert changed() == (["header.x"], ["header.x"])
    assert changed("policy.own.r", "grade") == (["policy.own.r", "grade"], ["grade", "policy.own.r"])
