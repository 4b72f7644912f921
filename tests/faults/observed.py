"""The claim of observations: nothing stays unindexed, and each record states what its snapshots show, as the oracle has it.

The oracle is the naive model of the contract's tests. It is told what a fresh extraction of each snapshot states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from inventory.config import Settings
from inventory.errors import QueryTooBroad, StorageUnavailable
from inventory.html_pages.page import Page, page_of
from inventory.observations import extraction
from inventory.observations.model import LATEST_ONLY, Observation
from inventory.observations.observing import Tracker
from inventory.policy.verdicts import Verdicts
from inventory.records.model import Record, Snapshot, State
from inventory.store import Store
from tests.contract.observed import Event, Pairs, World
from tests.observations.algebra import word_or_pattern

EVERYTHING = [word_or_pattern("*", exact=True)]
MAX_SNAPSHOTS = 1_000
UP_TO = 100_000
PATIENCE = 120.0
"""Seconds for which a store that does not answer is asked again: the programs go on, and a slow server has little left."""

Answer = TypeVar("Answer")


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What the store answers, once it does; what it raised, if it does not for so long."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except (StorageUnavailable, QueryTooBroad):
            if time.monotonic() >= until:
                raise
        time.sleep(0.5)


def wait_until_indexed(store: Store, *, seconds: float, tick: Callable[[], None]) -> float:
    """Wait until nothing is unindexed, or until for so many seconds no more was indexed; how many it took.

    How long it takes to index all says how many records were marked, and how busy the machine is.
    """
    began = progressed_at = time.monotonic()
    least = UP_TO
    while (left := _unindexed(store)) and time.monotonic() < progressed_at + seconds:
        if left < least:
            least, progressed_at = left, time.monotonic()
        tick()
        time.sleep(0.25)
    return time.monotonic() - began


def complaints(store: Store, records: Iterable[Record]) -> Iterator[str]:
    """What does not hold."""
    if left := patiently(lambda: store.observations.count_unindexed(up_to=UP_TO)):
        yield f"{left} records are unindexed, such as {store.observations.unindexed(limit=1)}"
    for record_id, reason in patiently(lambda: store.observations.unindexable(limit=9)).items():
        yield f"{record_id} was set aside: {reason}"
    verdicts = Verdicts(store.policies, store.observations, Settings().indexed_policies)
    for record in records:
        if record.state in (State.STORED, State.FAILED):
            yield from patiently(partial(_of_record, store, record, verdicts))


def _unindexed(store: Store) -> int:
    """How many records are unindexed; as many as are counted, if the store does not answer."""
    try:
        return store.observations.count_unindexed(up_to=UP_TO)
    except StorageUnavailable:
        return UP_TO


def _of_record(store: Store, record: Record, verdicts: Verdicts) -> Sequence[str]:
    complaints = list[str]()
    model = World(store, events={0: list(_events(store, record, verdicts))})
    wanted = {pair for pair in model.state(0, None) or () if pair[0] not in LATEST_ONLY}
    observed = store.observations.shown([record.id], EVERYTHING, at=None).get(record.id, [])
    found = {(each.field, each.value) for each in observed}
    for what, pairs in (("lacks", wanted - found), ("has beyond its snapshots", found - wanted)):
        if pairs:
            complaints.append(f"{record.target.key} {what} {sorted(pairs)[:3]}")
    for each in observed:
        pair = (each.field, each.value)
        if pair in wanted and each.first_seen != model.first_seen(0, pair, None):
            complaints.append(f"{record.target.key}: {each} was first seen at {model.first_seen(0, pair, None)}")
    return [*complaints, *_twice(record, observed)]


def _twice(record: Record, observed: Iterable[Observation]) -> Iterator[str]:
    seen: dict[tuple[str, str], datetime] = {}
    for each in observed:
        if (each.field, each.value) in seen:
            yield f"{record.target.key} has {each.field} {each.value} twice"
        seen[each.field, each.value] = each.first_seen


def _events(store: Store, record: Record, verdicts: Verdicts) -> Iterator[Event]:
    """What each snapshot states, and then the failure, if that is how the record ended."""
    tracker = Tracker()
    said = verdicts.of(record.target)
    for snapshot in reversed(store.snapshots.listing(record.id, limit=MAX_SNAPSHOTS, after=None)):
        page = _page(store, snapshot)
        shown = extraction.with_verdicts(tracker.observed(record.target, snapshot.content, page), said(snapshot, page))
        pairs: Pairs = {(each.field, each.value) for each in shown}
        yield Event(snapshot.collected_at, pairs, "stored")
    if record.state is State.FAILED and record.failure is not None:
        stated = extraction.of_failure(record.target, record.failure)
        yield Event(record.failure.at, {(each.field, each.value) for each in stated}, "failed")


def _page(store: Store, snapshot: Snapshot) -> Page | None:
    """What the body says where the content does not, as in old snapshots."""
    if "page" in snapshot.content or snapshot.body_sha256 is None or "response" not in snapshot.content:
        return None
    return page_of(store.bodies.find(snapshot.body_sha256) or b"", snapshot.content)
