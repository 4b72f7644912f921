"""Many at once, in threads and in programs: one debt, one claim, one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from inventory.records.model import RecordFilter, State
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, accept, after, claim, collect, found, shared, stored, target
from tests.contract.backends import Backend
from tests.contract.meeting import at_once, programs_at_once
from tests.contract.owner_actions import BUSY, OTHER, import_, owned


@pytest.fixture
def store(shared: Backend) -> Iterator[Store]:
    """A store that threads and programs share."""
    with closing(shared.open()) as store:
        yield store


def test_of_thirty_simultaneous_misses_one_is_accepted(store: Store) -> None:
    for n in range(5):
        acceptances = at_once(30, lambda _, n=n: store.records.accept(target(n), now=NOW, seen=None))

        assert Counter(each.accepted for each in acceptances) == {True: 1, False: 29}
        assert {each.record.id for each in acceptances} == {target(n).id}
    assert len(store.records.listing(RecordFilter(), limit=9, after=None)) == 5


def test_of_thirty_simultaneous_refreshes_one_is_accepted(store: Store) -> None:
    collect(store, target())
    seen = found(store, target())

    acceptances = at_once(30, lambda _: store.records.accept(target(), now=after(60), seen=seen))

    assert sum(each.accepted for each in acceptances) == 1


def test_a_whole_collection_is_due_if_it_is_requested_at_the_very_end_of_a_conditional_one(store: Store) -> None:
    collect(store, target())
    for n in range(1, 30):
        store.records.accept(target(), now=after(n), seen=found(store, target()), revalidate=True)
        owned = claim(store, target(), now=after(n))
        ends = [
            lambda owned=owned, n=n: store.records.settle([shared(owned, at=after(n))])[0],
            lambda owned=owned, n=n: store.records.accept(target(), now=after(n), seen=owned).accepted,
        ]

        stored_first, accepted_anew = at_once(2, lambda turn, ends=ends: ends[turn]())

        record = found(store, target())
        assert stored_first == accepted_anew
        assert (record.state, record.revalidate) == (State.PENDING if accepted_anew else State.RUNNING, False)
        store.records.settle([stored(claim(store, target(), now=after(n) + LEASE))])


def test_of_many_simultaneous_claims_by_name_one_gets_the_lease(store: Store) -> None:
    accept(store)

    claims = at_once(16, lambda _: store.records.claim(target().id, now=NOW, lease_for=LEASE))

    leases = [each for each in claims if each is not None]
    assert leases == [found(store, target())]
    assert leases[0].attempt == 1


def test_no_record_is_claimed_twice_by_workers_that_claim_at_once(store: Store) -> None:
    for n in range(40):
        accept(store, n)

    def work(_: int) -> list[str]:
        mine: list[str] = []
        while claimed := store.records.claim_due(now=NOW, lease_for=LEASE, limit=7):
            mine += [each.id for each in claimed]
        return mine

    claimed = [record_id for mine in at_once(4, work) for record_id in mine]

    assert len(claimed) == len(set(claimed)) == 40


def test_no_record_of_two_imports_is_claimed_twice_or_left_by_workers_that_claim_at_once(store: Store) -> None:
    import_(store, BUSY, 50)
    import_(store, OTHER, 10)

    def work(n: int) -> list[str]:
        mine: list[str] = []
        while claims := store.records.claim_due(now=NOW, lease_for=LEASE, limit=n + 1):
            mine += [each.id for each in claims]
        return mine

    claimed = [record_id for mine in at_once(4, work) for record_id in mine]

    assert sorted(claimed) == sorted([owned(BUSY, n).id for n in range(50)] + [owned(OTHER, n).id for n in range(10)])


def test_one_expired_record_is_taken_over_by_one_worker(store: Store) -> None:
    claim(store, accept(store))
    over = NOW + LEASE

    claims = at_once(8, lambda _: store.records.claim_expired(now=over, lease_for=LEASE, max_attempts=9))

    assert [each for each in claims if each is not None] == [found(store, target())]


def test_an_outcome_that_is_settled_by_many_at_once_takes_effect_once(store: Store) -> None:
    outcome = stored(claim(store, accept(store)))

    assert at_once(8, lambda _: store.records.settle([outcome])) == [[True]] * 8
    assert found(store, target()).snapshots == 1
    assert store.snapshots.listing(target().id, limit=9, after=None) == [outcome.snapshot]


def test_a_body_that_many_store_at_once_is_there_for_each(store: Store) -> None:
    claims = [claim(store, accept(store, n)) for n in range(8)]

    assert at_once(8, lambda n: store.records.settle([stored(claims[n], body=b"shared")])) == [[True]] * 8

    for n in range(8):
        known = store.records.look_up(target(n).id)
        assert known is not None
        assert known.body == b"shared"


def test_a_body_survives_others_who_delete_what_names_it(store: Store) -> None:
    """Half of the threads delete records with the same page, the other half store it: what is stored can be read."""
    for n in range(6):
        collect(store, target(n), body=b"shared")
    claims = {n: claim(store, accept(store, n)) for n in range(6, 12)}

    def act(n: int) -> bool:
        if n in claims:
            return list(store.records.settle([stored(claims[n], body=b"shared")])) == [True]
        return store.records.delete(target(n).id)

    assert all(at_once(12, act))
    for n in range(6, 12):
        known = store.records.look_up(target(n).id)
        assert known is not None
        assert known.body == b"shared"
    for n in range(6, 12):
        store.records.delete(target(n).id)
    assert store.bodies.find(stored(claims[6], body=b"shared").snapshot.body_sha256 or "") is None


def test_a_reader_sees_a_record_with_what_it_names_or_not_at_all_while_it_is_written_and_deleted(store: Store) -> None:
    def act(n: int) -> None:
        for turn in range(12):
            if n == 0:
                collect(store, target(), body=b"%d" % turn, now=after(turn))
                if turn % 4 == 3:
                    store.records.delete(target().id)
            known = store.records.look_up(target().id)
            if known is not None and known.record.snapshot_id is not None:
                assert known.snapshot is not None
                assert (known.snapshot.id, known.body is None) == (known.record.snapshot_id, False)

    at_once(4, act)


def test_programs_that_prepare_the_same_new_store_at_once_all_succeed(shared: Backend) -> None:
    assert programs_at_once(shared.url, [["prepare"]] * 3) == [["prepared"]] * 3


def test_when_programs_accept_the_same_targets_at_once_one_accepts_each(shared: Backend, store: Store) -> None:
    lines = programs_at_once(shared.url, [["accept", "0", "60"]] * 2)

    assert sorted(int(n) for accepted in lines for n in accepted) == list(range(60))
    assert len(store.records.listing(RecordFilter(), limit=200, after=None)) == 60


def test_no_record_is_claimed_twice_by_programs_that_claim_at_once(shared: Backend, store: Store) -> None:
    for n in range(40):
        accept(store, n)

    claims = dict(line.split() for lines in programs_at_once(shared.url, [["claim"]] * 2) for line in lines)

    assert len(claims) == 40
    for n in range(40):
        record = found(store, target(n))
        assert (record.state, record.attempt, record.lease) == (State.RUNNING, 1, claims[record.id])


@pytest.mark.parametrize("used", ["unused", "used"])
def test_a_store_is_used_on_both_sides_of_a_fork(shared: Backend, store: Store, used: str) -> None:
    assert programs_at_once(shared.url, [["fork", used]]) == [["parent 0"]]

    for n in range(3):
        assert found(store, target(n)).state is State.PENDING
