"""Watches: one of each name, replaced only as they were seen, and gone with all that they owe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inventory.limits import Limits
from inventory.store import Store
from inventory.watches.model import GATHER, On, SinkKind
from tests.contract.actions import LEASE, NOW, after, target
from tests.contract.watch_actions import (
    MANY,
    add,
    compose,
    destination,
    find,
    finding,
    found,
    message,
    one_unseen,
    owe,
    schedules,
    settle,
    tell,
    unseen,
    watch,
)

ALL = {
    "query": "status:200 AND \ud800",
    "every": None,
    "on": tuple(On),
    "fields": "header.*,-header.date",
    "persist": 3,
    "cooldown": 60,
    "expires_within": 14,
    "destinations": (destination(), destination("b" * 32, SinkKind.WEBHOOK), destination("x", SinkKind.FILE)),
    "limits": Limits(hosts=frozenset({"*.example.com", "[::1]"}), tags=frozenset({"team: é"})),
    "paused": True,
    "resumed_at": after(-5),
}


def test_a_watch_comes_back_as_it_was_added(store: Store) -> None:
    wanted = add(store, "Ünï \ud83d \0 name", **ALL)

    assert store.watches.find(wanted.id) == store.watches.named(wanted.name) == wanted
    assert store.watches.find("nobody") is store.watches.named("hsts") is None


def test_a_second_watch_of_a_name_is_not_added(store: Store) -> None:
    first = add(store)

    assert store.watches.add(watch(), at_most=MANY) == first
    assert store.watches.add(first, at_most=MANY) == first
    assert store.watches.listing(limit=9, after=None) == [first]


def test_there_are_at_most_so_many(store: Store) -> None:
    first = add(store, "a")

    assert store.watches.add(watch("b"), at_most=1) is None
    assert store.watches.add(watch("a"), at_most=1) == first
    assert store.watches.named("b") is None


def test_watches_are_listed_newest_first_and_active_ones_oldest_first(store: Store) -> None:
    one, two, three = (add(store, f"{n}", now=after(n), paused=n == 1) for n in range(3))

    assert store.watches.listing(limit=2, after=None) == [three, two]
    assert store.watches.listing(limit=2, after=(two.created_at, two.id)) == [one]
    assert store.watches.active() == [one, three]


def test_what_people_set_is_replaced_and_what_is_owed_and_told_stays(store: Store) -> None:
    first = add(store, destinations=(destination(),))
    find(store, [finding(first, 1)])
    tell(store, now=NOW + GATHER)
    find(store, [finding(first, 2)])
    told = found(store, first)
    assert (told.messages, told.last_message_at) == (1, NOW + GATHER)

    changed = replace(told, name="other", persist=4, changed_at=after(5))
    assert store.watches.replace(told, changed)

    assert found(store, first) == changed
    assert store.messages.owed(compose(store, now=after(9999)), limit=9) == [finding(first, 2)]


@pytest.mark.parametrize(("cooldown", "due_at"), [(60, 70), (5, 40), (2_592_000, 2_592_010)])
def test_another_cooldown_moves_the_message_that_is_owed(store: Store, cooldown: int, due_at: float) -> None:
    first = add(store, cooldown=7_200)
    find(store, [finding(first, 1)])
    tell(store, now=NOW + GATHER)
    find(store, [finding(first, 2)], now=after(20))
    seen = found(store, first)

    assert store.watches.replace(seen, replace(seen, cooldown=cooldown, changed_at=after(30)))

    assert store.messages.claim(now=after(due_at - 1), lease_for=LEASE) is None
    assert store.messages.owed(compose(store, now=after(due_at)), limit=9) == [finding(first, 2)]


def test_another_name_does_not_move_the_message_that_is_owed(store: Store) -> None:
    first = add(store)
    find(store, [finding(first, 1)])

    assert store.watches.replace(first, replace(first, name="new", changed_at=after(9)))

    assert compose(store, now=NOW + GATHER).watch.name == "new"


def test_a_message_that_is_being_made_stays_leased_and_the_next_one_has_the_new_cooldown(store: Store) -> None:
    first = add(store, cooldown=7_200)
    find(store, [finding(first, 1), finding(first, 2)])
    claimed = compose(store, now=after(20))
    (told,) = store.messages.owed(claimed, limit=1)

    assert store.watches.replace(first, replace(first, cooldown=60, changed_at=after(21)))
    assert store.messages.claim(now=after(22), lease_for=LEASE) is None
    assert store.messages.commit(claimed, message(claimed, [told], now=after(23)), [], now=after(23))

    assert store.messages.claim(now=after(82), lease_for=LEASE) is None
    assert len(store.messages.owed(compose(store, now=after(83)), limit=9)) == 1


def test_nothing_is_owed_because_of_another_cooldown(store: Store) -> None:
    first = add(store)

    assert store.watches.replace(first, replace(first, cooldown=1, changed_at=after(1)))

    assert store.messages.claim(now=after(9_999), lease_for=LEASE) is None


def test_a_watch_that_was_replaced_since_it_was_seen_stays(store: Store) -> None:
    seen = add(store)
    winner = replace(seen, query="status:404", version=2)

    assert store.watches.replace(seen, winner)
    assert not store.watches.replace(seen, replace(seen, query="status:500", changed_at=after(9), version=2))
    assert found(store, seen) == winner


def test_a_watch_does_not_get_the_name_of_another(store: Store) -> None:
    one, two = add(store, "one"), add(store, "two")

    assert not store.watches.replace(two, replace(two, name="one", changed_at=after(1)))
    assert (found(store, one), found(store, two)) == (one, two)


def test_a_new_version_is_to_be_enrolled_anew_and_another_change_goes_on(store: Store) -> None:
    seen = add(store)
    assert store.schedules.enrol(seen, [], up_to=(NOW, "x"))
    seen = found(store, seen)
    assert (seen.enrolled, seen.enrolled_up_to) == (False, (NOW, "x"))

    assert store.watches.replace(seen, replace(seen, cooldown=1, changed_at=after(1)))
    seen = found(store, seen)
    assert seen.enrolled_up_to == (NOW, "x")

    assert store.watches.replace(seen, replace(seen, query="status:404", version=2))
    assert (found(store, seen).enrolled, found(store, seen).enrolled_up_to) == (False, None)


def test_a_deleted_watch_leaves_nothing_and_its_schedules_are_void(store: Store) -> None:
    doomed, other = add(store, "doomed"), add(store, "other")
    for each in (doomed, other):
        find(store, [finding(each, 1)])
        told, owing, _ = tell(store, now=NOW + GATHER)
        find(store, [finding(each, 2)])
        assert store.schedules.enrol(each, schedules(each, 1), up_to=None)

    assert store.watches.delete(doomed.id)

    assert not store.watches.delete(doomed.id)
    assert store.watches.active() == [found(store, other)]
    assert store.messages.listing(doomed.id, limit=9, after=None) == []
    assert [each.id for each in store.messages.listing(other.id, limit=9, after=None)] == [told.id]
    assert list(store.deliveries.due(now=after(99), limit=9)) == [owing.id]
    assert store.messages.owed(compose(store, now=after(9999)), limit=9) == [finding(other, 2)]
    assert store.messages.claim(now=after(9999), lease_for=LEASE) is None
    assert store.schedules.sweep(after="", limit=9, now=NOW) == ""
    assert store.schedules.due(now=after(99), limit=9) == schedules(other, 1)
    assert store.watches.add(replace(watch("doomed"), id=doomed.id), at_most=MANY) is not None


def test_deleting_a_watch_leaves_deliveries_of_others(store: Store) -> None:
    doomed = add(store)
    (owing,) = owe(store)

    store.watches.delete(doomed.id)

    assert list(store.deliveries.due(now=after(99), limit=9)) == [owing.id]


@pytest.mark.parametrize("end", ["delete", "pause"])
def test_outcomes_are_remembered_while_a_watch_is_active_and_only_then(store: Store, end: str) -> None:
    settle(store, target(0), 0)
    first = add(store, "first", now=after(1))
    second = add(store, "second", now=after(1))
    settle(store, target(1), 2)
    for each in (first, second):
        paused = replace(each, paused=True, changed_at=after(3), version=2)
        assert store.watches.delete(each.id) if end == "delete" else store.watches.replace(each, paused)
        settle(store, target(2), 4 if each is first else 5)
    assert unseen(store) == []

    add(store, "third", now=after(6))
    assert unseen(store) == []
    settle(store, target(3), 7)
    assert one_unseen(store).record.target == target(3)


def test_a_watch_that_is_resumed_or_added_paused_begins_and_ends_remembering(store: Store) -> None:
    paused = add(store, paused=True)
    settle(store, target(0), 1)
    assert unseen(store) == []

    assert store.watches.replace(paused, replace(paused, paused=False, version=2, changed_at=after(2)))
    settle(store, target(1), 3)

    assert one_unseen(store).record.target == target(1)
