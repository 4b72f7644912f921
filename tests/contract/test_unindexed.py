"""Records are marked to be indexed again, counted, and set aside if that cannot be done."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from inventory.observations.model import PastCollection, Reindexing, Statement
from inventory.records.model import Statements
from inventory.store import Store
from tests.contract.actions import accept, after, claim, collect, found, stored, target
from tests.contract.backends import Backend
from tests.contract.observed import World
from tests.observations.algebra import has

STATUS = [Statement("status", "200")]


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def indexed(world: World, count: int) -> list[str]:
    """So many records, by id."""
    for n in range(count):
        world.collect(n, [("status", "200")])
    return sorted(target(n).id for n in range(count))


def reindex(store: Store, record_id: str) -> bool:
    [seen] = store.records.find_all([record_id]).values()
    return store.observations.reindex(seen, [PastCollection(after(1), STATUS)])


def mark_all(store: Store, limit: int) -> list[str | None]:
    """What each call that marks some answers."""
    answers: list[str | None] = [""]
    while answers[-1] is not None:
        answers.append(store.observations.mark_unindexed(after=answers[-1], limit=limit))
    return answers[1:]


@pytest.mark.parametrize(("limit", "places"), [(2, [1, 3, 4, None]), (5, [4, None]), (9, [4, None])])
def test_all_records_are_marked_some_at_a_time_in_their_order(world: World, limit: int, places: list[int | None]) -> None:
    ids = indexed(world, 5)

    assert mark_all(world.store, limit) == [None if place is None else ids[place] for place in places]
    assert list(world.store.observations.unindexed(limit=9)) == ids
    assert list(world.store.observations.unindexed(limit=2, after=ids[1])) == ids[2:4]


def test_there_is_nothing_to_mark_in_an_empty_store(world: World) -> None:
    assert mark_all(world.store, 3) == [None]


def test_the_unindexed_are_counted_up_to_a_bound(world: World) -> None:
    indexed(world, 4)
    assert world.store.observations.count_unindexed(up_to=9) == 0

    mark_all(world.store, 9)

    assert [world.store.observations.count_unindexed(up_to=bound) for bound in (1, 3, 4, 9)] == [1, 3, 4, 4]


def test_what_is_marked_is_found_as_before_until_it_is_indexed(world: World) -> None:
    [record_id] = indexed(world, 1)
    mark_all(world.store, 9)

    world.check(has("status", "200"), None, ["status"])
    assert reindex(world.store, record_id)
    assert world.store.observations.count_unindexed(up_to=9) == 0


def test_a_record_is_indexed_by_the_first_of_two_that_try(world: World) -> None:
    [record_id] = indexed(world, 1)
    mark_all(world.store, 9)

    assert [reindex(world.store, record_id) for _ in range(2)] == [True, False]


def test_a_marked_record_that_is_collected_again_is_still_to_be_indexed(world: World) -> None:
    [record_id] = indexed(world, 1)
    mark_all(world.store, 9)

    world.collect(0, [("status", "404")])

    assert list(world.store.observations.unindexed(limit=9)) == [record_id]


def test_a_record_that_is_set_aside_is_not_unindexed_and_says_why(world: World) -> None:
    first, second = indexed(world, 2)
    mark_all(world.store, 9)

    world.store.observations.set_aside(first, "ValueError: it is \x00 damaged", seen=None)
    world.store.observations.set_aside("0" * 32, "there is no such record", seen=None)

    assert list(world.store.observations.unindexed(limit=9)) == [second]
    assert world.store.observations.unindexable(limit=9) == {first: "ValueError: it is \x00 damaged"}


def test_a_record_that_is_indexed_is_not_set_aside(world: World) -> None:
    [record_id] = indexed(world, 1)

    world.store.observations.set_aside(record_id, "somebody else was quicker", seen=None)

    assert world.store.observations.unindexable(limit=9) == {}
    assert world.store.observations.count_unindexed(up_to=9) == 0


@pytest.mark.parametrize("statements", [Statements(STATUS), None])
def test_the_next_outcome_of_what_was_set_aside_is_a_reason_to_try_again(
    world: World, statements: Statements | None
) -> None:
    collect(world.store, target(0))
    world.store.observations.set_aside(target(0).id, "damaged", seen=None)
    owned = claim(world.store, accept(world.store, 0, now=after(5)), now=after(5))
    world.store.records.settle([replace(stored(owned, at=after(6), body=None), statements=statements)])

    assert list(world.store.observations.unindexed(limit=9)) == [target(0).id]
    assert world.store.observations.unindexable(limit=9) == {}
    assert reindex(world.store, target(0).id)
    assert world.store.observations.unindexable(limit=9) == {}


def test_a_record_that_got_another_outcome_meanwhile_is_not_set_aside(world: World) -> None:
    collect(world.store, target(0))
    seen = found(world.store, target(0))
    collect(world.store, target(0), now=after(9))

    world.store.observations.set_aside(seen.id, "the first snapshot is damaged", seen=seen)

    assert list(world.store.observations.unindexed(limit=9)) == [seen.id]
    world.store.observations.set_aside(seen.id, "so is the second", seen=found(world.store, target(0)))
    assert world.store.observations.unindexable(limit=9) == {seen.id: "so is the second"}


def test_the_history_of_a_deleted_record_is_not_that_of_a_new_one_of_its_id(world: World) -> None:
    collect(world.store, target(0))
    seen = found(world.store, target(0))
    world.store.records.delete(seen.id)
    collect(world.store, target(0), now=after(5))
    new = found(world.store, target(0))
    assert (new.fence, new.state) == (seen.fence, seen.state)

    assert not world.store.observations.reindex(seen, [PastCollection(after(1), STATUS)])
    assert list(world.store.observations.unindexed(limit=9)) == [new.id]


def test_marking_tries_again_what_was_set_aside(world: World) -> None:
    collect(world.store, target(0))
    world.store.observations.set_aside(target(0).id, "damaged", seen=None)

    mark_all(world.store, 9)

    assert list(world.store.observations.unindexed(limit=9)) == [target(0).id]
    assert world.store.observations.unindexable(limit=9) == {}


def test_a_record_that_is_deleted_is_neither_unindexed_nor_set_aside(world: World) -> None:
    for n in range(2):
        collect(world.store, target(n))
        world.store.observations.set_aside(target(0).id, "damaged", seen=None)
    for n in range(2):
        world.store.records.delete(target(n).id)

    assert world.store.observations.unindexed(limit=9) == []
    assert world.store.observations.unindexable(limit=9) == {}
    assert found_nothing(world.store)


def found_nothing(store: Store) -> bool:
    return not store.records.find_all([target(n).id for n in range(2)]) and not store.observations.count_unindexed(up_to=9)


def test_how_far_a_rebuilding_has_come_is_kept(world: World, backend: Backend) -> None:
    assert world.store.observations.reindexing() is None
    begun = Reindexing(begun_at=after(1), marked=500, marked_up_to="ab")
    over = replace(begun, marked=700, marked_up_to=None)

    for run in (begun, over):
        assert world.store.observations.note_reindexing(run) == run
        with closing(backend.open()) as other:
            assert other.observations.reindexing() == run

    world.store.observations.end_reindexing(over)
    assert world.store.observations.reindexing() is None


def test_of_rebuildings_the_one_stays_that_begins_last_and_has_come_furthest(world: World) -> None:
    observations = world.store.observations
    earlier = Reindexing(begun_at=after(1), marked=900, marked_up_to=None)
    later = Reindexing(begun_at=after(2), marked=500, marked_up_to="ab")
    further, over = replace(later, marked_up_to="b0"), replace(later, marked_up_to=None)

    kept = [observations.note_reindexing(each) for each in (earlier, later, earlier, further, later, over, further)]
    observations.end_reindexing(earlier)

    assert kept == [earlier, later, later, further, further, over, over]
    assert observations.reindexing() == over


def test_records_that_have_a_snapshot_are_marked_by_their_ids(world: World) -> None:
    [one, two] = indexed(world, 2)
    accept(world.store, target(2))

    world.store.observations.mark_collected([one, target(2).id, target(9).id])

    assert world.store.observations.unindexed(limit=9) == [one]
    assert two != one
