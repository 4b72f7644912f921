"""Jobs accept many targets at once; what lookups ask for is collected before what only jobs wait for."""

from __future__ import annotations

from dataclasses import replace

from inventory.clock import MILLISECOND
from inventory.records.model import Acceptance, Record, State, Target
from inventory.store import Store
from tests.contract.actions import (
    LEASE,
    NOW,
    accept,
    after,
    claim,
    collect,
    failed,
    found,
    postponed,
    shared,
    stored,
    target,
)


def accept_for_job(store: Store, *numbers: int, now=NOW) -> list[Acceptance]:
    """Accept these targets as they are known now."""
    wanted = [(target(n), store.records.find(target(n).id)) for n in numbers]
    return list(store.records.accept_all(wanted, now=now))


def claimed(store: Store, *, now=NOW, limit: int = 9, bulk: bool = True) -> list[Target]:
    return [each.target for each in store.records.claim_due(now=now, lease_for=LEASE, limit=limit, bulk=bulk)]


def test_unknown_targets_are_inserted_pending_and_due(store: Store) -> None:
    acceptances = accept_for_job(store, 1, 2)

    assert [each.accepted for each in acceptances] == [True, True]
    assert [each.record for each in acceptances] == [
        Record(target(n), State.PENDING, NOW, NOW, NOW, attempt=0, fence=0, bulk=True) for n in (1, 2)
    ]
    assert [found(store, target(n)) for n in (1, 2)] == [each.record for each in acceptances]


def test_stored_and_failed_ones_are_accepted_again_conditionally(store: Store) -> None:
    collect(store, target(1))
    store.records.settle([failed(claim(store, accept(store, 2)))])
    before = [found(store, target(n)) for n in (1, 2)]

    acceptances = accept_for_job(store, 1, 2, now=after(60))

    expected = [
        replace(each, state=State.PENDING, requested_at=after(60), due_at=after(60), attempt=0, revalidate=True, bulk=True)
        for each in before
    ]
    assert acceptances == [Acceptance(each, True) for each in expected]
    assert [found(store, target(n)) for n in (1, 2)] == expected


def test_what_is_accepted_already_stays_as_it_is(store: Store) -> None:
    pending = accept(store, 1)
    running = claim(store, accept(store, 2))
    store.records.settle([postponed(claim(store, accept(store, 3)), until=after(60))])
    paused = found(store, target(3))
    (for_job,) = accept_for_job(store, 4)

    acceptances = accept_for_job(store, 1, 2, 3, 4, now=after(9))

    assert acceptances == [Acceptance(each, False) for each in (pending, running, paused, for_job.record)]
    assert [found(store, target(n)) for n in (1, 2, 3)] == [pending, running, paused]


def test_a_record_that_changed_since_it_was_seen_is_left_to_who_was_quicker(store: Store) -> None:
    collect(store, target())
    seen = found(store, target())
    collect(store, target(), now=after(60))
    now = found(store, target())

    assert store.records.accept_all([(target(), seen)], now=after(61)) == [Acceptance(now, False)]
    assert store.records.accept_all([(target(), None)], now=after(61)) == [Acceptance(now, False)]
    assert found(store, target()) == now


def test_a_record_that_was_deleted_since_it_was_seen_is_inserted(store: Store) -> None:
    collect(store, target(1))
    seen = found(store, target(1))
    store.records.delete(target(1).id)

    first, second = store.records.accept_all([(target(1), seen), (target(2), None)], now=after(60))

    assert (first.accepted, second.accepted) == (True, True)
    assert first.record == Record(target(1), State.PENDING, after(60), after(60), after(60), 0, 0, bulk=True)


def test_the_same_target_several_times_is_one_debt(store: Store) -> None:
    collect(store, target(2))
    seen = found(store, target(2))
    wanted = [(target(1), None), (target(2), seen), (target(1), None), (target(2), seen), (target(3), None)]

    acceptances = store.records.accept_all(wanted, now=after(60))

    assert [each.accepted for each in acceptances] == [True, True, False, False, True]
    assert [each.record for each in acceptances] == [found(store, wanted) for wanted, _ in wanted]
    assert len(claimed(store, now=after(60))) == 3


def test_a_thousand_can_be_found_and_accepted_at_once(store: Store) -> None:
    targets = [target(n) for n in range(1000)]
    for n in (1, 500):
        collect(store, target(n))
    assert set(store.records.find_all([each.id for each in targets])) == {target(1).id, target(500).id}
    known = store.records.find_all([each.id for each in targets])

    acceptances = store.records.accept_all([(each, known.get(each.id)) for each in targets], now=NOW)

    assert all(each.accepted for each in acceptances)
    assert [each.record.target for each in acceptances] == targets
    assert store.records.find_all([each.id for each in targets]) == {each.record.id: each.record for each in acceptances}


def test_unfinished_are_those_that_are_due_or_being_collected_and_not_collected_since(store: Store) -> None:
    for n in (1, 2):
        collect(store, target(n))
    accept_for_job(store, 3, now=after(60))
    accept_for_job(store, 4, now=after(50))
    claim(store, target(4), now=after(55))
    store.records.accept(target(2), now=after(70), seen=found(store, target(2)))
    ids = [target(n).id for n in range(6)]

    collected_at = found(store, target(2)).collected_at
    assert store.records.unfinished(ids, since=collected_at) == {target(3).id: after(60), target(4).id: None}
    assert store.records.unfinished(ids, since=collected_at + MILLISECOND) == {
        target(2).id: after(70),
        target(3).id: after(60),
        target(4).id: None,
    }
    assert store.records.unfinished(ids[5:], since=NOW) == {}
    assert store.records.unfinished([], since=NOW) == {}


def test_nothing_is_found_or_accepted_of_nothing(store: Store) -> None:
    assert store.records.find_all([]) == {}
    assert store.records.find_all(["0" * 32, "no id"]) == {}
    assert store.records.accept_all([], now=NOW) == []


def test_what_lookups_asked_for_is_claimed_before_what_jobs_did_however_old_that_is(store: Store) -> None:
    accept_for_job(store, 1, now=NOW)
    accept_for_job(store, 2, now=after(-9))
    accept(store, 3, now=after(5))
    accept(store, 4, now=after(4))
    now = after(9)

    assert list(store.records.due(now=now, max_attempts=9, limit=9)) == [target(n).id for n in (4, 3, 2, 1)]
    assert list(store.records.due(now=now, max_attempts=9, limit=3)) == [target(n).id for n in (4, 3, 2)]
    assert claimed(store, now=now, limit=3) == [target(4), target(3), target(2)]
    assert claimed(store, now=now) == [target(1)]


def test_what_jobs_asked_for_can_be_left_for_later(store: Store) -> None:
    accept_for_job(store, 1)
    accept(store, 2)

    assert claimed(store, bulk=False) == [target(2)]
    assert claimed(store, bulk=False) == []
    assert claimed(store) == [target(1)]


def test_what_jobs_requested_stays_after_lookups_when_it_is_postponed(store: Store) -> None:
    accept_for_job(store, 1)
    assert claimed(store) == [target(1)]
    store.records.settle([postponed(found(store, target(1)), until=after(10))])
    accept(store, 2, now=after(20))

    assert found(store, target(1)).bulk
    assert claimed(store, now=after(30)) == [target(2), target(1)]


def test_an_expired_record_of_a_job_is_taken_over_and_ends_like_any_other(store: Store) -> None:
    accept_for_job(store, 1, 2)
    claimed(store)

    again = store.records.claim_expired(now=after(99), lease_for=LEASE, max_attempts=2)
    assert again is not None
    assert again.bulk
    assert store.records.settle([stored(again)]) == [True]
    assert store.records.fail_spent(now=after(999), max_attempts=1, retry_at=after(999), limit=9) == 1


def test_a_lookup_on_what_only_jobs_wait_for_brings_it_forward(store: Store) -> None:
    accept_for_job(store, 1, 2, 3)
    accept(store, 4, now=after(1))

    acceptance = store.records.accept(target(3), now=after(5), seen=found(store, target(3)))

    assert not acceptance.accepted, "it was accepted already"
    assert acceptance.record == found(store, target(3))
    assert not acceptance.record.bulk
    assert acceptance.record.due_at == NOW
    order = claimed(store, now=after(9))
    assert order[:2] == [target(3), target(4)]
    assert set(order[2:]) == {target(1), target(2)}


def test_a_lookup_brings_it_forward_whatever_it_saw_and_keeps_a_conditional_refresh_conditional(store: Store) -> None:
    collect(store, target())
    (pending,) = accept_for_job(store, 0, now=after(60))

    acceptance = store.records.accept(target(), now=after(61), seen=None, revalidate=True)

    assert acceptance == Acceptance(replace(pending.record, bulk=False), False)
    assert found(store, target()) == acceptance.record
    whole = store.records.accept(target(), now=after(62), seen=None)
    assert whole.record == replace(acceptance.record, revalidate=False) == found(store, target())


def test_a_running_collection_of_a_job_keeps_its_claim_when_it_is_brought_forward(store: Store) -> None:
    collect(store, target())
    accept_for_job(store, 0, now=after(60))
    running = claim(store, target(), now=after(60))
    assert (running.bulk, running.revalidate) == (True, True)

    acceptance = store.records.accept(target(), now=after(61), seen=None, revalidate=True)

    assert acceptance.record == replace(running, bulk=False)
    assert store.records.settle([shared(running, at=after(62))]) == [True]


def test_a_refresh_that_a_lookup_wants_is_none_of_a_job(store: Store) -> None:
    accept_for_job(store, 0)
    store.records.settle([stored(claim(store, target()))])
    assert found(store, target()).state is State.STORED

    assert not accept(store, now=after(60)).bulk


def test_a_job_does_not_push_back_what_a_lookup_wants(store: Store) -> None:
    accept(store, 1)
    accept_for_job(store, 1)

    assert not found(store, target(1)).bulk
