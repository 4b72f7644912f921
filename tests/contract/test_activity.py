"""How many collections ended in each hour: each that takes effect counts once, in its hour, by its source and its code."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from inventory.activity.model import HOUR, STORED, HourCount
from inventory.errors import StorageUnavailable, Unstorable
from inventory.products.model import Product, ProductVersion
from inventory.records.model import Outcome, RecordFilter, State, Statement, Statements
from inventory.store import Store
from inventory.store.hour_counts import hour_counts
from inventory.store.mongo.upserts import DUPLICATE, upsert
from tests.contract.actions import (
    LEASE,
    NOW,
    accept,
    accept_target,
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
from tests.contract.backends import Backend, MongoBackend, SqliteBackend
from tests.contract.meeting import at_once, program, set_off

THIS_HOUR = datetime(2026, 1, 31, 12, tzinfo=UTC)
NEXT_HOUR = THIS_HOUR + HOUR


def counted(store: Store, source: str | None = None) -> Sequence[tuple[datetime, str, str, int]]:
    """All that is counted, in its order."""
    counts = store.activity.counts(since=THIS_HOUR - timedelta(days=1), until=after(999_999), source=source)
    return [(each.at, each.source, each.code, each.count) for each in counts]


def test_what_is_stored_and_what_fails_is_counted_by_source_and_code(store: Store) -> None:
    pages = [claim(store, accept(store, n)) for n in range(6)]
    city = claim(store, accept_target(store, target(9, source="weather")))
    ends: list[Outcome] = [*map(stored, pages[:3]), failed(pages[3]), failed(pages[4], "timeout"), failed(pages[5])]

    store.records.settle([*ends, stored(city)])

    assert counted(store) == [
        (THIS_HOUR, "weather", STORED, 1),
        (THIS_HOUR, "webpage", STORED, 3),
        (THIS_HOUR, "webpage", "dns_failure", 2),
        (THIS_HOUR, "webpage", "timeout", 1),
    ]
    assert counted(store, "weather") == [(THIS_HOUR, "weather", STORED, 1)]
    assert counted(store, "no such source") == []


def test_later_batches_add_to_what_is_counted(store: Store) -> None:
    for n in range(3):
        collect(store, target(n), now=after(n))
        store.records.settle([failed(claim(store, accept(store, 10 + n)), at=after(n))])

    assert counted(store) == [(THIS_HOUR, "webpage", STORED, 3), (THIS_HOUR, "webpage", "dns_failure", 3)]


def test_an_hour_ends_before_the_first_millisecond_of_the_next_one(store: Store) -> None:
    last = NEXT_HOUR - timedelta(milliseconds=1)
    claims = [claim(store, accept(store, n)) for n in range(4)]
    instants = (last, NEXT_HOUR)

    store.records.settle([stored(each, at=at) for each, at in zip(claims[:2], instants, strict=True)])
    store.records.settle([failed(each, at=at) for each, at in zip(claims[2:], instants, strict=True)])

    assert counted(store) == [(at, "webpage", code, 1) for at in (THIS_HOUR, NEXT_HOUR) for code in (STORED, "dns_failure")]
    of_one = store.activity.counts(since=THIS_HOUR, until=NEXT_HOUR, source=None)
    assert [each.at for each in of_one] == [THIS_HOUR] * 2
    assert store.activity.counts(since=THIS_HOUR + timedelta(milliseconds=1), until=NEXT_HOUR, source=None) == []


def test_the_hour_is_that_of_what_was_seen_and_not_when_it_was_kept(store: Store) -> None:
    owned = claim(store, accept(store))

    store.records.settle([stored(owned, at=NOW - HOUR)])

    assert counted(store) == [(THIS_HOUR - HOUR, "webpage", STORED, 1)]


def test_an_attempt_that_is_not_the_last_one_counts_nothing(store: Store) -> None:
    owned = claim(store, accept(store))
    store.records.settle([postponed(owned, until=NOW, why=failure("timeout"))])
    store.records.settle([replace(postponed(claim(store, target()), until=NOW), counted=False)])
    assert counted(store) == []

    store.records.settle([stored(claim(store, target()))])
    assert counted(store) == [(THIS_HOUR, "webpage", STORED, 1)]


@pytest.mark.parametrize("end", [stored, failed], ids=["stored", "failed"])
def test_what_takes_no_effect_counts_nothing(store: Store, end: Any) -> None:
    stopped = claim(store, accept(store))
    overtaker = claim(store, target(), now=NOW + LEASE)

    store.records.settle([end(stopped)])
    assert counted(store) == []

    store.records.settle([end(overtaker), end(stopped)])
    assert [count for *_, count in counted(store)] == [1]


@pytest.mark.parametrize("end", [stored, failed], ids=["stored", "failed"])
def test_an_outcome_that_is_settled_again_because_its_reply_was_lost_counts_once(store: Store, end: Any) -> None:
    outcome = end(claim(store, accept(store)))

    store.records.settle([outcome, outcome])
    store.records.settle([outcome])

    assert [count for *_, count in counted(store)] == [1]


def test_a_refresh_counts_also_where_the_page_is_the_same(store: Store) -> None:
    collect(store, target())
    store.records.accept(target(), now=after(60), seen=found(store, target()), revalidate=True)
    store.records.settle([shared(claim(store, target(), now=after(60)), at=after(61))])

    assert counted(store) == [(THIS_HOUR, "webpage", STORED, 2)]


def test_what_states_something_counts_like_what_does_not(store: Store) -> None:
    says = Statements([Statement("header.server", "nginx")])
    claims = [claim(store, accept(store, n)) for n in range(2)]

    store.records.settle([replace(stored(claims[0]), statements=says), replace(failed(claims[1]), statements=says)])

    assert counted(store) == [(THIS_HOUR, "webpage", STORED, 1), (THIS_HOUR, "webpage", "dns_failure", 1)]


def test_a_deletion_takes_nothing_back(store: Store) -> None:
    collect(store, target())
    store.records.delete(target().id)

    assert counted(store) == [(THIS_HOUR, "webpage", STORED, 1)]


def test_what_its_workers_crashed_on_counts_as_a_timeout_of_its_source(store: Store) -> None:
    for n in range(3):
        claim(store, accept(store, n))
    claim(store, accept_target(store, target(9, source="weather")))
    spend = {"now": after(3_600), "max_attempts": 1, "retry_at": after(9_999), "limit": 9}

    assert store.records.fail_spent(**spend) == 4
    assert store.records.fail_spent(**spend) == 0

    assert counted(store) == [(NEXT_HOUR, "weather", "timeout", 1), (NEXT_HOUR, "webpage", "timeout", 3)]


def test_products_of_feeds_count_nothing(store: Store) -> None:
    store.products.keep(ProductVersion("0" * 32, "shop.example", NOW, (Product(feed="acme", id="1", title="A", price=1.0),)))

    assert counted(store) == []


def test_old_hours_are_forgotten_a_few_at_a_time_the_oldest_first(store: Store) -> None:
    for n in range(4):
        collect(store, target(n), now=NOW + n * HOUR)

    assert store.activity.retire(before=NEXT_HOUR + 2 * HOUR, limit=2) == 2
    assert [at for at, *_ in counted(store)] == [THIS_HOUR + 2 * HOUR, THIS_HOUR + 3 * HOUR]
    assert store.activity.retire(before=NEXT_HOUR + 2 * HOUR, limit=2) == 1
    assert store.activity.retire(before=NEXT_HOUR + 2 * HOUR, limit=2) == 0
    assert [at for at, *_ in counted(store)] == [THIS_HOUR + 3 * HOUR]


def test_hours_are_there_for_a_process_that_opens_the_store_later(backend: Backend) -> None:
    with closing(backend.open()) as store:
        collect(store, target())
    with closing(backend.open()) as store:
        assert store.activity.counts(since=THIS_HOUR, until=NEXT_HOUR, source="webpage") == [
            HourCount(at=THIS_HOUR, source="webpage", code=STORED, count=1)
        ]


def test_workers_that_settle_at_once_lose_no_count(shared_store: Store) -> None:
    claims = [claim(shared_store, accept(shared_store, n)) for n in range(40)]

    at_once(8, lambda n: [shared_store.records.settle([stored(each)]) for each in claims[n::8]])

    assert counted(shared_store) == [(THIS_HOUR, "webpage", STORED, 40)]


def test_on_sqlite_a_worker_that_is_killed_leaves_as_many_counts_as_snapshots(sqlite: SqliteBackend) -> None:
    with program(sqlite.url, "write") as writer:
        set_off(writer)
        assert writer.stdout is not None
        for _ in range(25):
            writer.stdout.readline()
        writer.kill()
    with closing(sqlite.open()) as store:
        records = store.records.listing(RecordFilter(), limit=100_000, after=None)
        assert [count for *_, count in counted(store)] == [sum(each.snapshots for each in records)]
        assert len(records) >= 25


def test_on_sqlite_a_batch_and_its_counts_are_one_transaction(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as store:
        claims = [claim(store, accept(store, n)) for n in range(50)]
        statements: list[str] = []
        [connection] = store._connections._idle
        connection.set_trace_callback(statements.append)

        store.records.settle([*map(stored, claims[:30]), *map(failed, claims[30:])])

        kinds = [each.split()[0] for each in statements]
        assert (kinds.count("BEGIN"), kinds.count("COMMIT"), kinds[-1]) == (1, 1, "COMMIT")
        assert sum("INSERT INTO activity" in each for each in statements[kinds.index("BEGIN") :]) == 2


def test_on_sqlite_what_breaks_off_counts_nothing(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as store:
        claims = [claim(store, accept(store, n)) for n in range(2)]
        with pytest.raises(Unstorable):
            store.records.settle([stored(claims[0]), replace(failed(claims[1]), failure=failure("\ud800"))])

        assert counted(store) == []
        assert found(store, target(0)).state is State.RUNNING


def test_on_mongodb_what_cannot_be_counted_is_settled_all_the_same(
    mongo: MongoBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(mongo.open()) as store:
        ledger: Any = store.records
        owned = claim(store, accept(store))
        ledger._counting._connection = Away()

        assert store.records.settle([stored(owned)]) == [True]

        assert counted(store) == []
        assert "activity_not_counted" in capsys.readouterr().out


class Away:
    """A connection to a server that is away."""

    def database(self) -> None:
        raise StorageUnavailable("The server is away.")


class Overtaken:
    """A collection in which another worker inserts the second document of the first bulk just before."""

    def __init__(self) -> None:
        self.bulks: list[Sequence[UpdateOne]] = []

    def bulk_write(self, operations: Sequence[UpdateOne], **_: object) -> None:
        self.bulks.append(operations)
        if len(self.bulks) == 1:
            raise BulkWriteError({"writeErrors": [{"index": 1, "code": DUPLICATE}]})


def test_on_mongodb_of_two_that_count_an_hour_first_the_second_counts_again_what_was_refused_and_only_that() -> None:
    collection: Any = Overtaken()
    updates = [UpdateOne({"_id": n}, {"$inc": {"count": 1}}, upsert=True) for n in range(3)]

    upsert(collection, updates)

    assert collection.bulks == [updates, [updates[1]]]


def test_a_batch_is_counted_with_one_row_for_each_hour_source_and_code(store: Store) -> None:
    claims = [claim(store, accept(store, n)) for n in range(50)]
    at = int(THIS_HOUR.timestamp() * 1000)

    assert hour_counts([*map(stored, claims[:30]), *map(failed, claims[30:])]) == {
        (at, "webpage", STORED): 30,
        (at, "webpage", "dns_failure"): 20,
    }
