"""A claim ends in a snapshot, a pause or a failure, whole or not at all, and only for the worker that holds it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from inventory.records.model import Outcome, Record, State, Status
from inventory.store import Store
from tests.contract.actions import (
    BODY,
    CONTENT,
    LEASE,
    NOW,
    accept,
    after,
    claim,
    collect,
    failed,
    failure,
    found,
    postponed,
    shared,
    stored,
    target,
)


def test_storing_changes_snapshot_body_and_record_together(store: Store) -> None:
    owned = claim(store, accept(store))
    outcome = stored(owned, at=after(1))

    assert store.records.settle([outcome]) == [True]

    known = store.records.look_up(target().id)
    assert known is not None
    record = known.record
    assert (record.state, record.status, record.due_at) == (State.STORED, Status.STORED, None)
    assert (record.first_collected_at, record.collected_at) == (after(1), after(1))
    assert (record.snapshots, record.snapshot_id, record.failure) == (1, owned.lease, None)
    assert known.snapshot == outcome.snapshot
    assert known.body == b"<p>hello</p>"


def test_storing_again_counts_on_and_keeps_the_first_instant(store: Store) -> None:
    first = collect(store, target(), now=NOW)
    second = collect(store, target(), now=after(60), body=b"changed")

    record = found(store, target())
    assert (record.snapshots, record.first_collected_at, record.collected_at) == (2, NOW, after(60))
    assert record.snapshot_id == second.snapshot.id != first.snapshot.id
    known = store.records.look_up(target().id)
    assert known is not None
    assert known.body == b"changed"


def test_a_snapshot_may_have_no_body_or_an_empty_one(store: Store) -> None:
    collect(store, target(1), body=None)
    collect(store, target(2), body=b"")

    without, empty = (store.records.look_up(target(n).id) for n in (1, 2))

    assert without is not None
    assert empty is not None
    assert (without.body, empty.body) == (None, b"")
    assert store.bodies.find(sha256(b"").hexdigest()) == b""


def test_a_body_that_was_removed_meanwhile_is_kept_again(store: Store) -> None:
    for number in (1, 2):
        collect(store, target(number), body=b"the same")
        assert store.bodies.find(sha256(b"the same").hexdigest()) == b"the same"
        assert store.records.delete(target(number).id)
        assert store.bodies.find(sha256(b"the same").hexdigest()) is None

    collect(store, target(3), body=b"the same")
    collect(store, target(4), body=b"the same")

    known = store.records.look_up(target(4).id)
    assert known is not None
    assert known.body == b"the same"


def test_postponing_hands_the_claim_back_until_it_is_due(store: Store) -> None:
    owned = claim(store, accept(store))

    assert store.records.settle([postponed(owned, until=after(60), why=failure())]) == [True]

    record = found(store, target())
    assert (record.state, record.due_at, record.attempt) == (State.PENDING, after(60), 1)
    assert record.failure == failure()
    assert record.status is Status.PENDING


def test_postponing_without_a_failure_keeps_the_one_there_was(store: Store) -> None:
    store.records.settle([postponed(claim(store, accept(store)), until=NOW, why=failure())])
    store.records.settle([postponed(claim(store, target()), until=after(60))])

    assert found(store, target()).failure == failure()


def test_a_deferral_is_not_an_attempt_and_the_record_can_be_claimed_as_often_as_needed(store: Store) -> None:
    owned = claim(store, accept(store))
    for _ in range(10):
        assert store.records.settle([replace(postponed(owned, until=NOW), counted=False)]) == [True]
        assert found(store, target()).attempt == 0
        owned = claim(store, target())

    assert (owned.attempt, owned.fence) == (1, 11)
    assert found(store, target()).failure is None


def test_putting_off_takes_no_attempt_from_a_claim_that_was_overtaken(store: Store) -> None:
    overtaken = claim(store, accept(store))
    owned = claim(store, target(), now=NOW + LEASE)

    assert store.records.settle([replace(postponed(overtaken, until=NOW), counted=False)]) == [False]
    assert found(store, target()).attempt == owned.attempt == 2


def test_failing_leaves_nothing_due(store: Store) -> None:
    outcome = failed(claim(store, accept(store)), "tls_failure")

    assert store.records.settle([outcome]) == [True]

    record = found(store, target())
    assert (record.state, record.status, record.due_at, record.failure) == (
        State.FAILED,
        Status.FAILED,
        None,
        outcome.failure,
    )


def test_a_failed_refresh_leaves_the_snapshot_readable(store: Store) -> None:
    first = collect(store, target())
    outcome = failed(claim(store, accept(store, now=after(60)), now=after(60)))

    store.records.settle([outcome])

    known = store.records.look_up(target().id)
    assert known is not None
    assert (known.record.state, known.record.status) == (State.FAILED, Status.STORED)
    assert (known.snapshot, known.record.failure) == (first.snapshot, outcome.failure)


def test_the_snapshot_stays_readable_while_a_refresh_is_pending_and_running(store: Store) -> None:
    first = collect(store, target())

    accept(store, now=after(60))
    pending = store.records.look_up(target().id)
    claim(store, target(), now=after(60))
    running = store.records.look_up(target().id)

    for known in (pending, running):
        assert known is not None
        assert (known.snapshot, known.record.status) == (first.snapshot, Status.STORED)


def test_many_outcomes_are_settled_in_one_call_each_for_itself(store: Store) -> None:
    claims = [claim(store, accept(store, n)) for n in range(4)]
    overtaken = claim(store, target(3), now=NOW + LEASE)
    outcomes: list[Outcome] = [
        stored(claims[0]),
        postponed(claims[1], until=after(60)),
        failed(claims[2]),
        stored(claims[3]),
    ]

    assert store.records.settle(outcomes) == [True, True, True, False]

    states = [found(store, target(n)).state for n in range(4)]
    assert states == [State.STORED, State.PENDING, State.FAILED, State.RUNNING]
    assert found(store, target(3)) == overtaken
    assert store.records.settle([]) == []


@pytest.mark.parametrize(
    "end", [stored, failed, lambda owned: postponed(owned, until=after(999))], ids=["stored", "failed", "postponed"]
)
def test_a_worker_that_was_stopped_overtaken_and_woken_matches_nothing(store: Store, end) -> None:
    stopped = claim(store, accept(store))
    collect_again = claim(store, target(), now=NOW + LEASE)

    assert store.records.settle([end(stopped)]) == [False]
    assert found(store, target()) == collect_again

    assert store.records.settle([stored(collect_again, body=b"new")]) == [True]
    assert store.records.settle([end(stopped)]) == [False]
    known = store.records.look_up(target().id)
    assert known is not None
    assert (known.body, known.record.snapshots) == (b"new", 1)


def test_what_an_overtaken_worker_brought_leaves_no_trace(store: Store) -> None:
    stopped = claim(store, accept(store))
    claim(store, target(), now=NOW + LEASE)
    late = stored(stopped, body=b"too late")

    store.records.settle([late])

    assert store.snapshots.find(late.snapshot.id) is None
    assert store.snapshots.listing(target().id, limit=9, after=None) == []
    assert store.bodies.find(sha256(b"too late").hexdigest()) is None


def test_the_body_of_an_overtaken_worker_stays_if_another_record_names_it(store: Store) -> None:
    collect(store, target(1), body=b"shared")
    stopped = claim(store, accept(store, 2))
    claim(store, target(2), now=NOW + LEASE)

    store.records.settle([stored(stopped, body=b"shared")])

    assert store.bodies.find(sha256(b"shared").hexdigest()) == b"shared"


def _other_lease(owned: Record) -> Record:
    return replace(owned, lease="0" * 32)


def _other_fence(owned: Record) -> Record:
    return replace(owned, fence=owned.fence + 1)


@pytest.mark.parametrize("forge", [_other_lease, _other_fence])
def test_lease_and_fence_are_both_needed(store: Store, forge) -> None:
    owned = claim(store, accept(store))

    for outcome in (stored(forge(owned)), failed(forge(owned)), postponed(forge(owned), until=NOW)):
        assert store.records.settle([outcome]) == [False]
    assert found(store, target()) == owned


def test_settling_a_snapshot_again_is_harmless_and_true(store: Store) -> None:
    outcome = stored(claim(store, accept(store)))
    store.records.settle([outcome])
    before = found(store, target())

    assert store.records.settle([outcome]) == [True]

    assert found(store, target()) == before
    assert len(store.snapshots.listing(target().id, limit=9, after=None)) == 1


def test_settling_a_snapshot_again_is_harmless_and_true_when_a_newer_one_has_followed(store: Store) -> None:
    first = collect(store, target())
    second = collect(store, target(), now=after(60), body=b"newer")
    before = found(store, target())

    assert store.records.settle([first]) == [True]

    assert found(store, target()) == before
    listed = store.snapshots.listing(target().id, limit=9, after=None)
    assert [each.id for each in listed] == [second.snapshot.id, first.snapshot.id]
    assert store.bodies.find(first.snapshot.body_sha256 or "") == first.body


@pytest.mark.parametrize("end", [failed, lambda owned: postponed(owned, until=after(1))], ids=["failed", "postponed"])
def test_settling_again_after_the_target_was_accepted_again_does_not_end_the_new_collection(store: Store, end) -> None:
    outcome = end(claim(store, accept(store)))
    store.records.settle([outcome])
    settled = found(store, target())
    store.records.accept(target(), now=after(60), seen=settled)
    before = found(store, target())

    store.records.settle([outcome])

    assert found(store, target()) == before


def test_the_same_outcome_twice_in_one_call_is_stored_once(store: Store) -> None:
    outcome = stored(claim(store, accept(store)))

    assert store.records.settle([outcome, outcome]) == [True, True]
    assert found(store, target()).snapshots == 1


def test_records_with_the_same_page_share_one_body(store: Store) -> None:
    claims = [claim(store, accept(store, n)) for n in range(3)]

    assert store.records.settle([stored(owned, body=b"shared") for owned in claims]) == [True] * 3

    for n in range(3):
        known = store.records.look_up(target(n).id)
        assert known is not None
        assert known.body == b"shared"


def test_a_large_body_comes_back_whole(store: Store) -> None:
    body = bytes(range(256)) * 16384

    collect(store, target(), body=body)

    known = store.records.look_up(target().id)
    assert known is not None
    assert known.body == body
    assert known.snapshot is not None
    assert known.snapshot.content == CONTENT


class TestConditionalRefresh:
    """A claim that may ask only whether the snapshot still holds, and what it brings when somebody wants more than that."""

    @pytest.fixture
    def owned(self, store: Store) -> Record:
        collect(store, target())
        store.records.accept(target(), now=after(60), seen=found(store, target()), revalidate=True)
        return claim(store, target(), now=after(60))

    def test_what_still_holds_is_stored_as_a_snapshot_that_shares_the_body(self, store: Store, owned: Record) -> None:
        outcome = shared(owned, at=after(61))

        assert store.records.settle([outcome]) == [True]

        known = store.records.look_up(target().id)
        assert known is not None
        assert (known.record.snapshots, known.snapshot, known.body) == (2, outcome.snapshot, BODY)

    def test_it_does_not_satisfy_a_whole_collection_that_was_requested_meanwhile(self, store: Store, owned: Record) -> None:
        before = store.records.accept(target(), now=after(61), seen=None).record
        outcome = shared(owned, at=after(61))

        assert store.records.settle([outcome]) == [False]

        assert found(store, target()) == before
        assert store.snapshots.find(outcome.snapshot.id) is None
        known = store.records.look_up(target().id)
        assert known is not None
        assert known.body == BODY

    def test_its_claim_can_still_be_handed_back_and_the_next_collection_is_whole(self, store: Store, owned: Record) -> None:
        store.records.accept(target(), now=after(61), seen=None)
        store.records.settle([shared(owned)])

        assert store.records.settle([postponed(owned, until=after(61))]) == [True]

        whole = claim(store, target(), now=after(61))
        assert (whole.revalidate, whole.attempt) == (False, owned.attempt + 1)
        assert store.records.settle([shared(owned), stored(whole, at=after(62))]) == [False, True]
        assert found(store, target()).snapshots == 2

    def test_a_page_that_has_changed_does(self, store: Store, owned: Record) -> None:
        store.records.accept(target(), now=after(61), seen=None)

        assert store.records.settle([stored(owned, body=b"changed", at=after(61))]) == [True]

        assert found(store, target()).state is State.STORED

    def test_settling_it_again_after_a_whole_one_was_accepted_is_harmless_and_true(
        self, store: Store, owned: Record
    ) -> None:
        outcome = shared(owned, at=after(61))
        store.records.settle([outcome])
        store.records.accept(target(), now=after(62), seen=found(store, target()))
        before = found(store, target())

        assert store.records.settle([outcome]) == [True]

        assert found(store, target()) == before
