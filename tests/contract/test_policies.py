"""Policies that are kept: one of each id."""

from __future__ import annotations

from dataclasses import replace

from inventory.policy.model import KeptPolicy
from inventory.store import Store
from tests.contract.actions import NOW, after


def policy(policy_id: str = "shop", seconds: float = 0, document: bytes = b'{"title":"\\ud800 \xc3\xa4"}') -> KeptPolicy:
    return KeptPolicy(id=policy_id, created_at=after(seconds), changed_at=after(seconds), document=document)


def test_a_policy_comes_back_as_it_was_put(store: Store) -> None:
    wanted = policy(document=b"x" * 500_000)

    assert store.policies.put(wanted, at_most=9) == wanted
    assert store.policies.find("shop") == wanted
    assert store.policies.find("nobody") is None


def test_a_policy_takes_the_place_of_the_one_with_its_id(store: Store) -> None:
    store.policies.put(policy(), at_most=1)

    kept = store.policies.put(policy(seconds=5, document=b"{}"), at_most=1)

    assert kept == store.policies.find("shop") == replace(policy(seconds=5, document=b"{}"), created_at=NOW)
    assert store.policies.listing(limit=9, after=None) == [kept]


def test_there_are_at_most_so_many(store: Store) -> None:
    store.policies.put(policy(), at_most=1)

    assert store.policies.put(policy("other"), at_most=1) is None
    assert store.policies.find("other") is None


def test_policies_are_listed_newest_first(store: Store) -> None:
    one, two, three = (
        store.policies.put(policy(name, seconds), at_most=9) for name, seconds in (("b", 0), ("a", 1), ("c", 1))
    )
    assert two is not None

    assert store.policies.listing(limit=2, after=None) == [three, two]
    assert store.policies.listing(limit=2, after=(two.created_at, two.id)) == [one]


def test_it_is_known_when_each_was_changed(store: Store) -> None:
    for each in (policy("b", 0), policy("a", 1), policy("b", 2)):
        store.policies.put(each, at_most=9)

    assert list(store.policies.changed_at().items()) == [("b", after(2)), ("a", after(1))]


def test_a_policy_is_deleted_once(store: Store) -> None:
    store.policies.put(policy(), at_most=9)

    assert store.policies.delete("shop")
    assert not store.policies.delete("shop")
    assert store.policies.find("shop") is None
