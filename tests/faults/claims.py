"""The claims of the ledger, checked in the store itself after the dust has settled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.records.model import Record, RecordFilter, State, Status
from inventory.store import Store
from inventory.wiring import open_store
from tests.faults import observed
from tests.faults.observed import patiently

LONG_PAST = timedelta(seconds=15)
"""How long after its end a lease may be found: some rounds of the scheduler and one job of a worker."""
INDEXED_WITHIN = 90.0
"""Seconds after the last collection, or after the last progress, within which the scheduler indexes what is unindexed."""
PAGE = 200
COMPLAINTS = ("lost", "duplicates", "outlived", "damaged", "unobserved", "unexpected")


@dataclass
class Verdict:
    """What was found. `lost`, `duplicates`, `outlived`, `damaged` and `unobserved` name records; all must be empty."""

    seen: int = 0
    stored: int = 0
    failed: int = 0
    longest: float = 0.0
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    outlived: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unobserved: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not any(getattr(self, name) for name in COMPLAINTS)

    @property
    def complaints(self) -> str:
        found = {name: getattr(self, name) for name in COMPLAINTS}
        return "; ".join(f"{name}: {len(each)}, such as {each[0]}" for name, each in found.items() if each)


def look(url: str) -> closing[Store]:  # type: ignore[type-var]
    """The store as it is, past every proxy."""
    return closing(open_store(Settings(store_url=url, data_dir=Path("/nonexistent"))))


def wait_for_quiet(url: str, *, seconds: float, tick: Callable[[], None]) -> float:
    """Wait until no record is pending, so many seconds at most, and then until all are indexed; how many it took."""
    began = time.monotonic()
    with look(url) as store:
        while time.monotonic() < began + seconds and not is_quiet(store):
            tick()
            time.sleep(0.25)
        observed.wait_until_indexed(store, seconds=INDEXED_WITHIN, tick=tick)
    return time.monotonic() - began


def check(url: str, seen: Mapping[str, str]) -> Verdict:
    """Hold what clients saw against what is kept."""
    verdict = Verdict(seen=len(seen))
    now = utc_now()
    with look(url) as store:
        kept = patiently(lambda: list(_all(store)))
        by_id = {record.id: record for record in kept}
        times = Counter(record.target.key for record in kept)
        verdict.duplicates = [f"{key} has {count} records" for key, count in times.items() if count > 1]
        verdict.outlived = [_told(each) for each in kept if _is_outlived(each, now)]
        for key, record_id in seen.items():
            record = by_id.get(record_id)
            if record is None or record.target.key != key or record.state not in (State.STORED, State.FAILED):
                verdict.lost.append(f"{key}: {'no record' if record is None else _told(record)}")
                continue
            verdict.stored += record.state is State.STORED
            verdict.failed += record.state is State.FAILED
            verdict.longest = max(verdict.longest, _time_to_the_end(record))
        for record in by_id.values():
            _check_contents(store, record, verdict)
        verdict.unobserved = list(observed.complaints(store, by_id.values()))
    return verdict


def is_quiet(store: Store) -> bool:
    """Whether the store answers that no record is pending."""
    try:
        return not store.records.listing(RecordFilter(status=Status.PENDING), limit=1, after=None)
    except StorageUnavailable:
        return False


def _all(store: Store) -> Iterator[Record]:
    position = None
    while page := store.records.listing(RecordFilter(), limit=PAGE, after=position):
        yield from page
        position = (page[-1].accepted_at, page[-1].id)


def _is_outlived(record: Record, now: datetime) -> bool:
    return record.state is State.RUNNING and record.due_at is not None and now - record.due_at > LONG_PAST


def _check_contents(store: Store, record: Record, verdict: Verdict) -> None:
    """A target that was accepted once and never stale has one snapshot, and that is whole."""
    snapshots = patiently(lambda: store.snapshots.listing(record.id, limit=2, after=None))
    if len(snapshots) > 1 or record.snapshots > 1:
        verdict.duplicates.append(f"{record.target.key} was stored {max(len(snapshots), record.snapshots)} times")
    if record.state is State.STORED:
        found = patiently(lambda: store.records.look_up(record.id))
        whole = found is not None and found.snapshot is not None and found.body is not None
        if not whole or sha256(found.body).hexdigest() != found.snapshot.body_sha256:  # type: ignore[union-attr, arg-type]
            verdict.damaged.append(_told(record))


def _time_to_the_end(record: Record) -> float:
    ended = record.collected_at if record.state is State.STORED else record.failure and record.failure.at
    assert ended is not None
    return (ended - record.accepted_at).total_seconds()


def _told(record: Record) -> str:
    return f"{record.target.key} {record.state.value}, attempt {record.attempt}, due {record.due_at}"
