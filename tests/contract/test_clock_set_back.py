"""A clock that was an hour ahead and is set back leaves nothing waiting: what is due implausibly late is due."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inventory.jobs.model import NewBatch
from inventory.products.model import Product, ProductFilter, ProductVersion
from inventory.records.model import LONGEST_DELAY, State
from inventory.store import Store
from inventory.watches.model import GATHER, Schedule
from inventory.webhooks.decisions import BACK_OFF, JITTER
from inventory.webhooks.delivering import LEASE as DELIVERY_LEASE
from inventory.webhooks.model import DeliveryState
from tests.contract.actions import LEASE, NOW, accept, accept_target, after, claim, failure, found, postponed, stored, target
from tests.contract.job_actions import job
from tests.contract.watch_actions import add, find, finding, owe, tell, webhook

HOUR = timedelta(hours=1)
AHEAD = NOW + HOUR
MAX_ATTEMPTS = 99


def pending(store: Store) -> None:
    accept(store, 1, now=AHEAD)


def pending_for_a_job(store: Store) -> None:
    store.records.accept_all([(target(1), None)], now=AHEAD)


def postponed_far(store: Store) -> None:
    owned = claim(store, accept(store, 1, now=AHEAD), now=AHEAD)
    assert store.records.settle([postponed(owned, until=AHEAD + timedelta(seconds=9), why=failure(at=AHEAD))]) == [True]


def left_by_a_worker(store: Store) -> None:
    claim(store, accept(store, 1, now=AHEAD), now=AHEAD)


LEFT: list[Callable[[Store], None]] = [pending, pending_for_a_job, postponed_far, left_by_a_worker]


def claim_any(store: Store, now: datetime) -> list[str]:
    expired = store.records.claim_expired(now=now, lease_for=LEASE, max_attempts=MAX_ATTEMPTS)
    claims = [*([expired] if expired else []), *store.records.claim_due(now=now, lease_for=LEASE, limit=9)]
    assert store.records.settle([stored(each, at=now) for each in claims]) == [True] * len(claims)
    return [each.id for each in claims]


@pytest.mark.parametrize("leave", LEFT)
def test_what_is_due_in_an_hour_is_due_now(store: Store, leave: Callable[[Store], None]) -> None:
    leave(store)

    assert list(store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9)) == [target(1).id]
    assert claim_any(store, NOW) == [target(1).id]
    assert store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9) == {}
    assert claim_any(store, AHEAD) == []


@pytest.mark.parametrize("leave", LEFT)
def test_it_can_be_claimed_by_name(store: Store, leave: Callable[[Store], None]) -> None:
    leave(store)

    owned = claim(store, target(1), now=NOW)

    assert owned.due_at == after(LEASE.total_seconds())
    assert store.records.claim(target(1).id, now=NOW, lease_for=LEASE) is None


def test_what_used_up_its_attempts_in_the_hour_ahead_fails(store: Store) -> None:
    left_by_a_worker(store)

    assert store.records.due(now=NOW, max_attempts=1, limit=9) == {}
    assert store.records.fail_spent(now=NOW, max_attempts=1, retry_at=after(1), limit=9) == 1
    assert found(store, target(1)).state is State.FAILED


def test_what_is_really_due_comes_first(store: Store) -> None:
    pending(store)
    for n in (2, 3):
        accept(store, n)

    claims = store.records.claim_due(now=NOW, lease_for=LEASE, limit=2)
    assert {each.id for each in claims} == {target(2).id, target(3).id}
    assert [each.id for each in store.records.claim_due(now=NOW, lease_for=LEASE, limit=2)] == [target(1).id]


def test_the_longest_pause_is_kept(store: Store) -> None:
    owned = claim(store, accept(store, 1))
    assert store.records.settle([postponed(owned, until=NOW + LONGEST_DELAY)]) == [True]

    assert store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9) == {}
    assert claim_any(store, NOW) == []
    assert claim_any(store, NOW + LONGEST_DELAY) == [target(1).id]


def test_the_longest_lease_is_kept(store: Store) -> None:
    accept_target(store, target(1))
    assert store.records.claim(target(1).id, now=NOW, lease_for=timedelta(seconds=615))

    assert store.records.claim(target(1).id, now=NOW, lease_for=LEASE) is None
    assert claim_any(store, NOW) == []
    assert store.records.due(now=NOW, max_attempts=MAX_ATTEMPTS, limit=9) == {}
    assert store.records.fail_spent(now=NOW, max_attempts=1, retry_at=after(1), limit=9) == 0


def queued(store: Store) -> None:
    store.jobs.create(replace(job(), created_at=AHEAD))


def claimed_by_a_worker(store: Store) -> None:
    queued(store)
    assert store.jobs.claim(now=AHEAD, lease_for=LEASE)


def handed_back(store: Store) -> None:
    queued(store)
    claimed = store.jobs.claim(now=AHEAD, lease_for=LEASE)
    assert claimed
    assert store.jobs.release(claimed[1], due_at=AHEAD + timedelta(seconds=9))


def split(store: Store) -> None:
    queued(store)
    claimed = store.jobs.claim(now=AHEAD, lease_for=LEASE)
    assert claimed
    renewed = store.jobs.add_batches(claimed[1], [NewBatch(1, 1, 9, 9, 99)], checkpoint=None, until=AHEAD + LEASE)
    assert renewed
    assert store.jobs.finish(renewed, total=9)


def split_and_claimed(store: Store) -> None:
    split(store)
    assert store.jobs.claim(now=AHEAD, lease_for=LEASE)


@pytest.mark.parametrize("leave", [queued, claimed_by_a_worker, handed_back, split, split_and_claimed])
def test_the_batches_of_a_job_are_due_now(store: Store, leave: Callable[[Store], None]) -> None:
    leave(store)

    assert len(store.jobs.due(now=NOW, limit=9)) == 1
    claimed = store.jobs.claim(now=NOW, lease_for=LEASE)
    assert claimed is not None
    assert store.jobs.claim(now=NOW, lease_for=LEASE) is None
    assert store.jobs.due(now=NOW, limit=9) == []
    assert store.jobs.finish(claimed[1], total=9)


# Watches, messages and deliveries

A_DAY = timedelta(days=1)
TOMORROW = NOW + A_DAY


def sweep(store: Store, now: datetime) -> list[Schedule]:
    """All schedules after a look through them."""
    assert store.schedules.sweep(after="", limit=9, now=now) == ""
    return list(store.schedules.due(now=now + 99 * A_DAY, limit=9))


def test_a_schedule_of_tomorrow_is_due_within_its_period_and_at_its_instant(store: Store) -> None:
    kept = add(store, every=3_600)
    late = [Schedule(kept.id, target(n).id, TOMORROW + timedelta(seconds=n), 1) for n in (0, 7)]
    assert store.schedules.enrol(kept, late, up_to=None)

    assert [each.due_at for each in sweep(store, NOW)] == [NOW, after(7)]


def test_a_schedule_is_due_no_sooner_than_it_says(store: Store) -> None:
    kept = add(store, every=3_600)
    ahead = [Schedule(kept.id, target(n).id, after(seconds), 1) for n, seconds in enumerate((-5, 60, 3_600, 3_900))]
    assert store.schedules.enrol(kept, ahead, up_to=None)

    assert sweep(store, NOW) == ahead


@pytest.mark.parametrize("cooldown", [0, 300])
def test_a_message_of_tomorrow_is_due(store: Store, cooldown: int) -> None:
    kept = add(store, cooldown=cooldown)
    find(store, [finding(kept, 1)], now=TOMORROW)

    assert store.messages.claim(now=NOW, lease_for=LEASE) is not None


def test_a_message_that_somebody_began_tomorrow_is_begun_again(store: Store) -> None:
    kept = add(store)
    find(store, [finding(kept, 1)], now=TOMORROW)
    assert store.messages.claim(now=TOMORROW + GATHER, lease_for=LEASE) is not None

    assert tell(store, now=NOW)[2] == [finding(kept, 1)]


def test_the_longest_cooldown_is_kept(store: Store) -> None:
    kept = add(store, cooldown=int(A_DAY.total_seconds()))
    find(store, [finding(kept, 1)], now=NOW - GATHER)
    tell(store, now=NOW)
    find(store, [finding(kept, 2)], now=NOW)

    assert store.messages.claim(now=NOW, lease_for=LEASE) is None
    assert store.messages.claim(now=TOMORROW - timedelta(seconds=1), lease_for=LEASE) is None
    assert store.messages.claim(now=TOMORROW, lease_for=LEASE) is not None


def test_a_cooldown_that_began_tomorrow_begins_now(store: Store) -> None:
    kept = add(store, cooldown=3_600)
    find(store, [finding(kept, 1)], now=TOMORROW - GATHER)
    tell(store, now=TOMORROW)
    find(store, [finding(kept, 2)], now=NOW)

    assert store.messages.claim(now=after(3_599), lease_for=LEASE) is None
    assert store.messages.claim(now=after(3_600), lease_for=LEASE) is not None


def take(store: Store, now: datetime) -> list[str]:
    """The ids of the deliveries that are due, which are claimed."""
    due = list(store.deliveries.due(now=now, limit=9))
    assert {each.id for each in store.deliveries.claim_due(now=now, lease_for=LEASE, limit=9)} == set(due)
    return due


def test_a_delivery_that_was_claimed_or_put_off_the_day_after_tomorrow_is_due(store: Store) -> None:
    one, two = owe(store, 2, now=NOW)
    (claimed,) = store.deliveries.claim_due(now=TOMORROW + A_DAY, lease_for=LEASE, limit=1, first=one.id)
    (put_off,) = store.deliveries.claim_due(now=TOMORROW + A_DAY, lease_for=LEASE, limit=1, first=two.id)
    assert store.deliveries.settle(put_off, None, DeliveryState.PENDING, due_at=TOMORROW + A_DAY, counted=False)

    assert sorted(take(store, NOW)) == sorted([claimed.id, put_off.id])


def test_a_delivery_that_was_claimed_tomorrow_is_due(store: Store) -> None:
    (owing,) = owe(store)
    store.deliveries.claim_due(now=TOMORROW, lease_for=LEASE, limit=1)

    assert take(store, NOW) == [owing.id]


def test_the_longest_pause_and_lease_of_a_delivery_are_kept(store: Store) -> None:
    put_off, leased = owe(store, 2)
    longest = BACK_OFF[-1] * (1 + JITTER)
    (claimed,) = store.deliveries.claim_due(now=NOW, lease_for=DELIVERY_LEASE, limit=1, first=put_off.id)
    assert store.deliveries.settle(claimed, None, DeliveryState.PENDING, due_at=after(longest), counted=False)
    store.deliveries.claim_due(now=NOW, lease_for=DELIVERY_LEASE, limit=1, first=leased.id)

    assert take(store, NOW) == []
    assert take(store, NOW + DELIVERY_LEASE) == [leased.id]


def test_a_pause_that_a_receiver_asked_for_the_day_after_tomorrow_holds_nothing_up(store: Store) -> None:
    receiver = webhook()
    assert store.webhooks.add(receiver, at_most=9) == receiver
    (owing,) = owe(store, address=receiver.id)
    ahead = TOMORROW + HOUR
    store.webhooks.note(receiver.id, failed_at=ahead, hold_until=ahead, disabled=None, now=ahead)

    assert take(store, NOW) == [owing.id]
    store.webhooks.note(receiver.id, failed_at=NOW, hold_until=after(9), disabled=None, now=NOW)
    kept = store.webhooks.find(receiver.id)
    assert kept is not None
    assert kept.not_before == after(9)


def test_a_failure_stands_until_it_may_be_tried_again_but_not_for_an_hour_ahead() -> None:
    assert failure(at=NOW).stands(NOW)
    assert failure(at=NOW).stands(after(299))
    assert not failure(at=NOW).stands(after(300))
    assert not failure(at=AHEAD).stands(NOW)
    assert failure(at=after(1)).stands(NOW)


def test_a_product_that_was_seen_in_an_hour_ahead_is_kept_as_it_is_seen_now(store: Store) -> None:
    def see(price: float, *, at: datetime) -> list[float]:
        product = Product(feed="acme", id="n1", title="Thing", price=price)
        store.products.keep(ProductVersion(secrets.token_hex(16), "shop.example", at, (product,)))
        record = store.records.look_up(product.target("shop.example").id)
        [entry] = store.products.listing(ProductFilter(), limit=9, after=None)
        assert record is not None
        assert record.snapshot is not None
        assert record.record.collected_at == record.snapshot.collected_at == entry.seen_at
        return [entry.product.price, record.snapshot.content["price"]]

    see(1.0, at=AHEAD)

    assert see(2.0, at=NOW) == [2.0, 2.0]
    assert see(3.0, at=NOW + LONGEST_DELAY) == [3.0, 3.0]
    assert see(4.0, at=NOW) == [3.0, 3.0]
