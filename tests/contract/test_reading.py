"""Listings by keyset, stable while rows are written; snapshots and bodies by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from inventory.listing import Key
from inventory.records.model import Record, RecordFilter, RecordTotals, Snapshot, Status
from inventory.store import Store
from tests.contract.actions import (
    NOW,
    accept,
    accept_target,
    after,
    claim,
    collect,
    failed,
    found,
    postponed,
    stored,
    target,
)

EVERYTHING = RecordFilter()


def pages(store: Store, chosen: RecordFilter, *, limit: int) -> Iterator[list[Record]]:
    """Page after page, each from after the last record of the one before."""
    position: Key | None = None
    while page := list(store.records.listing(chosen, limit=limit, after=position)):
        yield page
        position = (page[-1].accepted_at, page[-1].id)


def listed(store: Store, chosen: RecordFilter, *, limit: int = 2) -> list[Record]:
    return [record for page in pages(store, chosen, limit=limit) for record in page]


def test_records_are_listed_newest_first_and_those_of_one_instant_by_id(store: Store) -> None:
    records = [accept(store, n, now=after(n // 3)) for n in range(8)]

    whole = listed(store, EVERYTHING, limit=200)

    assert whole == sorted(records, key=lambda record: (record.accepted_at, record.id), reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
def test_pages_of_any_size_give_each_record_once_and_in_order(store: Store, limit: int) -> None:
    for n in range(8):
        accept(store, n, now=after(n // 3))

    assert [len(page) for page in pages(store, EVERYTHING, limit=limit)][:-1] == [limit] * ((8 - 1) // limit)
    assert listed(store, EVERYTHING, limit=limit) == listed(store, EVERYTHING, limit=200)


def test_an_empty_store_lists_nothing(store: Store) -> None:
    assert store.records.listing(EVERYTHING, limit=50, after=None) == []


def test_a_listing_is_stable_while_rows_are_written(store: Store) -> None:
    there = {accept(store, n, now=after(n)).id for n in range(10)}

    seen: list[str] = []
    for n, page in enumerate(pages(store, EVERYTHING, limit=3)):
        seen += [record.id for record in page]
        accept(store, 100 + n, now=after(100 + n))
        collect_pending(store, n)
        store.records.delete(target(9).id)

    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def collect_pending(store: Store, n: int) -> None:
    store.records.settle([stored(claim(store, target(n)))])


def test_listings_show_one_source_one_host_one_status_or_all_of_them_at_once(store: Store) -> None:
    wanted = {
        (source, host): accept_target(store, target(n, source=source, host=host), now=after(n))
        for n, (source, host) in enumerate(
            [("webpage", "a.example"), ("webpage", "b.example"), ("weather", "a.example"), ("weather", "b.example")]
        )
    }
    collected = collect(store, target(9, source="webpage", host="a.example"), now=after(9)).claim.id

    def ids(chosen: RecordFilter) -> list[str]:
        return [record.id for record in listed(store, chosen)]

    assert ids(RecordFilter(source="weather")) == [wanted["weather", "b.example"].id, wanted["weather", "a.example"].id]
    assert ids(RecordFilter(host="b.example")) == [wanted["weather", "b.example"].id, wanted["webpage", "b.example"].id]
    assert ids(RecordFilter(source="webpage", host="a.example")) == [collected, wanted["webpage", "a.example"].id]
    both = RecordFilter(source="webpage", host="a.example", status=Status.PENDING)
    assert ids(both) == [wanted["webpage", "a.example"].id]
    assert ids(RecordFilter(source="products")) == []


def test_a_listing_by_status_shows_what_a_reader_would_get(store: Store) -> None:
    accept(store, 0)
    claim(store, accept(store, 1))
    store.records.settle([postponed(claim(store, accept(store, 2)), until=after(60))])
    store.records.settle([failed(claim(store, accept(store, 3)))])
    for n in (4, 5, 6, 7):
        collect(store, target(n))
    accept(store, 5, now=after(60))
    claim(store, accept(store, 6, now=after(60)), now=after(60))
    store.records.settle([failed(claim(store, accept(store, 7, now=after(60)), now=after(60)))])
    store.records.settle([failed(claim(store, accept(store, 8)))])
    accept(store, 8, now=after(60))

    by_status = {status: {r.target for r in listed(store, RecordFilter(status=status))} for status in Status}

    assert by_status[Status.PENDING] == {target(n) for n in (0, 1, 2, 8)}
    assert by_status[Status.FAILED] == {target(3)}
    assert by_status[Status.STORED] == {target(n) for n in (4, 5, 6, 7)}
    for status in Status:
        assert {record.status for record in listed(store, RecordFilter(status=status))} == {status}


def test_listed_records_are_whole(store: Store) -> None:
    collect(store, target())

    assert store.records.listing(EVERYTHING, limit=1, after=None) == [found(store, target())]


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_snapshots_of_a_record_are_listed_newest_first_in_pages(store: Store, limit: int) -> None:
    outcomes = [collect(store, target(), body=b"%d" % n, now=after(10 * (n // 2))) for n in range(5)]
    collect(store, target(1))
    expected = sorted((each.snapshot for each in outcomes), key=lambda s: (s.collected_at, s.id), reverse=True)

    seen, position = [], None
    while page := store.snapshots.listing(target().id, limit=limit, after=position):
        assert len(page) <= limit
        seen += page
        position = (page[-1].collected_at, page[-1].id)

    assert seen == expected


def test_of_moments_it_is_known_when_the_latest_snapshot_before_was_collected(store: Store) -> None:
    for n in (0, 10, 20):
        collect(store, target(), now=after(n))
    collect(store, target(1), now=after(5))
    accept(store, 2)
    moments = [(target().id, after(n)) for n in (0, 10, 11, 99)]
    moments += [(target(1).id, after(99)), (target(2).id, after(99)), (target(3).id, after(99))]

    seen = {
        (each, (at - NOW).total_seconds()): (found - NOW).total_seconds()
        for (each, at), found in store.snapshots.collected_before(moments).items()
    }

    assert seen == {(target().id, 10): 0, (target().id, 11): 10, (target().id, 99): 20, (target(1).id, 99): 5}
    assert store.snapshots.collected_before([]) == {}


def test_when_the_newest_snapshots_of_many_records_were_collected_is_known(store: Store) -> None:
    for seconds in (0, 10, 20, 20, 40):
        collect(store, target(), now=after(seconds))
    collect(store, target(1), now=after(5))
    accept(store, 2)

    found = store.snapshots.collected_at([target(n).id for n in range(4)], limit=3)

    assert found == {target().id: [after(20), after(20), after(40)], target(1).id: [after(5)]}
    assert store.snapshots.collected_at([], limit=3) == {}


def test_the_newest_snapshot_of_each_of_many_records_is_found(store: Store) -> None:
    for seconds in (0, 10, 20, 20):
        collect(store, target(), now=after(seconds))
    collect(store, target(1), now=after(5))
    accept(store, 2)
    ids = [target(n).id for n in range(4)]

    def newest(n: int, before: datetime | None) -> list[Snapshot]:
        key = None if before is None else (before, "")
        return list(store.snapshots.listing(target(n).id, limit=1, after=key))

    for before in (None, after(21), after(20), after(5), after(0)):
        found = store.snapshots.latest(ids, before=before)
        assert found == {each.record_id: each for n in range(4) for each in newest(n, before)}
    assert store.snapshots.latest([], before=None) == {}


def test_snapshots_of_nothing_are_none(store: Store) -> None:
    accept(store, 1)

    assert store.snapshots.listing(target(1).id, limit=9, after=None) == []
    assert store.snapshots.listing(target(2).id, limit=9, after=None) == []
    assert store.snapshots.find("0" * 32) is None
    assert store.bodies.find("0" * 64) is None


def test_each_snapshot_of_a_record_stays_the_same_when_others_follow(store: Store) -> None:
    first = collect(store, target(), body=b"one")
    collect(store, target(), body=b"two", now=after(60))

    assert store.snapshots.find(first.snapshot.id) == (target(), first.snapshot)
    assert store.bodies.find(first.snapshot.body_sha256 or "") == b"one"


def test_what_one_store_wrote_another_one_on_the_same_backend_reads(store: Store, backend) -> None:
    outcome = collect(store, target())
    other = backend.open()
    try:
        known = other.records.look_up(target().id)
    finally:
        other.close()

    assert known is not None
    assert (known.snapshot, known.record.accepted_at) == (outcome.snapshot, NOW)


def test_what_is_read_together_is_what_is_read_one_by_one(store: Store) -> None:
    for n in range(3):
        collect(store, target(n))
    ids = [target(n).id for n in (0, 1, 5, 2)]
    apart = [(store.records.look_up(each), store.records.find(each)) for each in ids]

    with store.records.reading():
        together = [(store.records.look_up(each), store.records.find(each)) for each in ids]

    assert together == apart


def test_what_was_written_before_reading_began_is_read_and_another_can_write_meanwhile(store: Store) -> None:
    for n in range(3):
        accept(store, n)
        with store.records.reading():
            assert store.records.find(target(n).id) is not None
            accept(store, n + 10)
    with pytest.raises(LookupError), store.records.reading():
        raise LookupError
    with store.records.reading():
        assert all(store.records.find(target(n).id) for n in (0, 1, 2, 10, 11, 12))


def test_records_are_counted_in_all_those_that_wait_and_those_that_failed_without_a_snapshot(store: Store) -> None:
    assert store.records.totals(up_to=9) == RecordTotals(total=0, waiting=0, failed=0)
    for n in range(4):
        collect(store, target(n))
    accept(store, 0, now=after(60))  # refreshes: one that waits, one that runs, one that failed
    claim(store, accept(store, 1, now=after(60)), now=after(60))
    store.records.settle([failed(claim(store, accept(store, 2, now=after(60)), now=after(60)))])
    accept(store, 4)
    store.records.settle([failed(claim(store, accept(store, n))) for n in (5, 6)])

    assert store.records.totals(up_to=9) == RecordTotals(total=7, waiting=3, failed=2)
    assert store.records.totals(up_to=2) == RecordTotals(total=7, waiting=2, failed=2)
    assert store.records.totals(up_to=1) == RecordTotals(total=7, waiting=1, failed=1)
