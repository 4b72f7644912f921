"""The ledger of deliveries: leased to one, tried until an end, and listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.store import Store
from inventory.webhooks.model import KEPT_ATTEMPTS, Attempt, Delivery, DeliveryState
from tests.contract.actions import LEASE, NOW, after
from tests.contract.meeting import at_once
from tests.contract.watch_actions import attempt, delivered, owe, running, webhook

PENDING, RUNNING, DELIVERED, FAILED, CANCELLED = DeliveryState


def take(store: Store, seconds: float = 0, limit: int = 9, first: str | None = None) -> list[Delivery]:
    return list(store.deliveries.claim_due(now=after(seconds), lease_for=LEASE, limit=limit, first=first))


def listed(store: Store, **chosen: object) -> list[Delivery]:
    return list(
        store.deliveries.listing(**{"address": None, "message_id": None, "state": None, **chosen}, limit=99, after=None)
    )


def only(store: Store) -> Delivery:
    (kept,) = listed(store)
    return kept


def test_a_delivery_is_leased_once_until_its_lease_is_over(store: Store) -> None:
    (owing,) = owe(store)

    (claimed,) = take(store)

    assert running(claimed) == replace(owing, state=RUNNING, due_at=NOW + LEASE, attempt=1, fence=1)
    assert len(claimed.lease or "") == 32
    assert only(store) == claimed
    assert take(store) == take(store, LEASE.seconds - 1) == []
    (again,) = take(store, LEASE.seconds)
    assert (again.attempt, again.fence) == (2, 2)
    assert again.lease != claimed.lease


def test_the_oldest_due_come_first_but_for_the_one_that_is_named(store: Store) -> None:
    ids = [owe(store, now=after(n))[0].id for n in (2, 0, 1, 3)]

    assert [each.id for each in take(store, 2, limit=2, first=ids[0])] == [ids[0], ids[1]]
    assert [each.id for each in take(store, 2, first=ids[0])] == [ids[2]]
    assert [each.id for each in take(store, 2, first=ids[3])] == []
    assert take(store, 2, first="unknown") == []
    assert [each.id for each in take(store, 3, first="unknown")] == [ids[3]]


def test_a_delivery_ends_with_what_its_attempts_were(store: Store) -> None:
    owe(store)
    (claimed,) = take(store)
    first = attempt()
    assert store.deliveries.settle(claimed, first, PENDING, due_at=after(60))
    assert (only(store).state, only(store).due_at, only(store).attempt) == (PENDING, after(60), 1)
    assert take(store, 59) == []

    (claimed,) = take(store, 60)
    assert claimed.attempts == (first,)
    second = Attempt(at=after(61), status=None, detail="It was \ud800.", elapsed_ms=15_000.0)
    assert store.deliveries.settle(claimed, second, FAILED, due_at=None)

    ended = only(store)
    assert (ended.state, ended.due_at, ended.ended_at, ended.attempt) == (FAILED, None, after(76), 2)
    assert ended.attempts == (first, second)
    assert take(store, 9999) == []
    assert store.deliveries.due(now=after(9999), limit=9) == {}


def test_an_attempt_that_does_not_count_is_not_counted(store: Store) -> None:
    owe(store)
    (claimed,) = take(store)

    assert store.deliveries.settle(claimed, attempt(), PENDING, due_at=after(5), counted=False)

    assert only(store).attempt == 0


def test_the_latest_attempts_are_kept(store: Store) -> None:
    owe(store)
    for n in range(KEPT_ATTEMPTS + 3):
        (claimed,) = take(store, n)
        assert store.deliveries.settle(claimed, attempt(n), PENDING, due_at=after(n + 1))

    assert only(store).attempts == tuple(attempt(n) for n in range(3, KEPT_ATTEMPTS + 3))
    assert only(store).attempt == KEPT_ATTEMPTS + 3


def test_who_lost_a_lease_settles_nothing(store: Store) -> None:
    owe(store)
    (slow,) = take(store)
    (claimed,) = take(store, LEASE.seconds)

    assert not delivered(store, slow)
    assert delivered(store, claimed)
    assert not delivered(store, claimed)
    assert only(store).state is DELIVERED


def test_an_ended_delivery_can_be_sent_again_and_one_that_goes_on_is_due_now(store: Store) -> None:
    owe(store)
    (claimed,) = take(store)
    assert store.deliveries.again(claimed.id, address=claimed.address, now=after(1)) == claimed
    assert store.deliveries.settle(claimed, attempt(), PENDING, due_at=after(600))
    sooner = store.deliveries.again(claimed.id, address=claimed.address, now=after(2))
    assert sooner is not None
    assert (sooner.state, sooner.due_at, sooner.attempt) == (PENDING, after(2), 1)
    (claimed,) = take(store, 2)
    assert delivered(store, claimed)

    again = store.deliveries.again(claimed.id, address=claimed.address, now=after(9))

    assert again == only(store)
    assert (again.state, again.due_at, again.attempt, again.ended_at) == (PENDING, after(9), 0, None)
    assert (sooner.again_at, again.again_at) == (None, after(9))
    assert len(again.attempts) == 2
    assert delivered(store, take(store, 9)[0])
    assert store.deliveries.again("unknown", address=claimed.address, now=after(9)) is None


def test_a_delivery_is_sent_again_under_its_own_address_only(store: Store) -> None:
    owe(store)
    (claimed,) = take(store)
    for end in (lambda: None, lambda: delivered(store, claimed)):
        end()
        before = only(store)
        assert store.deliveries.again(claimed.id, address="another", now=after(9)) is None
        assert only(store) == before


def test_a_claim_that_is_handed_back_leaves_no_attempt(store: Store) -> None:
    owe(store)
    (claimed,) = take(store)

    assert store.deliveries.settle(claimed, None, PENDING, due_at=after(5), counted=False)

    assert (only(store).state, only(store).attempt, only(store).attempts) == (PENDING, 0, ())
    assert take(store, 4) == []
    assert len(take(store, 5)) == 1


def test_what_is_owed_to_a_webhook_can_be_cancelled(store: Store) -> None:
    one, two, three = owe(store, 3, address="one")
    (other,) = owe(store, address="two")
    (mail,) = owe(store, kind="email", address="one")
    assert delivered(store, take(store, first=one.id, limit=1)[0])
    (going_on,) = take(store, first=two.id, limit=1)

    assert store.deliveries.cancel(webhook_id="one", now=after(5)) == 2

    states = {each.id: each.state for each in listed(store)}
    cancelled = {two.id: CANCELLED, three.id: CANCELLED}
    assert states == {one.id: DELIVERED, other.id: PENDING, mail.id: PENDING} | cancelled
    assert not delivered(store, going_on)
    assert {each.ended_at for each in listed(store, state=CANCELLED)} == {after(5)}
    assert store.deliveries.cancel(webhook_id="one", now=after(6)) == 0


def test_what_is_due_is_named_with_its_destination(store: Store) -> None:
    (one,) = owe(store, now=after(1), address="a" * 32)
    (two,) = owe(store, now=after(0), kind="email", address="ops@example.com")
    owe(store, now=after(9))

    due = store.deliveries.due(now=after(1), limit=9)

    assert list(due.items()) == [(two.id, "email:ops@example.com"), (one.id, f"webhook:{'a' * 32}")]
    assert list(store.deliveries.due(now=after(1), limit=1)) == [two.id]


def test_what_waits_for_a_webhook_that_is_not_to_be_called_yet_is_not_claimed(store: Store) -> None:
    resting, other = webhook("https://a.example"), webhook("https://b.example")
    for each in (resting, other):
        assert store.webhooks.add(each, at_most=9) == each
    (late,) = owe(store, address=resting.id)
    (now,) = owe(store, address=other.id)
    (mail,) = owe(store, kind="file", address=resting.id)
    store.webhooks.note(resting.id, failed_at=NOW, hold_until=after(60), disabled=None, now=NOW)

    assert set(store.deliveries.due(now=NOW, limit=9)) == {now.id, mail.id}
    assert {each.id for each in take(store, 0, first=late.id)} == {now.id, mail.id}
    assert take(store, 20) == []
    assert [each.id for each in take(store, 60)][-1:] == [late.id]


def test_deliveries_are_listed_newest_first_by_what_is_named(store: Store) -> None:
    made = [owe(store, now=after(n), address="ab"[n % 2])[0] for n in range(4)]
    assert delivered(store, take(store, 9, first=made[3].id, limit=1)[0])

    ids = [each.id for each in made]
    assert [each.id for each in listed(store)] == ids[::-1]
    assert [each.id for each in listed(store, address="b")] == [ids[3], ids[1]]
    assert [each.id for each in listed(store, address="b", state=PENDING)] == [ids[1]]
    assert [each.id for each in listed(store, state=PENDING)] == [ids[2], ids[1], ids[0]]
    assert listed(store, message_id=made[1].message_id, address="b", state=PENDING) == [made[1]]
    assert listed(store, message_id=made[1].message_id, address="a") == []
    assert listed(store, address="\ud800") == []
    position = made[2].created_at, made[2].id
    paged = store.deliveries.listing(address=None, message_id=None, state=None, limit=1, after=position)
    assert paged == [made[1]]


def test_deliveries_are_counted_by_their_state(store: Store) -> None:
    assert store.deliveries.tally() == {}
    owe(store, 3)
    assert delivered(store, take(store, limit=1)[0])

    assert store.deliveries.tally() == {PENDING: 2, DELIVERED: 1}


def test_no_delivery_is_claimed_twice_by_workers_that_claim_at_once(shared_store: Store) -> None:
    ids = {each.id for each in owe(shared_store, 40)}

    def act(_: int) -> list[str]:
        mine = []
        while claimed := take(shared_store, limit=3):
            mine += [each.id for each in claimed]
        return mine

    claimed = [each for mine in at_once(4, act) for each in mine]

    assert sorted(claimed) == sorted(ids)


@pytest.mark.parametrize("state", [PENDING, FAILED])
def test_a_delivery_that_was_cancelled_while_it_was_sent_stays_so(store: Store, state: DeliveryState) -> None:
    (owing,) = owe(store, address="one")
    (claimed,) = take(store)
    store.deliveries.cancel(webhook_id="one", now=after(1))

    due_at = None if state is FAILED else NOW + timedelta(seconds=60)
    assert not store.deliveries.settle(claimed, attempt(), state, due_at=due_at)

    assert [each.id for each in listed(store, state=CANCELLED)] == [owing.id]
