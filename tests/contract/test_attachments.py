"""What snapshots name besides their bodies is kept once, and goes with the last snapshot that names it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from inventory.records.model import Attachment, Record, Stored
from inventory.store import Store
from tests.contract.actions import accept_target, after, claim, found, stored, target

CODED = bytes(range(256))


def name(content: bytes) -> str:
    return sha256(content).hexdigest()


def attaching(owned: Record, *contents: bytes, body: bytes = b"body", at: int = 0) -> Stored:
    """The outcome of a claim whose snapshot names these bytes besides its body."""
    attachments = tuple(Attachment(name(each), each) for each in contents)
    return replace(stored(owned, body=body, at=after(at)), attachments=attachments)


def collect(store: Store, n: int, *contents: bytes, body: bytes = b"body", at: int = 0) -> Stored:
    """Accept, claim and store a target."""
    owned = claim(store, accept_target(store, target(n), now=after(at)), now=after(at))
    outcome = attaching(owned, *contents, body=body, at=at)
    assert store.records.settle([outcome]) == [True]
    return outcome


def is_kept(store: Store, content: bytes) -> bool:
    kept = store.bodies.find(name(content))
    assert kept in (None, content)
    return kept is not None


def sweep(store: Store) -> None:
    for swept in (store.snapshots, store.bodies):
        position = ""
        while position := swept.sweep(after=position, limit=2):
            continue


def test_it_is_found_by_its_sha256_and_survives_a_sweep(store: Store) -> None:
    collect(store, 0, CODED, b"certificate")

    sweep(store)

    assert is_kept(store, CODED)
    assert is_kept(store, b"certificate")
    assert is_kept(store, b"body")


def test_its_targets_are_those_whose_snapshots_name_it(store: Store) -> None:
    collect(store, 0, b"certificate", body=b"0")
    collect(store, 1, b"certificate", body=b"1")
    collect(store, 2, b"other", body=b"certificate")
    collect(store, 3, b"other", body=b"3")

    assert set(store.snapshots.targets_of_body(name(b"certificate"), limit=9)) == {target(n) for n in range(3)}
    assert len(store.snapshots.targets_of_body(name(b"certificate"), limit=2)) == 2
    assert store.snapshots.targets_of_body("not hexadecimal", limit=9) == []


def test_it_goes_with_the_last_snapshot_that_names_it(store: Store) -> None:
    for at in range(4):
        collect(store, 0, b"old" if at < 2 else b"new", b"%d" % at, at=at)

    assert store.snapshots.retire(keep=3, limit=9) == 1
    assert (is_kept(store, b"old"), is_kept(store, b"0"), is_kept(store, b"1")) == (True, False, True)
    assert store.snapshots.retire(keep=2, limit=9) == 1
    assert (is_kept(store, b"old"), is_kept(store, b"1"), is_kept(store, b"new")) == (False, False, True)


def test_a_body_stays_while_it_is_attached_elsewhere_and_the_other_way_round(store: Store) -> None:
    collect(store, 0, b"both", body=b"0")
    collect(store, 1, body=b"both")
    collect(store, 2, b"twice", body=b"2")
    collect(store, 3, b"twice", body=b"twice")

    store.records.delete(target(1).id)
    store.records.delete(target(3).id)
    assert is_kept(store, b"both")
    assert is_kept(store, b"twice")

    store.records.delete(target(0).id)
    store.records.delete(target(2).id)
    sweep(store)
    assert not is_kept(store, b"both")
    assert not is_kept(store, b"twice")


def test_a_snapshot_can_name_what_an_earlier_one_brought(store: Store) -> None:
    collect(store, 0, CODED)
    owned = claim(store, accept_target(store, target(0), now=after(1)), now=after(1))
    shares = replace(stored(owned, body=b"other", at=after(1)), attachments=(Attachment(name(CODED), None),))
    assert store.records.settle([shares]) == [True]

    store.snapshots.retire(keep=1, limit=9)
    assert is_kept(store, CODED)
    store.records.delete(target(0).id)
    assert not is_kept(store, CODED)


def test_what_a_claim_brings_that_was_overtaken_is_not_kept(store: Store) -> None:
    owned = claim(store, accept_target(store, target(0), now=after(0)), now=after(0))
    outcome = attaching(owned, CODED)
    claim(store, owned, now=after(9_999))

    assert store.records.settle([outcome]) == [False]

    sweep(store)
    assert not is_kept(store, CODED)


def test_settling_the_same_outcome_again_changes_nothing(store: Store) -> None:
    outcome = collect(store, 0, CODED)

    assert store.records.settle([outcome]) == [True]

    assert found(store, target(0)).snapshots == 1
    assert is_kept(store, CODED)
    store.records.delete(target(0).id)
    assert not is_kept(store, CODED)
