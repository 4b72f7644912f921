"""Schedules: due times of targets for watches. Those of another version of the watch are void."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inventory.store import Store
from inventory.watches.model import Looked, Membership, Schedule, Watch
from tests.contract.actions import NOW, after, target
from tests.contract.watch_actions import add, found, one_unseen, schedules, settle, watch


def due(store: Store, seconds: float = 10_000_000, limit: int = 99) -> list[Schedule]:
    return list(store.schedules.due(now=after(seconds), limit=limit))


def next_version(store: Store, seen: Watch, **fields: object) -> Watch:
    """The watch after a change that makes its schedules void."""
    seen = found(store, seen)
    assert store.watches.replace(seen, replace(seen, version=seen.version + 1, **fields))
    return found(store, seen)


def test_targets_are_enrolled_page_by_page_and_the_position_is_kept(store: Store) -> None:
    kept = add(store)
    one, two, three = schedules(kept, 30, 10, 20)

    assert store.schedules.enrol(kept, [one, two], up_to=(NOW, "x"))
    assert (found(store, kept).enrolled, found(store, kept).enrolled_up_to) == (False, (NOW, "x"))
    assert store.schedules.enrol(kept, [three], up_to=None)
    assert (found(store, kept).enrolled, found(store, kept).enrolled_up_to) == (True, None)

    assert due(store) == [two, three, one]
    assert due(store, limit=2) == [two, three]
    assert due(store, 15) == [two]
    assert due(store, 9) == []


def test_a_schedule_of_this_version_stays_and_one_of_an_older_version_is_replaced(store: Store) -> None:
    first = add(store)
    store.schedules.enrol(first, schedules(first, 10, 20), up_to=None)

    store.schedules.enrol(first, schedules(first, 99, 99, 30), up_to=None)
    assert due(store) == schedules(first, 10, 20, 30)

    second = next_version(store, first, query="status:404")
    store.schedules.enrol(second, schedules(second, 5), up_to=None)
    assert due(store) == [*schedules(second, 5), *schedules(first, 10, 20, 30)[1:]]


def test_nothing_is_enrolled_for_a_version_that_is_another_by_now(store: Store) -> None:
    first = add(store)
    second = next_version(store, first, query="status:404")
    gone = watch("gone")

    assert not store.schedules.enrol(first, schedules(first, 10), up_to=None)
    assert not store.schedules.enrol(gone, schedules(gone, 10), up_to=None)

    assert not found(store, second).enrolled
    assert due(store) == []


def test_a_schedule_advances_and_is_removed_only_as_it_was_seen(store: Store) -> None:
    first = add(store)
    store.schedules.enrol(first, schedules(first, 10, 20, 30), up_to=None)
    seen = due(store)
    second = next_version(store, first, query="status:404")
    store.schedules.enrol(second, schedules(second, 15), up_to=None)

    store.schedules.advance([replace(each, due_at=each.due_at + timedelta(seconds=100)) for each in seen[:2]])
    store.schedules.remove([seen[0], seen[2]])
    store.schedules.advance([seen[2]])
    store.schedules.advance([])

    assert due(store) == [*schedules(second, 15), replace(seen[1], due_at=after(120))]


def test_void_schedules_are_removed_page_by_page(store: Store) -> None:
    deleted, paused, older, kept = (add(store, name) for name in ("deleted", "paused", "older", "kept"))
    for each in (deleted, paused, older, kept):
        store.schedules.enrol(each, schedules(each, 1, 2, 3), up_to=None)
    store.watches.delete(deleted.id)
    next_version(store, paused, paused=True)
    new = next_version(store, older, query="status:404")
    store.schedules.enrol(new, schedules(new, 4), up_to=None)

    position, pages = store.schedules.sweep(after="", limit=5, now=NOW), 1
    while position:
        position, pages = store.schedules.sweep(after=position, limit=5, now=NOW), pages + 1

    assert pages == 3
    assert due(store) == [*schedules(kept, 1, 2, 3), *schedules(new, 4)]
    assert store.schedules.sweep(after="", limit=5, now=NOW) == ""


def test_those_of_the_current_version_are_counted(store: Store) -> None:
    one, two, none = add(store, "one"), add(store, "two"), add(store, "none")
    store.schedules.enrol(one, schedules(one, 1, 2, 3), up_to=None)
    store.schedules.enrol(two, schedules(two, 1, 2), up_to=None)
    two = next_version(store, two, query="status:404")
    store.schedules.enrol(two, schedules(two, 9), up_to=None)

    assert store.schedules.counts([one.id, two.id, none.id, "gone"]) == {one.id: 3, two.id: 1, none.id: 0, "gone": 0}


def test_a_deleted_record_has_no_schedule(store: Store) -> None:
    kept = add(store)
    settle(store, target(0), 1)
    of_target = [Schedule(kept.id, target(n).id, after(10), 1) for n in range(2)]
    store.schedules.enrol(kept, of_target, up_to=None)

    assert store.records.delete(target(0).id)

    assert due(store) == of_target[1:]


def looks(store: Store, n: int, seconds: float, *memberships: Membership) -> None:
    settle(store, target(n), seconds)
    assert store.outcomes.seen([Looked(unseen=one_unseen(store), memberships=memberships)], now=after(seconds)) == [True]


def matching(kept: Watch, due_at: float | None = None, sooner: float | None = None, *, version: int = 1) -> Membership:
    """A target that matches."""
    due, early = (None if each is None else after(each) for each in (due_at, sooner))
    return Membership(watch_id=kept.id, version=version, matches=True, due_at=due, sooner=early)


def gone(kept: Watch, *, version: int = 1) -> Membership:
    return Membership(watch_id=kept.id, version=version, matches=False)


def test_a_target_that_matches_gets_a_schedule_and_keeps_the_one_it_has(store: Store) -> None:
    kept = add(store)

    looks(store, 0, 1, matching(kept, 100))
    looks(store, 0, 2, matching(kept, 50))

    assert due(store) == [Schedule(kept.id, target(0).id, after(100), 1)]


def test_a_target_that_no_longer_matches_loses_it(store: Store) -> None:
    kept, other = add(store), add(store, "other")
    looks(store, 0, 1, matching(kept, 100), matching(other, 100))

    looks(store, 0, 2, gone(kept))

    assert due(store) == [Schedule(other.id, target(0).id, after(100), 1)]


def test_a_change_that_is_to_be_confirmed_is_due_sooner_and_never_later(store: Store) -> None:
    kept = add(store)
    looks(store, 0, 1, matching(kept, 100, 60))
    assert due(store) == [Schedule(kept.id, target(0).id, after(60), 1)]

    looks(store, 0, 2, matching(kept, 100, 80))
    assert due(store) == [Schedule(kept.id, target(0).id, after(60), 1)]

    looks(store, 0, 3, matching(kept, 100, 40))
    assert due(store) == [Schedule(kept.id, target(0).id, after(40), 1)]


def test_of_another_version_a_membership_counts_for_nothing_and_a_schedule_is_replaced(store: Store) -> None:
    first = add(store)
    looks(store, 0, 1, matching(first, 100))
    second = next_version(store, first, every=60)

    looks(store, 0, 2, matching(first, 50), gone(first))
    assert due(store) == [Schedule(first.id, target(0).id, after(100), 1)]

    looks(store, 0, 3, matching(second, 70, version=2))
    assert due(store) == [Schedule(first.id, target(0).id, after(70), 2)]
    looks(store, 0, 4, gone(second, version=2))
    assert due(store) == []
