"""What is due is shared evenly between owners, whatever they have: lookups, jobs, retries, and what dead workers left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from inventory.jobs.model import SPLITTING
from inventory.records.model import Acceptance, State
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, accept, after, collect, found, postponed, stored, target
from tests.contract.job_actions import job, new_batches
from tests.contract.meeting import at_once
from tests.contract.owner_actions import BUSY, NOBODY, OTHER, claimed, import_, look_up, owned, ready_for, shares

HOUR = timedelta(hours=1)
Ask = Callable[..., None]


@pytest.mark.parametrize("other", [look_up, import_])
@pytest.mark.parametrize("busy", [look_up, import_])
@pytest.mark.parametrize(("rich", "poor"), [(BUSY, OTHER), (OTHER, BUSY), (NOBODY, OTHER), (BUSY, NOBODY)])
def test_an_owner_with_little_has_half_of_each_claim_until_it_has_nothing(
    store: Store, rich: str, poor: str, busy: Ask, other: Ask
) -> None:
    busy(store, rich, 100, now=after(-60))
    other(store, poor, 10)

    assert [shares(claimed(store, 8)) for _ in range(2)] == [{rich: 4, poor: 4}] * 2
    assert shares(claimed(store, 8)) == {rich: 6, poor: 2}
    assert shares(claimed(store, 8)) == {rich: 8}


def test_a_claim_takes_all_that_is_due_if_that_is_less(store: Store) -> None:
    for owner, count in ((BUSY, 5), (OTHER, 2), (NOBODY, 1)):
        look_up(store, owner, count)

    assert shares(claimed(store, 9)) == {BUSY: 5, OTHER: 2, NOBODY: 1}
    assert claimed(store, 9) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_more_owners_than_a_claim_takes_are_served_one_after_the_other(store: Store, limit: int) -> None:
    owners = ["", *(f"{n:032x}" for n in range(0, 160, 16))]
    for n, owner in enumerate(owners):
        (look_up if n % 2 else import_)(store, owner, 6 if n else 30)
    taken: Counter[str] = Counter()

    for _ in range(33 // limit):
        taken += Counter(shares(claimed(store, limit)))

        assert max(taken.values()) - min(taken[owner] for owner in owners) <= 1


def test_what_an_owner_gives_is_what_it_waits_for_most(store: Store) -> None:
    import_(store, BUSY, 2, now=after(-9))
    look_up(store, BUSY, 1, first=5, now=after(-1))
    look_up(store, BUSY, 1, first=6, now=after(-2))
    import_(store, OTHER, 3)

    claims = claimed(store, 5)

    assert [each.target for each in claims[:2]] == [owned(BUSY, 6), owned(BUSY, 5)]
    assert [each.bulk for each in claims] == [False, False, True, True, True]
    assert shares(claims) in ({BUSY: 3, OTHER: 2}, {BUSY: 2, OTHER: 3})


def test_what_jobs_asked_for_is_left_for_later_and_lookups_are_shared(store: Store) -> None:
    look_up(store, BUSY, 9)
    import_(store, BUSY, 9, first=9)
    look_up(store, OTHER, 3)
    import_(store, NOBODY, 9)

    claims = claimed(store, 6, bulk=False)

    assert shares(claims) == {BUSY: 3, OTHER: 3}
    assert not any(each.bulk for each in claims)
    assert shares(claimed(store, 99, bulk=False)) == {BUSY: 6}
    assert claimed(store, 9, bulk=False) == []


def test_a_named_record_comes_before_all_others_whoever_owns_it(store: Store) -> None:
    look_up(store, BUSY, 9)
    look_up(store, OTHER, 9)

    claims = store.records.claim_due(now=NOW, lease_for=LEASE, limit=5, first=owned(OTHER, 8).id)

    assert claims[0].target == owned(OTHER, 8)
    assert len({each.id for each in claims}) == 5


def test_owners_that_only_pause_are_passed_over(store: Store) -> None:
    owners = [f"{n:032x}" for n in range(12)]
    for owner in owners:
        look_up(store, owner, 1)
    claims = claimed(store, 12)
    assert store.records.settle([postponed(each, until=after(60)) for each in claims]) == [True] * 12
    look_up(store, f"{5:032x}5", 3)

    assert shares(claimed(store, 2)) == {f"{5:032x}5": 2}
    assert shares(claimed(store, 9)) == {f"{5:032x}5": 1}
    assert claimed(store, 9, now=after(59)) == []
    assert shares(claimed(store, 99, now=after(60))) == dict.fromkeys(owners, 1)


def test_what_is_tried_again_is_shared_like_all_else(store: Store) -> None:
    import_(store, BUSY, 50)
    import_(store, OTHER, 3)
    claims = claimed(store, 99)
    store.records.settle([postponed(each, until=after(9 if each.owner == BUSY else 10)) for each in claims])

    assert shares(claimed(store, 4, now=after(10))) == {BUSY: 2, OTHER: 2}
    assert shares(claimed(store, 4, now=after(10))) == {BUSY: 3, OTHER: 1}


def test_what_dead_workers_left_is_claimed_in_turns(store: Store) -> None:
    import_(store, BUSY, 20)
    claimed(store, 20)
    look_up(store, OTHER, 2, now=after(1))
    claimed(store, 2, now=after(1))
    over = after(1) + LEASE

    again = [store.records.claim_expired(now=over, lease_for=LEASE, max_attempts=2) for _ in range(4)]

    assert shares(each for each in again if each) == {BUSY: 2, OTHER: 2}
    assert store.records.is_any_expired(now=over, max_attempts=2)
    rest = [store.records.claim_expired(now=over, lease_for=LEASE, max_attempts=2) for _ in range(19)]
    assert shares(each for each in rest if each) == {BUSY: 18}
    assert not store.records.is_any_expired(now=over, max_attempts=2)


def test_what_an_owner_used_up_fails_whoever_it_is(store: Store) -> None:
    for owner in (BUSY, OTHER, NOBODY):
        look_up(store, owner, 3)
    claimed(store, 9)
    late = NOW + LEASE

    assert store.records.claim_expired(now=late, lease_for=LEASE, max_attempts=1) is None
    assert [store.records.fail_spent(now=late, max_attempts=1, retry_at=late, limit=5) for _ in range(3)] == [5, 4, 0]
    assert {found(store, owned(owner, n)).state for owner in (BUSY, OTHER, NOBODY) for n in range(3)} == {State.FAILED}


@pytest.mark.parametrize("ask", [look_up, import_])
def test_what_a_clock_wrote_that_was_ahead_has_its_share(store: Store, ask: Ask) -> None:
    ask(store, BUSY, 20)
    ask(store, OTHER, 3, now=NOW + HOUR)

    assert shares(claimed(store, 4)) == {BUSY: 2, OTHER: 2}
    assert shares(claimed(store, 4)) == {BUSY: 3, OTHER: 1}


def test_what_a_dead_worker_leased_whose_clock_was_ahead_has_its_share(store: Store) -> None:
    look_up(store, BUSY, 9, now=after(-99))
    claimed(store, 9, now=after(-99))
    look_up(store, OTHER, 1, now=NOW + HOUR)
    claimed(store, 1, now=NOW + HOUR)

    again = [store.records.claim_expired(now=NOW, lease_for=LEASE, max_attempts=9) for _ in range(2)]

    assert shares(each for each in again if each) == {BUSY: 1, OTHER: 1}


def test_what_is_due_is_told_in_turns_the_oldest_first(store: Store) -> None:
    for n in range(2):
        look_up(store, BUSY, 1, first=n, now=after(n - 3))
        import_(store, OTHER, 1, first=n, now=after(n - 9))
    look_up(store, NOBODY, 1, now=after(-5))
    order = [owned(NOBODY, 0), owned(BUSY, 0), owned(OTHER, 0), owned(BUSY, 1), owned(OTHER, 1)]

    assert list(store.records.due(now=NOW, max_attempts=9, limit=9).items()) == [(each.id, each.key) for each in order]
    assert list(store.records.due(now=NOW, max_attempts=9, limit=2)) == [each.id for each in order[:2]]


def test_expired_leases_are_due_after_all_owners_others(store: Store) -> None:
    for owner in (BUSY, OTHER):
        look_up(store, owner, 1)
    claimed(store, 2)
    look_up(store, NOBODY, 1, now=after(99))

    due = list(store.records.due(now=after(99), max_attempts=2, limit=9))

    assert due[0] == owned(NOBODY, 0).id
    assert set(due[1:]) == {owned(BUSY, 0).id, owned(OTHER, 0).id}
    assert len(store.records.due(now=after(99), max_attempts=2, limit=2)) == 2


def test_the_first_who_asks_owns_a_collection_to_its_end(store: Store) -> None:
    first = store.records.accept(target(), now=NOW, seen=None, owner=BUSY)
    assert first.record.owner == BUSY

    for ask in (
        lambda: store.records.accept(target(), now=after(1), seen=None, owner=OTHER),
        lambda: store.records.accept(target(), now=after(1), seen=first.record, owner=OTHER),
        lambda: store.records.accept_each([(target(), None)], now=after(1), owners=[OTHER])[0],
        lambda: store.records.accept_all([(target(), None)], now=after(1), owners=[OTHER])[0],
    ):
        assert ask() == Acceptance(first.record, False)
    [claim] = claimed(store, 1)
    assert claim.owner == BUSY
    assert store.records.accept(target(), now=after(1), seen=claim, owner=OTHER).record.owner == BUSY
    store.records.settle([postponed(claim, until=after(2))])
    [again] = claimed(store, 1, now=after(2))
    assert (again.owner, found(store, target()).owner) == (BUSY, BUSY)


def test_who_asks_again_owns_the_next_collection(store: Store) -> None:
    collect(store, target(1))
    collect(store, target(2))

    one = store.records.accept(target(1), now=after(9), seen=found(store, target(1)), owner=BUSY)
    [two] = store.records.accept_all([(target(2), found(store, target(2)))], now=after(9), owners=[OTHER])

    assert [found(store, target(n)) for n in (1, 2)] == [one.record, two.record]
    assert (one.record.owner, two.record.owner) == (BUSY, OTHER)
    assert store.records.settle([stored(each) for each in claimed(store, 2, now=after(9))]) == [True, True]
    accept(store, 1, now=after(99))
    assert found(store, target(1)).owner == NOBODY


def test_what_a_lookup_of_another_brings_forward_stays_with_its_owner(store: Store) -> None:
    import_(store, BUSY, 3)

    acceptance = store.records.accept(owned(BUSY, 2), now=after(1), seen=None, owner=OTHER)

    assert (acceptance.accepted, acceptance.record.owner, acceptance.record.bulk) == (False, BUSY, False)
    assert [each.target for each in claimed(store, 1, now=after(1))] == [owned(BUSY, 2)]


def test_each_of_a_group_has_its_own_owner(store: Store) -> None:
    owners = [BUSY, NOBODY, OTHER, BUSY]
    wanted = [(target(n), None) for n in (1, 2, 3, 1)]

    for accept_them in (store.records.accept_each, store.records.accept_all):
        acceptances = accept_them(wanted, now=NOW, owners=owners)
        assert [each.record.owner for each in acceptances] == owners
        assert [each.accepted for each in acceptances] == [True, True, True, False]
        for n in (1, 2, 3):
            assert store.records.delete(target(n).id)


def test_of_one_target_in_a_group_the_first_owner_counts(store: Store) -> None:
    for accept_them in (store.records.accept_each, store.records.accept_all):
        acceptances = accept_them([(target(), None), (target(), None)], now=NOW, owners=[BUSY, OTHER])
        assert [each.record.owner for each in acceptances] == [BUSY, BUSY]
        store.records.delete(target().id)


def claim_batch(store: Store, now: datetime = NOW) -> tuple[str, int] | None:
    claim = store.jobs.claim(now=now, lease_for=LEASE)
    return None if claim is None else (claim[0].owner, claim[1].number)


def test_a_job_keeps_its_owner(store: Store) -> None:
    made = store.jobs.create(job(owner=BUSY))
    claim = store.jobs.claim(now=NOW, lease_for=LEASE)

    assert made.owner == BUSY
    assert claim is not None
    assert claim[0].owner == store.jobs.find(made.id).owner == BUSY  # type: ignore[union-attr]
    assert [each.owner for each in store.jobs.listing(None, limit=9, after=None)] == [BUSY]


def test_owners_of_jobs_take_turns_and_of_each_the_lowest_batch_is_first(store: Store) -> None:
    ready_for(store, BUSY, 5)
    ready_for(store, OTHER, 2)
    ready_for(store, NOBODY, 1)

    claims = [claim_batch(store) for _ in range(9)]

    assert Counter(claims[:3]) == Counter([(BUSY, 1), (OTHER, 1), (NOBODY, 1)])
    assert Counter(claims[3:5]) == Counter([(BUSY, 2), (OTHER, 2)])
    assert claims[5:] == [(BUSY, 3), (BUSY, 4), (BUSY, 5), None]


def test_many_files_of_one_owner_do_not_come_before_a_batch_of_another(store: Store) -> None:
    ready_for(store, OTHER, 2)
    for _ in range(9):
        store.jobs.create(job(owner=BUSY))

    claims = [claim_batch(store) for _ in range(4)]

    assert Counter(claims) == Counter([(BUSY, SPLITTING), (BUSY, SPLITTING), (OTHER, 1), (OTHER, 2)])


def test_a_batch_that_waited_or_was_left_has_its_turn(store: Store) -> None:
    ready_for(store, OTHER, 1)
    claim = store.jobs.claim(now=NOW, lease_for=LEASE)
    assert claim is not None
    assert store.jobs.release(claim[1], due_at=after(5))
    ready_for(store, BUSY, 9)

    assert claim_batch(store, after(4)) == (BUSY, 1)
    assert {claim_batch(store, after(5)) for _ in range(2)} == {(OTHER, 1), (BUSY, 2)}
    over = after(5) + LEASE
    assert (OTHER, 1) in {claim_batch(store, over) for _ in range(2)}


def test_a_job_that_a_clock_made_that_was_ahead_has_its_turn(store: Store) -> None:
    ready_for(store, BUSY, 9)
    store.jobs.create(job(owner=OTHER, now=NOW + HOUR))

    assert Counter(claim_batch(store) for _ in range(2)) == Counter([(BUSY, 1), (OTHER, SPLITTING)])


def test_batches_that_a_clock_made_that_was_ahead_have_their_turn(store: Store) -> None:
    ready_for(store, OTHER, 2, now=NOW + HOUR)
    ready_for(store, BUSY, 9)

    assert Counter(claim_batch(store) for _ in range(4)) == Counter([(BUSY, 1), (BUSY, 2), (OTHER, 1), (OTHER, 2)])


def test_batches_have_the_owner_of_their_job_also_when_they_are_added_later(store: Store) -> None:
    made = store.jobs.create(job(owner=OTHER))
    claim = store.jobs.claim(now=NOW, lease_for=LEASE)
    assert claim is not None
    renewed = store.jobs.add_batches(claim[1], new_batches(1), checkpoint=None, until=after(50))
    assert renewed is not None
    ready_for_busy = store.jobs.create(replace(job(), owner=BUSY))

    assert {claim_batch(store), claim_batch(store)} == {(OTHER, 1), (BUSY, SPLITTING)}
    assert store.jobs.add_batches(renewed, new_batches(1, first=2), checkpoint=None, until=after(50))
    assert claim_batch(store) == (OTHER, 2)
    assert {each.id for each in store.jobs.listing(None, limit=9, after=None)} == {made.id, ready_for_busy.id}


def test_workers_that_claim_at_once_share_without_taking_anything_twice(shared_store: Store) -> None:
    import_(shared_store, BUSY, 40)
    look_up(shared_store, OTHER, 10)
    import_(shared_store, NOBODY, 10)

    first = at_once(3, lambda _: claimed(shared_store, 6))

    # Workers that choose the same records share them as it happens; what was chosen first is leased, two of each owner.
    together = shares(each for claims in first for each in claims)
    assert sum(together.values()) == 18
    assert all(together[owner] >= 2 for owner in (BUSY, OTHER, NOBODY))

    def work(_: int) -> list[str]:
        ids: list[str] = []
        while claims := claimed(shared_store, 9):
            ids += [each.id for each in claims]
        return ids

    ids = [name for ids in at_once(3, work) for name in ids] + [each.id for claims in first for each in claims]
    assert len(ids) == len(set(ids)) == 60
