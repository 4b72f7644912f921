"""A miss takes on the debt of a collection, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inventory.records.model import Record, State, Status
from inventory.store import Store
from tests.contract.actions import NOW, accept, after, claim, collect, failed, found, shared, stored, target


def test_what_lookups_ask_for_at_once_is_accepted_as_one_by_one(store: Store) -> None:
    new, pending, stored_one, late = (target(n) for n in range(4))
    first = accept(store, 1)
    collect(store, stored_one)
    collect(store, late)
    seen, older = found(store, stored_one), found(store, late)
    collect(store, late, now=after(30))

    wanted = [(new, None), (pending, None), (stored_one, seen), (late, older), (new, None)]
    acceptances = store.records.accept_each(wanted, now=after(60))

    assert [acceptance.accepted for acceptance in acceptances] == [True, False, True, False, False]
    assert [acceptance.record for acceptance in acceptances] == [found(store, each) for each, _ in wanted]
    assert (acceptances[1].record, acceptances[2].record.revalidate) == (first, True)
    assert acceptances[4].record == acceptances[0].record
    assert store.records.accept_each([], now=NOW) == []


def test_a_lookup_among_others_makes_a_record_of_a_job_urgent(store: Store) -> None:
    store.records.accept_all([(target(), None)], now=NOW)
    assert found(store, target()).bulk

    acceptance = store.records.accept_each([(target(), None)], now=NOW)[0]

    assert (acceptance.accepted, acceptance.record.bulk) == (False, False)


def test_nothing_is_known_of_a_target_that_was_never_requested(store: Store) -> None:
    assert store.records.find(target().id) is None
    assert store.records.look_up(target().id) is None


def test_the_first_acceptance_inserts_a_pending_record_that_is_due_now(store: Store) -> None:
    acceptance = store.records.accept(target(), now=NOW, seen=None)

    assert acceptance.accepted
    assert acceptance.record == Record(target(), State.PENDING, NOW, NOW, NOW, attempt=0, fence=0)
    assert acceptance.record.status is Status.PENDING
    assert found(store, target()) == acceptance.record


def test_a_second_acceptance_changes_nothing_and_returns_the_record_as_it_is(store: Store) -> None:
    first = accept(store)

    again = store.records.accept(target(), now=after(9), seen=None)

    assert not again.accepted
    assert again.record == first == found(store, target())


def test_instants_are_kept_to_the_millisecond_and_never_rounded_up(store: Store) -> None:
    acceptance = store.records.accept(target(), now=NOW + timedelta(microseconds=999), seen=None)

    assert acceptance.record.accepted_at == NOW
    assert found(store, target()).accepted_at == NOW
    assert found(store, target()).accepted_at.utcoffset() == timedelta(0)


def test_a_stored_record_that_was_seen_is_accepted_again_and_keeps_its_snapshot(store: Store) -> None:
    collect(store, target())
    seen = found(store, target())

    acceptance = store.records.accept(target(), now=after(60), seen=seen)

    record = acceptance.record
    assert acceptance.accepted
    assert (record.state, record.due_at, record.requested_at, record.attempt) == (State.PENDING, after(60), after(60), 0)
    assert (record.accepted_at, record.fence, record.snapshot_id) == (NOW, seen.fence, seen.snapshot_id)
    assert record.status is Status.STORED
    assert found(store, target()) == record


def test_a_failed_record_is_accepted_again_and_keeps_its_failure_until_an_outcome_replaces_it(
    store: Store,
) -> None:
    outcome = failed(claim(store, accept(store)))
    store.records.settle([outcome])

    acceptance = store.records.accept(target(), now=after(60), seen=found(store, target()))

    assert acceptance.accepted
    assert acceptance.record.failure == outcome.failure
    assert acceptance.record.status is Status.PENDING
    store.records.settle([stored(claim(store, acceptance.record, now=after(60)))])
    assert found(store, target()).failure is None


def test_a_stored_record_that_was_not_seen_does_not_change(store: Store) -> None:
    collect(store, target())
    before = found(store, target())

    acceptance = store.records.accept(target(), now=after(60), seen=None)

    assert (acceptance.accepted, acceptance.record) == (False, before)


def test_who_saw_an_older_state_is_too_late(store: Store) -> None:
    collect(store, target())
    seen = found(store, target())
    collect(store, target(), now=after(60))
    before = found(store, target())

    acceptance = store.records.accept(target(), now=after(120), seen=seen)

    assert (acceptance.accepted, acceptance.record) == (False, before)


def test_a_pending_or_running_record_is_not_accepted_again(store: Store) -> None:
    pending = accept(store)
    assert not store.records.accept(target(), now=after(1), seen=pending).accepted

    running = claim(store, pending)
    acceptance = store.records.accept(target(), now=after(1), seen=running)

    assert (acceptance.accepted, acceptance.record) == (False, running)


def test_a_record_that_was_seen_and_then_deleted_is_accepted_as_new(store: Store) -> None:
    collect(store, target())
    seen = found(store, target())
    store.records.delete(target().id)

    acceptance = store.records.accept(target(), now=after(60), seen=seen)

    assert acceptance.accepted
    assert acceptance.record == Record(target(), State.PENDING, after(60), after(60), after(60), attempt=0, fence=0)


def test_the_same_key_of_another_source_is_another_record(store: Store) -> None:
    accept(store)

    assert store.records.accept(target(source="weather"), now=NOW, seen=None).accepted


def test_whether_a_refresh_may_be_conditional_is_kept_with_the_record_and_its_claims(store: Store) -> None:
    collect(store, target())
    assert accept_conditionally(store).revalidate
    assert claim(store, target(), now=after(60)).revalidate
    store.records.settle([stored(claim(store, target(), now=after(99)))])

    store.records.accept(target(), now=after(99), seen=found(store, target()))

    assert not claim(store, target(), now=after(99)).revalidate


def test_an_accepted_conditional_refresh_becomes_whole_when_a_whole_one_is_requested(store: Store) -> None:
    collect(store, target())
    pending = accept_conditionally(store)

    acceptance = store.records.accept(target(), now=after(61), seen=pending)

    assert not acceptance.accepted, "nothing is accepted that was not accepted before"
    assert acceptance.record == replace(pending, revalidate=False) == found(store, target())
    assert not claim(store, target(), now=after(60)).revalidate


def test_an_accepted_conditional_refresh_becomes_whole_whatever_was_seen(store: Store) -> None:
    collect(store, target())
    accept_conditionally(store)

    assert not store.records.accept(target(), now=after(61), seen=None).record.revalidate
    assert not found(store, target()).revalidate


def test_a_conditional_refresh_that_is_running_keeps_its_claim_when_it_becomes_whole(store: Store) -> None:
    collect(store, target())
    running = claim(store, accept_conditionally(store), now=after(60))

    acceptance = store.records.accept(target(), now=after(61), seen=running)

    assert not acceptance.accepted
    assert acceptance.record == replace(running, revalidate=False) == found(store, target())


def test_a_whole_refresh_does_not_become_conditional(store: Store) -> None:
    collect(store, target())
    pending = accept(store, now=after(60))

    assert store.records.accept(target(), now=after(61), seen=pending, revalidate=True).record == pending
    running = claim(store, target(), now=after(60))
    assert store.records.accept(target(), now=after(61), seen=running, revalidate=True).record == running
    assert found(store, target()) == running


def test_who_wants_no_whole_refresh_leaves_a_conditional_one_as_it_is(store: Store) -> None:
    collect(store, target())
    pending = accept_conditionally(store)

    assert store.records.accept(target(), now=after(61), seen=pending, revalidate=True).record == pending
    assert found(store, target()) == pending


def test_a_settled_record_is_not_changed_by_who_saw_an_older_state(store: Store) -> None:
    collect(store, target())
    seen = found(store, target())
    store.records.settle([shared(claim(store, accept_conditionally(store), now=after(60)))])
    before = found(store, target())

    assert store.records.accept(target(), now=after(61), seen=seen).record == before == found(store, target())


def accept_conditionally(store: Store) -> Record:
    """The target's record, pending again since second 60 for a refresh that may be conditional."""
    acceptance = store.records.accept(target(), now=after(60), seen=found(store, target()), revalidate=True)
    assert acceptance.accepted
    return acceptance.record
