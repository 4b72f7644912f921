"""Keys: found by their digest, ended for good, and one of each name among those that are not revoked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from inventory.access.model import Key, Scope, Verb
from inventory.store import Store
from tests.access.fakes import new_key
from tests.contract.actions import NOW, after

SCOPES = (
    Scope(verb=Verb.READ),
    Scope(verb=Verb.COLLECT, host="*.example.com"),
    Scope(verb=Verb.IMPORT, tag="Straße \ud800"),
)
FULL = {
    "name": "ci \ud800",
    "expires_at": after(86_400.001),
    "last_used_at": NOW,
    "last_used_address": "2001:db8::1",
    "quotas": {"lookups": "600/minute,10000/day"},
    "user_header": "X-Forwarded-Email",
}


def add(store: Store, **members: object) -> Key:
    key, _ = new_key(*SCOPES, **members)
    assert store.keys.add(key)
    return key


@pytest.mark.parametrize("members", [{}, FULL, FULL | {"revoked_at": NOW}], ids=["bare", "full", "revoked"])
def test_a_key_comes_back_as_it_was_added(store: Store, members: dict[str, object]) -> None:
    key = add(store, **members)
    add(store)

    assert store.keys.find(key.digest) == key
    assert store.keys.of_id(key.id) == key
    assert store.keys.find("0" * 64) is None
    assert store.keys.of_id("nobody") is None


def test_a_name_is_taken_until_its_key_is_revoked(store: Store) -> None:
    first = add(store, name="ci")
    second, _ = new_key(*SCOPES, name="ci")

    assert not store.keys.add(second)
    assert store.keys.find(second.digest) is None
    assert store.keys.add(first)
    store.keys.revoke(first.id, now=NOW)
    assert store.keys.add(second)
    store.keys.revoke(second.id, now=NOW)
    assert add(store, name="ci")


def test_keys_are_listed_newest_first_with_those_that_are_over(store: Store) -> None:
    one, two, three = (add(store, created_at=after(n), expires_at=after(n)) for n in range(3))
    revoked = store.keys.revoke(two.id, now=after(9))

    assert store.keys.listing(limit=2, after=None) == [three, revoked]
    assert store.keys.listing(limit=9, after=(two.created_at, two.id)) == [one]


def test_a_revocation_is_final(store: Store) -> None:
    key = add(store)

    first, second = (store.keys.revoke(key.id, now=after(seconds)) for seconds in (1, 2))

    assert first == second == store.keys.find(key.digest) == replace(key, revoked_at=after(1))
    assert store.keys.revoke("nobody", now=NOW) is None


def test_the_latest_use_is_kept(store: Store) -> None:
    key, other = add(store), add(store)

    for seconds, address in ((5, "192.0.2.1"), (9, "2001:db8::2"), (7, "192.0.2.3")):
        store.keys.note_use(key.id, at=after(seconds), address=address)
    store.keys.note_use("nobody", at=NOW, address="192.0.2.4")

    assert store.keys.find(key.digest) == replace(key, last_used_at=after(9), last_used_address="2001:db8::2")
    assert store.keys.find(other.digest) == other


def test_a_key_is_usable_until_it_expires_or_is_revoked(store: Store) -> None:
    assert not store.keys.any_usable(now=NOW)
    expiring, lasting = add(store, expires_at=after(5)), add(store)
    add(store, expires_at=NOW)

    assert store.keys.any_usable(now=NOW)
    store.keys.revoke(lasting.id, now=NOW)
    assert store.keys.any_usable(now=after(4.999))
    assert not store.keys.any_usable(now=after(5))
    store.keys.revoke(expiring.id, now=NOW)
    assert not store.keys.any_usable(now=NOW)


def test_the_first_secret_that_is_proposed_is_kept(store: Store) -> None:
    assert store.keys.signing_secret(b"first \x00\xff") == b"first \x00\xff"
    assert store.keys.signing_secret(b"second") == b"first \x00\xff"


def test_of_many_that_propose_a_secret_or_take_a_name_at_once_one_succeeds(shared_store: Store) -> None:
    keys = [new_key(*SCOPES, name="ci")[0] for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(shared_store.keys.signing_secret, [bytes([n]) * 32 for n in range(8)]))
        added = list(pool.map(shared_store.keys.add, keys))

    assert len(secrets) == 1
    assert sum(added) == 1
