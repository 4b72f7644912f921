"""Messages: a watch that found something owes one, which tells each finding once, with the deliveries of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inventory.store import Store
from inventory.watches.model import GATHER, On
from inventory.webhooks.model import DeliveryState
from tests.contract.actions import LEASE, NOW, after
from tests.contract.backends import SqliteBackend
from tests.contract.meeting import at_once
from tests.contract.watch_actions import add, compose, delivered, delivery, find, finding, found, message, owe, tell

DUE = NOW + GATHER
MILLISECOND = timedelta(milliseconds=1)


def test_a_message_is_owed_when_its_findings_were_gathered(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, 1)])
    find(store, [finding(kept, 2)], now=after(5))

    assert store.messages.claim(now=DUE - MILLISECOND, lease_for=LEASE) is None
    claimed = compose(store, now=DUE)

    assert claimed.watch == found(store, kept)
    assert store.messages.claim(now=DUE, lease_for=LEASE) is None
    assert store.messages.owed(claimed, limit=9) == [finding(kept, 1), finding(kept, 2)]


def test_a_finding_comes_back_as_it_was_found(store: Store) -> None:
    kept = add(store)
    odd = finding(kept, 1, field="header.\ud800", old=("", "\0\ud83d"), new=("\U0001f600", "b" * 1_000), before=None)
    others = [finding(kept, n, on=each, field="", old=(), new=(), before=None) for n, each in enumerate(On)]

    find(store, [odd, *others])

    assert set(store.messages.owed(compose(store, now=DUE), limit=99)) == {odd, *others}


def test_the_same_finding_is_kept_once(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, 1), finding(kept, 1)])
    find(store, [finding(kept, 1), finding(kept, 2)])
    _, _, owed = tell(store, now=DUE)
    assert owed == [finding(kept, 1), finding(kept, 2)]

    find(store, [finding(kept, 1)], now=after(60))
    assert store.messages.claim(now=after(9999), lease_for=LEASE) is None


def test_a_message_is_kept_with_its_deliveries_and_tells_its_findings(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, n) for n in range(5)])

    told, owing, owed = tell(store, now=DUE)

    assert owed == [finding(kept, n) for n in range(5)]
    assert store.messages.find(told.id) == told
    assert store.messages.listing(kept.id, limit=9, after=None) == [replace(told, payload=b"")]
    assert store.messages.findings(told.id, limit=9, after=None) == [finding(kept, n) for n in (4, 3, 2, 1, 0)]
    third = finding(kept, 2)
    assert store.messages.findings(told.id, limit=1, after=(third.at, third.id)) == [finding(kept, 1)]
    assert store.deliveries.listing(address=None, message_id=told.id, state=None, limit=9, after=None) == [owing]
    assert (found(store, kept).messages, found(store, kept).last_message_at) == (1, DUE)
    assert store.messages.claim(now=after(9999), lease_for=LEASE) is None


def test_findings_of_one_instant_are_told_in_the_order_of_their_ids(store: Store) -> None:
    kept = add(store)
    same = sorted((finding(kept, 1, record_id=f"{n:032x}") for n in range(6)), key=lambda each: each.id)
    find(store, same)

    told, _, owed = tell(store, now=DUE)

    assert owed == same
    paged, position = [], None
    while some := store.messages.findings(told.id, limit=4, after=position):
        paged += some
        position = some[-1].at, some[-1].id
    assert paged == same[::-1]


def test_nothing_is_told_of_an_unknown_message(store: Store) -> None:
    assert store.messages.find("unknown") is None
    assert store.messages.findings("unknown", limit=9, after=None) == []
    assert store.messages.listing("unknown", limit=9, after=None) == []


def test_messages_are_listed_newest_first(store: Store) -> None:
    kept = add(store, cooldown=0)
    told = []
    for n in range(3):
        find(store, [finding(kept, n)], now=after(60 * n))
        told.append(tell(store, now=after(60 * n) + GATHER)[0])

    listed = store.messages.listing(kept.id, limit=2, after=None)
    rest = store.messages.listing(kept.id, limit=2, after=(listed[-1].created_at, listed[-1].id))

    assert [each.number for each in [*listed, *rest]] == [3, 2, 1]
    assert [each.id for each in [*listed, *rest]] == [each.id for each in told[::-1]]


def test_what_is_found_in_a_cooldown_is_told_after_it(store: Store) -> None:
    kept = add(store, cooldown=300)
    find(store, [finding(kept, 1)])
    tell(store, now=DUE)
    find(store, [finding(kept, 2)], now=DUE + MILLISECOND)
    find(store, [finding(kept, 3)], now=after(200))

    over = DUE + timedelta(seconds=300)
    assert store.messages.claim(now=over - MILLISECOND, lease_for=LEASE) is None
    assert tell(store, now=over)[2] == [finding(kept, 2), finding(kept, 3)]


def test_what_is_found_long_after_a_message_is_gathered(store: Store) -> None:
    kept = add(store, cooldown=300)
    find(store, [finding(kept, 1)])
    tell(store, now=DUE)
    find(store, [finding(kept, 2)], now=after(1_000))

    assert store.messages.claim(now=after(1_000), lease_for=LEASE) is None
    assert tell(store, now=after(1_000) + GATHER)[2] == [finding(kept, 2)]


def test_what_is_found_while_a_message_is_made_is_told_by_the_next_one(store: Store) -> None:
    kept = add(store, cooldown=60)
    find(store, [finding(kept, 5)])
    claimed = compose(store, now=DUE)
    owed = store.messages.owed(claimed, limit=9)
    find(store, [finding(kept, 4), finding(kept, 6)], now=DUE)

    assert store.messages.owed(claimed, limit=9) == owed == [finding(kept, 5)]
    told = message(claimed, owed, now=DUE)
    assert store.messages.commit(claimed, told, [], now=DUE)

    assert store.messages.findings(told.id, limit=9, after=None) == [finding(kept, 5)]
    assert store.messages.claim(now=DUE + timedelta(seconds=59), lease_for=LEASE) is None
    assert tell(store, now=DUE + timedelta(seconds=60))[2] == [finding(kept, 4), finding(kept, 6)]


def test_more_than_one_message_has_room_for_is_told_by_the_next_ones_the_oldest_first(store: Store) -> None:
    kept = add(store, cooldown=0)
    find(store, [finding(kept, n) for n in (3, 1, 4, 0, 2)])
    told = []
    for turn in range(3):
        now = DUE + turn * GATHER
        claimed = compose(store, now=now)
        owed = store.messages.owed(claimed, limit=2)
        assert store.messages.commit(claimed, message(claimed, owed, now=now), [], now=now)
        told.append([int(each.new[0]) for each in owed])

    assert told == [[0, 1], [2, 3], [4]]
    assert store.messages.claim(now=after(9999), lease_for=LEASE) is None


def test_the_claim_of_a_dead_composer_is_taken_over_and_its_findings_are_told_once(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, 1), finding(kept, 2)])
    dead = compose(store, now=DUE)
    assert store.messages.owed(dead, limit=1) == [finding(kept, 1)]

    assert store.messages.claim(now=DUE + LEASE - MILLISECOND, lease_for=LEASE) is None
    told, _, owed = tell(store, now=DUE + LEASE)

    assert owed == [finding(kept, 1), finding(kept, 2)]
    assert store.messages.owed(dead, limit=9) == []
    assert not store.messages.commit(dead, message(dead, owed, now=DUE), [delivery(told)], now=DUE)
    assert [each.id for each in store.messages.listing(kept.id, limit=9, after=None)] == [told.id]
    assert store.deliveries.tally() == {DeliveryState.PENDING: 1}
    assert store.messages.claim(now=after(9999), lease_for=LEASE) is None


def test_a_commit_that_is_sent_again_is_the_same(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, 1)])
    claimed = compose(store, now=DUE)
    told = message(claimed, store.messages.owed(claimed, limit=9), now=DUE)
    owing = delivery(told)

    assert [store.messages.commit(claimed, told, [owing], now=DUE) for _ in range(2)] == [True, True]

    assert store.messages.listing(kept.id, limit=9, after=None) == [replace(told, payload=b"")]
    assert store.deliveries.tally() == {DeliveryState.PENDING: 1}
    assert found(store, kept).messages == 1


def test_a_claim_with_nothing_owed_is_over(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, 1)])
    lost = compose(store, now=DUE)
    told = message(lost, store.messages.owed(lost, limit=9), now=DUE)
    store.messages.commit(lost, told, [], now=DUE)
    find(store, [finding(kept, 2)], now=after(900))
    claimed = compose(store, now=after(999))
    first = message(claimed, store.messages.owed(claimed, limit=9), now=after(999))
    assert store.messages.commit(claimed, first, [], now=after(999))

    assert store.messages.owed(claimed, limit=9) == []
    assert store.messages.claim(now=after(9999), lease_for=LEASE) is None


def test_the_watch_whose_message_is_due_longest_comes_first(store: Store) -> None:
    one, two = add(store, "one"), add(store, "two")
    find(store, [finding(two, 1)], now=after(0))
    find(store, [finding(one, 1)], now=after(1))

    assert [compose(store, now=after(99)).watch.id for _ in range(2)] == [two.id, one.id]


@pytest.mark.parametrize("paused", [True, False])
def test_a_paused_watch_tells_what_it_found(store: Store, paused: bool) -> None:
    kept = add(store)
    find(store, [finding(kept, 1)])
    assert store.watches.replace(kept, replace(kept, paused=paused, version=2, changed_at=after(1)))

    assert tell(store, now=DUE)[2] == [finding(kept, 1)]


def test_of_composers_that_claim_at_once_each_finding_is_told_once(shared_store: Store) -> None:
    store = shared_store
    kept = [add(store, f"{n}", cooldown=0) for n in range(3)]
    for each in kept:
        find(store, [finding(each, n) for n in range(8)])

    def act(_: int) -> list[str]:
        told: list[str] = []
        for turn in range(8):
            now = DUE + turn * GATHER
            while (claimed := store.messages.claim(now=now, lease_for=LEASE)) is not None:
                owed = store.messages.owed(claimed, limit=3)
                if owed and store.messages.commit(claimed, message(claimed, owed, now=now), [], now=now):
                    told += [one.id for one in owed]
        return told

    told = [each for mine in at_once(4, act) for each in mine]
    told += composed(store, 15, start=100_000)

    assert sorted(told) == sorted(finding(each, n).id for each in kept for n in range(8))
    assert numbers(store, kept[0].id) == list(range(len(numbers(store, kept[0].id)), 0, -1))


def numbers(store: Store, watch_id: str) -> list[int]:
    return [each.number for each in store.messages.listing(watch_id, limit=99, after=None)]


def test_findings_that_come_while_messages_are_made_are_told_once(shared_store: Store) -> None:
    store = shared_store
    kept = add(store, cooldown=0)

    def act(turn: int) -> list[str]:
        if turn < 2:
            for n in range(20):
                find(store, [finding(kept, n, field=f"{turn}")])
            return []
        return composed(store, 40)

    told = [each for mine in at_once(4, act) for each in mine]
    told += composed(store, 9, start=100_000)

    assert sorted(told) == sorted(finding(kept, n, field=f"{turn}").id for n in range(20) for turn in range(2))


def composed(store: Store, turns: int, *, start: int = 0) -> list[str]:
    """The findings that so many turns of a composer told, each later than any cooldown."""
    told: list[str] = []
    for turn in range(turns):
        now = after(start + 1_000 * (turn + 1))
        if (claimed := store.messages.claim(now=now, lease_for=LEASE)) is not None:
            owed: Sequence = store.messages.owed(claimed, limit=7)
            if owed and store.messages.commit(claimed, message(claimed, owed, now=now), [], now=now):
                told += [each.id for each in owed]
    return told


def test_old_messages_go_with_all_of_theirs_unless_a_delivery_goes_on(store: Store) -> None:
    kept = add(store, cooldown=0)
    told = []
    for n in range(3):
        find(store, [finding(kept, n)], now=after(60 * n))
        told.append(tell(store, now=after(60 * n) + GATHER))
    first, second = store.deliveries.claim_due(now=after(300), lease_for=LEASE, limit=2)
    assert first.message_id == told[0][0].id
    assert delivered(store, first)
    assert second.message_id == told[1][0].id
    find(store, [finding(kept, 9)], now=after(500))

    assert retire(store, before=told[2][0].created_at) == 3

    assert [each.number for each in store.messages.listing(kept.id, limit=9, after=None)] == [3, 2]
    assert store.messages.find(told[0][0].id) is None
    assert store.messages.findings(told[0][0].id, limit=9, after=None) == []
    assert store.messages.findings(told[1][0].id, limit=9, after=None) == [finding(kept, 1)]
    assert store.deliveries.listing(address=None, message_id=told[0][0].id, state=None, limit=9, after=None) == []
    assert delivered(store, second)
    assert retire(store, before=after(9999)) == 3
    assert [each.number for each in store.messages.listing(kept.id, limit=9, after=None)] == [3]
    assert tell(store, now=after(9999))[2] == [finding(kept, 9)]


def retire(store: Store, *, before: datetime, limit: int = 9) -> int:
    """Remove all that is old; how much that was."""
    removed = 0
    while some := store.messages.retire(before=before, limit=limit):
        removed += some
    return removed


def test_an_old_message_goes_in_parts_and_last_itself(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, n) for n in range(25)])
    (told, _, owed), old = tell(store, now=DUE), after(9_999)
    assert len(owed) == 25
    assert delivered(store, store.deliveries.claim_due(now=DUE, lease_for=LEASE, limit=1)[0])

    left = []
    while store.messages.retire(before=old, limit=10):
        left.append((store.messages.find(told.id) is not None, len(store.messages.findings(told.id, limit=99, after=None))))

    assert left[:2] == [(True, 15), (True, 5)]
    assert left[-1] == (False, 0)
    assert store.deliveries.tally() == {}
    assert found(store, kept).messages == 1


def test_what_is_left_of_a_watch_whose_deletion_was_cut_short_goes_with_old_messages(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as store:
        kept, other = add(store), add(store, "other")
        find(store, [finding(each, n) for n in range(9) for each in (kept, other)])
        tell(store, now=DUE)
        tell(store, now=DUE)
        find(store, [finding(each, 10) for each in (kept, other)], now=after(20))
        with closing(sqlite3.connect(sqlite.path)) as connection, connection:
            connection.execute("DELETE FROM watches WHERE id = ?", (kept.id,))

        assert retire(store, before=NOW, limit=20) == 10 + 2

        assert store.messages.listing(kept.id, limit=9, after=None) == []
        assert [each.findings for each in store.messages.listing(other.id, limit=9, after=None)] == [9]
        assert store.deliveries.tally() == {DeliveryState.PENDING: 1}
        with closing(sqlite3.connect(sqlite.path)) as connection:
            assert connection.execute("SELECT count(*) FROM findings").fetchone() == (10,)


def test_messages_whose_deliveries_go_on_keep_no_others_from_being_removed(store: Store) -> None:
    owe(store, 12, now=NOW)
    kept = add(store)
    find(store, [finding(kept, 1)])
    told, owing, _ = tell(store, now=DUE)
    (claimed,) = store.deliveries.claim_due(now=DUE, lease_for=LEASE, limit=1, first=owing.id)
    assert delivered(store, claimed)

    assert retire(store, before=after(9_999), limit=2) == 3

    assert store.messages.find(told.id) is None
    assert store.deliveries.tally() == {DeliveryState.PENDING: 12}


def test_a_message_tells_no_more_than_its_size_allows_but_one_finding_at_least(store: Store) -> None:
    kept = add(store, cooldown=0)
    find(store, [finding(kept, n, new=("x" * (9_000 if n == 0 else 3_000),)) for n in range(4)])

    told = []
    for turn in range(3):
        now = DUE + turn * GATHER
        claimed = compose(store, now=now)
        owed = store.messages.owed(claimed, limit=9, max_bytes=8_000)
        assert store.messages.owed(claimed, limit=9, max_bytes=8_000) == owed
        assert store.messages.commit(claimed, message(claimed, owed, now=now), [], now=now)
        told.append([each.at for each in owed])

    assert told == [[after(0)], [after(1), after(2)], [after(3)]]
    assert store.messages.claim(now=after(9_999), lease_for=LEASE) is None
