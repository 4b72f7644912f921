"""What was observed is found again, now and at any instant, as if all snapshots had been looked at."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.store.mongo.query_bounds import Bounds as MongoBounds
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.query_bounds import Bounds
from tests.contract.backends import MockBackend
from tests.contract.observed import World
from tests.contract.oracle import ORDERS, check

WIDE = Bounds(page_seconds=30, total_seconds=30)
NARROW = replace(
    WIDE, values=1, most_values=2, rows=1, most_rows=3, tests=1, candidates=1, most_candidates=1, chunk=2, few=1
)
LISTING = replace(WIDE, values=9, rows=1, most_rows=2, tests=0, candidates=1, most_candidates=2, chunk=1, few=0)
READING = replace(LISTING, most_values=1_000, most_rows=2_000_000)
MONGO_NARROW = MongoBounds(page_seconds=30, total_seconds=30, values=1, chunk=2, changed=1)
MONGO_WIDE = MongoBounds(page_seconds=30, total_seconds=30)


@settings(max_examples=100)
@given(bounds=st.sampled_from([NARROW, LISTING, READING, WIDE]), **ORDERS)
def test_the_answers_are_those_of_looking_at_all_snapshots(bounds, actions, conditions, instants) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        store = stack.enter_context(closing(SqliteStore(Path(folder) / "store", bounds=bounds)))
        check(World(store), actions, conditions, instants)


@settings(max_examples=100)
@given(bounds=st.sampled_from([MONGO_NARROW, MONGO_WIDE]), **ORDERS)
def test_they_are_on_mongodb_too(bounds, actions, conditions, instants) -> None:
    with closing(MockBackend(bounds=bounds).open()) as store:
        check(World(store), actions, conditions, instants)
