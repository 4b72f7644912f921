"""What a lookup decides, as pure functions of a record and the time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from inventory.errors import CollectionFailed, CollectionTimedOut, NotInInventory
from inventory.records.model import (
    LEASE_AHEAD,
    Failure,
    Outcome,
    Postponed,
    Record,
    RecordWithSnapshot,
    State,
    Target,
    is_ahead,
)

DISALLOWED_BY_ROBOTS = "disallowed_by_robots"
"""The code of the failure of a target that may not be collected for jobs and watches. A lookup collects it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """What a lookup found: with a snapshot if there is one, else a promise; `stale` when it is older than asked for.

    `begun` says whether this lookup had a collection accepted, or made one, that nobody had asked for yet.
    """

    found: RecordWithSnapshot
    stale: bool = False
    created: bool = False
    begun: bool = False

    @property
    def record(self) -> Record:
        """The record, without contents."""
        return self.found.record

    @property
    def ready(self) -> bool:
        """Whether this is a snapshot, and not the promise of one."""
        return self.found.snapshot is not None


def without_contents(record: Record) -> RecordWithSnapshot:
    """A record that was read without its snapshot."""
    return RecordWithSnapshot(record, None, None)


def pending(record: Record, *, begun: bool = False) -> LookupResult:
    """The promise of a record."""
    return LookupResult(found=without_contents(record), begun=begun)


def is_stale(record: Record, *, fresh_for: timedelta, now: datetime) -> bool:
    """Whether the latest snapshot is older than that, or nobody knows how old it is; a record without one is not."""
    at = record.collected_at
    return at is not None and (now - at > fresh_for or is_ahead(at, now))


def may_collect(record: Record, *, stale: bool, now: datetime) -> bool:
    """Whether a lookup that found this record may accept a collection of it.

    What is accepted already is accepted again only if jobs alone wait for it: then it is collected before the job's others.
    """
    if record.snapshot_id is not None and not stale:
        return False
    if record.state in (State.PENDING, State.RUNNING):
        return record.bulk
    failure = record.failure
    return failure is None or failure.code == DISALLOWED_BY_ROBOTS or not failure.stands(now)


def is_wanted(record: Record | None, *, fresh_for: timedelta, now: datetime) -> bool:
    """Whether a lookup that found this record, or none, accepts a collection."""
    return record is None or may_collect(record, stale=is_stale(record, fresh_for=fresh_for, now=now), now=now)


def is_being_collected(record: Record, *, now: datetime) -> bool:
    """Whether a claim of the record has time left to end in an outcome."""
    if record.state is not State.RUNNING or record.due_at is None:
        return False
    return timedelta(0) < record.due_at - now <= LEASE_AHEAD


def unless_due(seen: Record | None) -> Record | None:
    """What `accept` compares the record with: one that was due when it was seen may have been collected since."""
    return None if seen is None or seen.due_at is not None else seen


def inline_result(outcome: Outcome, found: RecordWithSnapshot | None, *, took_effect: bool) -> LookupResult:
    """What a caller gets of its inline collection, given what was `found` after it was settled.

    A collection that took no effect was overtaken by another one, whose result counts. Raises `NotInInventory` when the
    record was deleted meanwhile, and `CollectionFailed` when the other collection failed.
    """
    if found is None:
        raise NotInInventory(f"{outcome.claim.target.key} was deleted while it was collected.")
    record = found.record
    if not took_effect and record.state is State.FAILED:
        raise collection_failed(record.target, record.failure)
    if isinstance(outcome, Postponed) or (not took_effect and record.state is not State.STORED):
        return pending(record)
    return LookupResult(found=found, created=outcome.claim.snapshot_id is None)


def collection_failed(target: Target, failure: Failure | None) -> CollectionFailed:
    """The error that a failed record is answered with."""
    assert failure is not None
    error = CollectionTimedOut if failure.code == "timeout" else CollectionFailed
    return error(f"{target.key} could not be collected: {failure.detail}", asdict(failure))
