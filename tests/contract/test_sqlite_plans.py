"""On SQLite, no statement of the ledger or of a listing reads or sorts more rows than it gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import product

import pytest

from inventory.records.model import Status
from inventory.store.ports import RecordFilter
from inventory.store.sqlite import ledger, records, rows, snapshots
from tests.contract.places import SqlitePlace

VALUES = {
    "id": "x",
    "now": 1,
    "limit": 9,
    "max_attempts": 3,
    "instant": 1,
    "source": "x",
    "host": "x",
    "record_id": "x",
    "keep": 9,
}
FILTERS = [RecordFilter(*each) for each in product([None, "x"], [None, *Status], [None, "x"])]
LISTINGS = [records.listing_statement(each)[0] for each in FILTERS]
OWED = [ledger.DUE_OF.format(bulk=0), ledger.DUE_OF.format(bulk=1), ledger.ABANDONED, ledger.SPENT, ledger.CLAIMABLE]
STATEMENTS = [*OWED, snapshots.LISTING, snapshots.MANY, *LISTINGS]


@pytest.fixture
def connection(sqlite: SqlitePlace) -> Iterator[sqlite3.Connection]:
    store = sqlite.open()
    store.prepare()
    with closing(sqlite3.connect(sqlite.path)) as connection:
        yield connection
    store.close()


@pytest.mark.parametrize("statement", [" ".join(each.split()) for each in STATEMENTS])
def test_a_statement_finds_its_rows_by_an_index_and_in_order(connection: sqlite3.Connection, statement: str) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES)]

    assert plan
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan), plan


def test_a_lookup_is_three_searches_by_key(connection: sqlite3.Connection) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {records.LOOK_UP}", ["x"])]

    assert len(plan) == 3
    assert all(step.startswith("SEARCH") for step in plan), plan


def test_every_status_has_its_condition() -> None:
    assert set(records.STATUS) == set(Status)
    assert len(rows.RECORD.split(",")) == rows.RECORD_WIDTH
