"""What is stored is what was sent: every character, name and order comes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.records.model import Failed, Failure, Target
from inventory.store import Store
from tests.contract.actions import NOW, accept, accept_target, after, claim, found, stored, target

ODD: dict[str, Any] = {
    "names that a document store would read": {"$where": "1", "x.y": {"$set": {".": 1}}, "": 0, "$": [], "\0": "\0"},
    "NUL": "a\0b\0",
    "a lone surrogate": "\ud800 and \udfff",
    "surrogates side by side that are no pair": "\ud83d\ude00",
    "one character of two": "\U0001f600",
    "line ends": "\r\n\u2028\u2029\x85",
    "latin-1": "".join(map(chr, range(256))),
    "numbers": [0, -1, 2**63, 2**80, 1.5, 1e300, 5e-324, 0.1, 123.4],
    "the rest": [None, True, False, [], {}, [[]], ""],
    "repeated headers in order": [
        {"name": "Set-Cookie", "value": "b=1"},
        {"name": "set-cookie", "value": "a=1"},
        {"name": "Set-Cookie", "value": "b=1"},
    ],
    "members in order": {"z": 1, "a": 2, "m": 3},
}


def kept(store: Store, content: dict[str, Any]) -> Any:
    store.records.settle([stored(claim(store, accept(store)), content=content)])
    known = store.records.look_up(target().id)
    assert known is not None
    assert known.snapshot is not None
    return known.snapshot.content


@pytest.mark.parametrize("what", ODD)
def test_contents_come_back_exactly(store: Store, what: str) -> None:
    content = {what: ODD[what]}

    back = kept(store, content)

    assert back == content
    assert repr(back) == repr(content)


TEXT = st.text(st.characters(exclude_categories=[]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.dictionaries(TEXT, JSON))
def test_any_content_comes_back_exactly(store: Store, content: dict[str, Any]) -> None:
    store.records.delete(target().id)

    assert repr(kept(store, content)) == repr(content)


def test_snapshots_are_found_with_their_contents_as_in_a_lookup(store: Store) -> None:
    outcome = stored(claim(store, accept(store)), content=ODD)
    store.records.settle([outcome])

    assert store.snapshots.find(outcome.snapshot.id) == (target(), outcome.snapshot)
    assert store.snapshots.listing(target().id, limit=1, after=None) == [outcome.snapshot]


def test_a_failure_comes_back_exactly(store: Store) -> None:
    redirect = {"url": "http://example.test/", "status": 302, "headers": [{"name": "$x.y", "value": "\xe9\0\ud800"}]}
    failure = Failure("invalid_response", "It said \ud800\0 and \U0001f600.", True, 3, NOW, after(300), (redirect,))

    store.records.settle([Failed(claim(store, accept(store)), failure)])

    assert found(store, target()).failure == failure


def test_targets_come_back_exactly(store: Store) -> None:
    odd = Target("weather", "Zürich\0'\"$; 東京", "xn--zrich-kva.example")

    accept_target(store, odd)

    assert found(store, odd).target == odd
