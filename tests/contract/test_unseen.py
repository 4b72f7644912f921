"""Outcomes that watches have not looked at: remembered with the outcome, shown until they are seen, and seen once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.observations.model import PastCollection, Statement
from inventory.records.model import Statements
from inventory.store import Store
from inventory.watches.model import GATHER, KEPT_COLLECTIONS, Collection, Looked, Unseen
from tests.contract.actions import (
    LEASE,
    NOW,
    accept,
    accept_target,
    after,
    claim,
    failure,
    postponed,
    shared,
    stored,
    target,
)
from tests.contract.actions import found as record_of
from tests.contract.backends import SqliteBackend
from tests.contract.meeting import at_once
from tests.contract.observed import World
from tests.contract.oracle import ORDERS, act
from tests.contract.watch_actions import add, compose, fail, finding, one_unseen, settle, unseen


def ok(*seconds: float) -> list[Collection]:
    return [Collection(after(each)) for each in seconds]


def bad(seconds: float) -> list[Collection]:
    return [Collection(after(seconds), failed=True)]


def look(store: Store, *looked: Looked) -> Sequence[bool]:
    return store.outcomes.seen(looked, now=after(99))


def see(store: Store) -> Unseen:
    """The only target that is unseen, which is seen with that."""
    only = one_unseen(store)
    assert look(store, Looked(unseen=only)) == [True]
    assert unseen(store) == []
    return only


def test_an_outcome_is_unseen_until_watches_have_looked(store: Store) -> None:
    add(store)
    settle(store, target(), 1)

    only = one_unseen(store)

    assert only.record == record_of(store, target())
    assert (list(only.collections), only.new, only.tagged_at) == (ok(1), 1, None)
    assert one_unseen(store) == only
    assert look(store, Looked(unseen=only)) == [True]
    assert unseen(store) == []


def test_outcomes_that_nobody_looked_at_meanwhile_are_looked_at_together(store: Store) -> None:
    add(store)
    settle(store, target(), 1)
    see(store)
    settle(store, target(), 2)
    fail(store, target(), 3)
    settle(store, target(), 4)

    only = see(store)

    assert (list(only.collections), only.new) == ([*ok(1, 2), *bad(3), *ok(4)], 3)


def test_the_longest_unseen_come_first_and_no_more_than_are_asked_for(store: Store) -> None:
    add(store)
    for n in (2, 0, 1):
        settle(store, target(n), n + 1)
    settle(store, target(0), 9)

    assert [each.record.target for each in store.outcomes.unseen(limit=2)] == [target(0), target(1)]
    assert [each.new for each in unseen(store)] == [2, 1, 1]


def test_what_is_put_off_is_no_outcome(store: Store) -> None:
    add(store)
    owned = claim(store, accept(store))

    assert store.records.settle([postponed(owned, until=after(9), why=failure())]) == [True]

    assert unseen(store) == []


def test_an_outcome_that_does_not_take_effect_is_not_remembered(store: Store) -> None:
    add(store)
    outcome = replace(stored(claim(store, accept(store)), body=None), statements=Statements([Statement("status", "200")]))
    assert store.records.settle([outcome]) == [True]
    see(store)

    assert store.records.settle([outcome]) == [True]
    assert store.records.settle([replace(outcome, claim=replace(outcome.claim, fence=9))]) in ([True], [False])

    assert unseen(store) == []


def test_a_snapshot_that_shares_its_body_is_remembered(store: Store) -> None:
    add(store)
    settle(store, target(), 1)
    owned = claim(store, accept(store, now=after(2)), now=after(2))
    store.records.settle([stored(owned, at=after(2))])
    accepted = store.records.accept_each([(target(), record_of(store, target()))], now=after(3))[0]
    store.records.settle([shared(claim(store, accepted.record, now=after(3)), at=after(3))])
    store.observations.reindex(record_of(store, target()), [PastCollection(after(3), [Statement("status", "200")])])

    assert list(one_unseen(store).collections) == ok(1, 2, 3)


def test_a_target_is_looked_at_only_once_its_observations_are_those_of_its_outcome(store: Store) -> None:
    add(store)
    assert store.records.settle([stored(claim(store, accept(store)))]) == [True]
    assert unseen(store) == []

    assert store.observations.reindex(record_of(store, target()), [PastCollection(NOW, [Statement("status", "200")])])

    assert list(see(store).collections) == ok(0)


def test_a_collection_whose_workers_all_died_is_remembered_as_failed(store: Store) -> None:
    add(store)
    settle(store, target(), 1)
    claim(store, accept(store, now=after(2)), now=after(2))
    assert store.records.fail_spent(now=after(60), max_attempts=1, retry_at=after(99), limit=9) == 1
    assert store.records.fail_spent(now=after(60), max_attempts=1, retry_at=after(99), limit=9) == 0
    history = [PastCollection(after(1), [Statement("status", "200")]), PastCollection(after(60), [], failed=True)]
    store.observations.reindex(record_of(store, target()), history)

    assert list(see(store).collections) == [*ok(1), *bad(60)]


def test_the_latest_collections_are_kept(store: Store) -> None:
    add(store)
    for n in range(KEPT_COLLECTIONS + 5):
        settle(store, target(), n)

    only = see(store)

    assert (list(only.collections), only.new) == (ok(*range(5, KEPT_COLLECTIONS + 5)), KEPT_COLLECTIONS)


# Labels


def test_a_change_of_labels_is_to_be_looked_at_and_the_same_labels_are_none(store: Store) -> None:
    add(store)
    settle(store, target(), 1)
    see(store)

    assert store.observations.tag(target().id, ["prod"], now=after(2))
    only = see(store)
    assert (list(only.collections), only.new, only.tagged_at) == (ok(1), 0, after(2))

    assert store.observations.tag(target().id, ["prod"], now=after(3))
    store.observations.add_tags([target().id, "unknown"], ["prod"], now=after(3))
    assert unseen(store) == []
    store.observations.add_tags([target().id, "unknown"], ["eu"], now=after(4))
    store.observations.add_tags([target().id], ["us"], now=after(5))
    assert see(store).tagged_at == after(4)


def test_labels_and_outcomes_are_looked_at_together(store: Store) -> None:
    add(store)
    accept(store)
    store.observations.tag(target().id, ["prod"], now=after(1))
    claimed = claim(store, target(), now=after(1))
    outcome = replace(stored(claimed, body=None, at=after(2)), statements=Statements([Statement("status", "200")]))
    assert store.records.settle([outcome]) == [True]

    only = see(store)

    assert (list(only.collections), only.new, only.tagged_at) == (ok(2), 1, after(1))


def test_labels_of_a_target_that_was_collected_before_the_first_watch_come_with_that_collection(store: Store) -> None:
    settle(store, target(), 1)
    fail(store, target(), 2)
    add(store, now=after(3))

    store.observations.tag(target().id, ["prod"], now=after(4))

    only = see(store)
    assert (list(only.collections), only.new, only.tagged_at) == ([*ok(1), *bad(2)], 0, after(4))


def test_labels_that_changed_for_a_watch_that_is_gone_are_forgotten(store: Store) -> None:
    first = add(store, "first")
    settle(store, target(), 1)
    store.observations.tag(target().id, ["prod"], now=after(2))
    store.watches.delete(first.id)
    add(store, "second", now=after(3))

    settle(store, target(), 4)

    only = see(store)
    assert (list(only.collections), only.new, only.tagged_at) == (ok(1, 4), 1, None)


def test_labels_that_change_while_nobody_watches_are_forgotten(store: Store) -> None:
    settle(store, target(), 1)
    store.observations.tag(target().id, ["prod"], now=after(2))
    add(store, now=after(3))

    assert unseen(store) == []


# What was before the first watch, and in a gap


@pytest.mark.parametrize("failing", [False, True])
def test_of_the_time_before_the_first_watch_the_last_outcomes_are_known(store: Store, failing: bool) -> None:
    for n in range(3):
        settle(store, target(), n)
    if failing:
        fail(store, target(), 3)
    add(store, now=after(4))

    settle(store, target(), 5)

    only = see(store)
    assert (list(only.collections), only.new) == ([*ok(2), *(bad(3) if failing else []), *ok(5)], 1)


def test_a_failure_that_was_only_put_off_is_no_outcome_of_before(store: Store) -> None:
    settle(store, target(), 1)
    add(store, now=after(2))
    owned = claim(store, accept(store, now=after(3)), now=after(3))
    store.records.settle([postponed(owned, until=after(4), why=failure(at=after(3)))])
    owned = claim(store, target(), now=after(5))
    outcome = replace(stored(owned, body=None, at=after(5)), statements=Statements([Statement("status", "200")]))
    assert store.records.settle([outcome]) == [True]

    assert list(see(store).collections) == ok(1, 5)


def test_after_a_time_without_watches_collections_begin_anew(store: Store) -> None:
    first = add(store, "first")
    settle(store, target(), 1)
    settle(store, target(), 2)
    store.watches.delete(first.id)
    settle(store, target(), 3)
    settle(store, target(), 4)
    add(store, "second", now=after(5))
    settle(store, target(), 6)

    only = see(store)

    assert (list(only.collections), only.new) == (ok(4, 6), 1)


def test_what_was_unseen_when_the_last_watch_went_is_forgotten(store: Store) -> None:
    first = add(store, "first")
    for n in range(3):
        settle(store, target(n), 1)
    store.observations.tag(target(0).id, ["prod"], now=after(1))
    assert store.outcomes.forget(limit=9) == 0
    store.watches.delete(first.id)
    assert unseen(store) == []

    assert store.outcomes.forget(limit=2) == 2
    add(store, "second", now=after(5))
    settle(store, target(9), 6)
    assert store.outcomes.forget(limit=9) == 1
    assert store.outcomes.forget(limit=9) == 0
    assert one_unseen(store).record.target == target(9)


def test_a_watch_that_a_clock_ahead_of_the_workers_added_misses_nothing(store: Store) -> None:
    settle(store, target(), 1)
    add(store, now=after(3_600))

    settle(store, target(), 2)

    assert (list(one_unseen(store).collections), one_unseen(store).new) == (ok(1, 2), 1)
    assert store.outcomes.forget(limit=9) == 0


# Seen once


def test_a_look_at_a_target_that_had_another_outcome_since_counts_for_nothing(store: Store) -> None:
    kept = add(store)
    settle(store, target(0), 1)
    settle(store, target(1), 1)
    both = unseen(store)
    settle(store, target(0), 2)

    looked = [Looked(unseen=each, findings=[finding(kept, record_id=each.record.id)]) for each in both]
    assert [each.record.target for each, done in zip(both, look(store, *looked), strict=True) if not done] == [target(0)]

    assert [(each.record.target, each.new) for each in unseen(store)] == [(target(0), 2)]
    claimed = store.messages.claim(now=after(999), lease_for=LEASE)
    assert claimed is not None
    assert [each.record_id for each in store.messages.owed(claimed, limit=9)] == [target(1).id]


def test_what_a_fault_kept_watches_from_is_looked_at_with_the_next_outcome(store: Store) -> None:
    kept = add(store)
    settle(store, target(), 1)
    store.observations.tag(target().id, ["prod"], now=after(2))
    only = one_unseen(store)

    assert look(store, Looked(unseen=only, findings=[finding(kept)], broken=True)) == [True]

    assert unseen(store) == []
    assert look(store, Looked(unseen=only)) == [False]
    assert store.messages.owed(compose(store, now=after(999)), limit=9) == [finding(kept)]
    fail(store, target(), 3)
    again = one_unseen(store)
    assert (list(again.collections), again.new, again.tagged_at) == ([*ok(1), *bad(3)], 2, after(2))
    assert look(store, Looked(unseen=again)) == [True]
    settle(store, target(), 4)
    assert (one_unseen(store).new, one_unseen(store).tagged_at) == (1, None)


def test_a_look_at_labels_that_changed_again_counts_for_nothing(store: Store) -> None:
    add(store)
    settle(store, target(), 1)
    before = one_unseen(store)
    store.observations.tag(target().id, ["prod"], now=after(2))

    assert look(store, Looked(unseen=before)) == [False]
    assert see(store).tagged_at == after(2)


def test_of_two_looks_one_counts(store: Store) -> None:
    kept = add(store)
    settle(store, target(), 1)
    looked = Looked(unseen=one_unseen(store), findings=[finding(kept)])

    assert (look(store, looked), look(store, looked)) == ([True], [False])
    assert look(store) == []


def test_a_look_at_a_record_that_was_deleted_and_accepted_again_counts_for_nothing(store: Store) -> None:
    kept = add(store)
    settle(store, target(), 1)
    before = one_unseen(store)
    store.records.delete(target().id)
    assert look(store, Looked(unseen=before, findings=[finding(kept)])) == [False]
    assert unseen(store) == []

    settle(store, target(), 2)
    assert look(store, Looked(unseen=before, findings=[finding(kept)])) == [False]
    assert list(see(store).collections) == ok(2)


def test_what_a_watch_found_that_is_gone_by_now_is_left_out(store: Store) -> None:
    gone, kept = add(store, "gone"), add(store, "kept")
    settle(store, target(), 1)
    only = one_unseen(store)
    store.watches.delete(gone.id)

    assert look(store, Looked(unseen=only, findings=[finding(gone), finding(kept)])) == [True]

    claimed = store.messages.claim(now=after(999), lease_for=LEASE)
    assert claimed is not None
    assert claimed.watch.id == kept.id
    assert store.messages.claim(now=after(999), lease_for=LEASE) is None
    assert store.messages.retire(before=after(999), limit=9) == 0


def test_a_watch_with_a_new_finding_owes_a_message_a_little_later(store: Store) -> None:
    kept = add(store)
    settle(store, target(), 1)
    look(store, Looked(unseen=one_unseen(store), findings=[finding(kept)]))

    assert store.messages.claim(now=after(99) + GATHER - timedelta(milliseconds=1), lease_for=LEASE) is None
    assert store.messages.claim(now=after(99) + GATHER, lease_for=LEASE) is not None


def test_many_that_look_at_once_see_each_outcome_once(shared_store: Store) -> None:
    store = shared_store
    kept = add(store)
    for n in range(12):
        settle(store, target(n), n)
    every = unseen(store)

    def act(turn: int) -> list[str]:
        order = [*every[turn * 3 :], *every[: turn * 3]]
        looked = [Looked(unseen=each, findings=[finding(kept, record_id=each.record.id)]) for each in order]
        done = [store.outcomes.seen([each], now=after(99))[0] for each in looked]
        return [each.record.id for each, is_done in zip(order, done, strict=True) if is_done]

    at_once(4, act)

    assert unseen(store) == []
    claimed = store.messages.claim(now=after(999), lease_for=LEASE)
    assert claimed is not None
    owed = store.messages.owed(claimed, limit=99)
    assert sorted(each.record_id for each in owed) == sorted(target(n).id for n in range(12))


def test_outcomes_and_looks_that_meet_leave_no_outcome_unseen_for_ever(shared_store: Store) -> None:
    store = shared_store
    add(store)
    looked: list[int] = []

    def act(turn: int) -> None:
        if turn == 0:
            for n in range(30):
                settle(store, target(), n)
        for _ in range(40):
            for each in store.outcomes.unseen(limit=9):
                looked.extend([each.new] if look(store, Looked(unseen=each)) == [True] else [])

    at_once(3, act)

    assert unseen(store) == []
    assert sum(looked) >= 30
    assert accept_target(store, target(), now=after(999))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(actions=ORDERS["actions"], looks=st.lists(st.integers(0, 3), min_size=14, max_size=14))
def test_each_outcome_is_new_in_one_look_whatever_happens(
    sqlite: SqliteBackend, actions: list[tuple[Any, ...]], looks: list[int]
) -> None:
    """After each action, up to so many of the targets that are unseen are looked at."""
    sqlite.path.unlink(missing_ok=True)
    with closing(sqlite.open()) as store:
        add(store)
        world = World(store)
        seen: dict[str, list[Collection]] = {}
        happened: dict[str, list[Collection]] = {}

        def note() -> None:  # at once, because a failure that is never indexed is forgotten by the world
            for n, events in world.events.items():
                noted = happened.setdefault(target(n).id, [])
                ended = [Collection(each.at, each.kind == "failed") for each in events if each.kind != "tag"]
                noted += [each for each in ended if each not in noted]

        def see(limit: int) -> None:
            for each in store.outcomes.unseen(limit=limit):
                assert look(store, Looked(unseen=each)) == [True]
                seen.setdefault(each.record.id, []).extend(each.collections[len(each.collections) - each.new :])

        for action, limit in zip(actions, looks, strict=False):
            act(world, action)
            if action[0] == "delete":
                seen.pop(target(action[1]).id, None)
                happened.pop(target(action[1]).id, None)
            note()
            if limit:
                see(limit)
        world.reindex()
        see(99)

        assert {key: each for key, each in seen.items() if each} == {key: each for key, each in happened.items() if each}
        assert unseen(store) == []
