"""Records by the keys of their URLs, and snapshots in both directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from inventory.cdx.model import AFTER_ANY_ID, urlkey_of
from inventory.cdx.ports import RecordKey
from inventory.products.model import Product, ProductVersion
from inventory.records.model import Added, PastSnapshot, Record, Snapshot, Target
from inventory.store import Store
from tests.contract.actions import NOW, accept_target, after, claim, collect, found, stored
from tests.contract.backends import Backend

LOWEST, HIGHEST = ("!", ""), ("~", "")
URLS = (
    "http://b.test/",
    "https://b.test/",
    "http://www.b.test/",
    "http://a.test/x",
    "http://a.test/a?q",
    "http://sub.a.test/",
    "http://c.test:81/",
)
SECONDS = (5, 1, 1, 9, 3)


def webpage(url: str) -> Target:
    return Target("webpage", url, url.split("/")[2])


@pytest.fixture
def keyed(store: Store) -> Store:
    """Some webpages, of which one has no snapshot, and records of other sources."""
    for url in URLS[:-1]:
        collect(store, webpage(url))
    accept_target(store, webpage(URLS[-1]))
    collect(store, Target("weather", "http://b.test/", "b.test"))
    return store


def walked(store: Store, low: RecordKey, high: RecordKey, *, limit: int, backwards: bool = False) -> list[RecordKey]:
    """The keys of all records between two, asked for a page at a time."""
    found_keys: list[RecordKey] = []
    while page := store.captures.records(low, high, limit=limit, backwards=backwards):
        assert len(page) <= limit
        found_keys += [(each.urlkey, each.record.id) for each in page]
        low, high = (low, found_keys[-1]) if backwards else (found_keys[-1], high)
    return found_keys


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_webpages_are_listed_by_the_keys_of_their_urls_in_both_directions(keyed: Store, limit: int) -> None:
    found_keys = sorted((urlkey_of(webpage(url)), webpage(url).id) for url in URLS)

    assert walked(keyed, LOWEST, HIGHEST, limit=limit) == found_keys
    assert walked(keyed, LOWEST, HIGHEST, limit=limit, backwards=True) == found_keys[::-1]
    assert walked(keyed, ("test,b)/", ""), ("test,b)/", AFTER_ANY_ID), limit=limit) == found_keys[3:6]
    assert walked(keyed, found_keys[0], found_keys[4], limit=limit) == found_keys[1:4]
    assert walked(keyed, found_keys[0], found_keys[4], limit=limit, backwards=True) == found_keys[3:0:-1]


def test_what_is_listed_is_the_record_as_it_is(keyed: Store) -> None:
    listed = keyed.captures.records(LOWEST, HIGHEST, limit=9, backwards=False)

    assert [each.record for each in listed] == [found(keyed, each.record) for each in listed]
    keyed.records.delete(listed[0].record.id)
    assert [each.urlkey for each in keyed.captures.records(LOWEST, HIGHEST, limit=1, backwards=False)] == [listed[1].urlkey]


def test_targets_of_jobs_are_listed_as_well(store: Store) -> None:
    store.records.accept_all([(webpage(url), None) for url in URLS], now=NOW)

    assert len(walked(store, LOWEST, HIGHEST, limit=9)) == len(URLS)


def test_records_of_other_ways_into_the_store_have_their_keys(store: Store) -> None:
    target = webpage(URLS[0])
    snapshot = Snapshot("0" * 32, target.id, after(-9), {}, sha256(b"old").hexdigest())
    past = PastSnapshot(target=target, snapshot=snapshot, body=b"old")
    assert store.snapshots.add_past(past, keep=9, now=NOW) is Added.ADDED
    found_there = Product(feed="acme", id="n1", title="Thing", price=1.0)
    store.products.keep(ProductVersion("1" * 32, "b.test", NOW, [found_there]))

    assert walked(store, LOWEST, HIGHEST, limit=9) == [(urlkey_of(target), target.id)]
    assert store.captures.name_some(9) == 0


def collected(store: Store) -> tuple[Record, list[Snapshot]]:
    """A record whose snapshots are not collected in the order of their times, and these in that order."""
    target = webpage(URLS[0])
    taken = [collect(store, target, body=b"%d" % n, now=after(at)).snapshot for n, at in enumerate(SECONDS)]
    return found(store, target), sorted(taken, key=lambda each: (each.collected_at, each.id))


@pytest.mark.parametrize("limit", [1, 2, 9])
@pytest.mark.parametrize("backwards", [False, True])
def test_snapshots_are_listed_by_time_in_both_directions(store: Store, limit: int, backwards: bool) -> None:
    record, snapshots = collected(store)
    low, high = (after(0), ""), (after(9) + timedelta(milliseconds=1), "")

    listed: list[Snapshot] = []
    while page := store.captures.snapshots(record, low, high, limit=limit, backwards=backwards):
        listed += page
        last = page[-1].collected_at, page[-1].id
        low, high = (low, last) if backwards else (last, high)

    assert listed == (snapshots[::-1] if backwards else snapshots)


def test_snapshots_are_chosen_between_two_instants(store: Store) -> None:
    record, snapshots = collected(store)

    def between(low: float, high: float) -> list[Snapshot]:
        return list(store.captures.snapshots(record, (after(low), ""), (after(high), ""), limit=9, backwards=False))

    assert between(1, 5) == snapshots[:3]
    assert between(5, 9) == snapshots[3:4]
    assert between(6, 9) == []


def test_a_snapshot_that_no_settling_named_is_not_listed(store: Store) -> None:
    record, snapshots = collected(store)
    late = claim(store, accept_target(store, record.target, now=after(20)), now=after(20))
    outcome = stored(late, at=after(21))
    assert store.records.settle([replace(outcome, claim=replace(late, fence=late.fence - 1))]) == [False]

    listed = store.captures.snapshots(record, (after(0), ""), (after(99), ""), limit=9, backwards=False)

    assert list(listed) == snapshots


def test_records_that_an_older_version_wrote_get_their_keys(backend: Backend, store: Store) -> None:
    for url in URLS:
        collect(store, webpage(url))
    collect(store, Target("weather", "Oslo", "b.test"))
    assert store.captures.name_some(9) == 0
    backend.forget_urlkeys()

    assert walked(store, LOWEST, HIGHEST, limit=9) == []
    assert [store.captures.name_some(3) for _ in range(4)] == [3, 3, 2, 0]
    assert len(walked(store, LOWEST, HIGHEST, limit=9)) == len(URLS)
