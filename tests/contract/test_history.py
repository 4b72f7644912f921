"""The history of lookups, and what a summary of a source asks for."""

from __future__ import annotations

from dataclasses import replace

from inventory.history.model import Lookup, LookupOutcome
from inventory.listing import Key
from inventory.records.model import Status
from inventory.store import Store
from tests.contract.actions import NOW, accept_target, after, claim, collect, failed, target


def lookup(number: int, source: str = "weather", *, seconds: int = 0) -> Lookup:
    return Lookup(f"{number:032x}", source, f"city {number} \ud800", LookupOutcome.MISS, after(seconds))


def listed(store: Store, source: str | None = None, *, limit: int = 2) -> list[Lookup]:
    lookups: list[Lookup] = []
    position: Key | None = None
    while page := store.history.listing(source, limit=limit, after=position):
        lookups += page
        position = (page[-1].at, page[-1].id)
    return lookups


def test_lookups_are_listed_newest_first_in_pages_of_all_sources_or_of_one(store: Store) -> None:
    made = [lookup(n, "weather" if n % 2 else "webpage", seconds=n // 3) for n in range(7)]
    for each in made:
        store.history.add(each)

    newest_first = sorted(made, key=lambda each: (each.at, each.id), reverse=True)
    assert listed(store) == newest_first
    assert listed(store, "weather") == [each for each in newest_first if each.source == "weather"]
    assert listed(store, "products") == []


def test_a_lookup_is_kept_once(store: Store) -> None:
    store.history.add(lookup(1))
    store.history.add(replace(lookup(1), outcome=LookupOutcome.HIT))

    assert listed(store) == [lookup(1)]


def test_all_lookups_are_forgotten_at_once_and_old_ones_a_few_at_a_time(store: Store) -> None:
    for n in range(5):
        store.history.add(lookup(n, seconds=n))

    assert store.history.retire(before=after(3), limit=2) == 2
    assert store.history.retire(before=after(3), limit=2) == 1
    assert store.history.retire(before=after(3), limit=2) == 0
    assert [each.id for each in listed(store)] == [lookup(4).id, lookup(3).id]

    store.history.clear()
    assert listed(store) == []


def test_the_latest_records_of_a_source_are_listed_and_its_records_are_counted_by_status(store: Store) -> None:
    for n in range(3):
        collect(store, target(n, source="weather"), now=after(n))
    accept_target(store, target(3, source="weather"))
    claimed = claim(store, accept_target(store, target(4, source="weather")))
    assert store.records.settle([failed(claimed)]) == [True]
    collect(store, target(5), now=NOW)

    newest = store.records.refreshed("weather", limit=2)

    assert [known.record.target for known in newest] == [target(2, source="weather"), target(1, source="weather")]
    assert [known.snapshot and known.snapshot.id for known in newest] == [known.record.snapshot_id for known in newest]
    assert store.records.tally("weather") == {Status.STORED: 3, Status.PENDING: 1, Status.FAILED: 1}
    assert store.records.tally("products") == {}
    assert store.records.refreshed("products", limit=9) == []
