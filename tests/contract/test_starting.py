"""A store makes and migrates itself on first use, and refuses what a newer version wrote."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from inventory.errors import StartError
from inventory.store import Store
from tests.contract.actions import NOW, accept, found, target
from tests.contract.backends import Backend, SqliteBackend


def test_preparing_twice_is_harmless(store: Store) -> None:
    store.prepare()
    record = accept(store)

    store.prepare()

    assert found(store, target()) == record


def test_a_prepared_store_answers_a_ping(store: Store) -> None:
    store.prepare()
    store.ping(1)


def test_a_store_may_be_used_again_after_it_was_closed(store: Store) -> None:
    record = accept(store)

    store.close()
    store.close()

    assert found(store, target()) == record


USES: dict[str, Callable[[Store], object]] = {
    "prepare": lambda store: store.prepare(),
    "find": lambda store: store.records.find(target().id),
    "accept": lambda store: store.records.accept(target(), now=NOW, seen=None),
}


@pytest.mark.parametrize("use", USES)
def test_a_store_that_a_newer_version_wrote_is_refused_in_one_clear_line(backend: Backend, use: str) -> None:
    with closing(backend.open()) as store:
        store.prepare()
    backend.mark(99)

    with closing(backend.open()) as store, pytest.raises(StartError) as refused:
        USES[use](store)

    assert "newer" in str(refused.value)
    assert "99" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_store_without_a_schema_is_brought_forward(backend: Backend) -> None:
    if isinstance(backend, SqliteBackend):
        backend.path.parent.mkdir()
    backend.mark(0)
    with closing(backend.open()) as store:
        assert store.records.accept(target(), now=NOW, seen=None).accepted


def test_making_a_store_touches_nothing(sqlite: SqliteBackend) -> None:
    store = sqlite.open()

    assert not sqlite.path.parent.exists()

    store.prepare()
    assert sqlite.path.exists()
    store.close()
