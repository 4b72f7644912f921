"""Looking up, collecting, listing and deleting records: what the routes, the command line and the workers call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from inventory.clock import Clock
from inventory.errors import CollectionFailed, CollectionTimedOut, ForbiddenAddress, NotFound, NotInInventory
from inventory.listing import Key
from inventory.notifier import Notifier, Wait
from inventory.records.collector import Collector
from inventory.records.model import (
    LEASE_AHEAD,
    Acceptance,
    Failed,
    Failure,
    Outcome,
    Postponed,
    Record,
    RecordFilter,
    RecordWithSnapshot,
    Snapshot,
    State,
    Status,
    Target,
)
from inventory.records.ports import Bodies, Records, Snapshots
from inventory.records.source import Source

RECHECK = 0.5
"""Seconds after which a waiting lookup looks again by itself, in case the announcement was lost."""
SETTLE_WITHIN = timedelta(seconds=3)
"""How long an inline collection holds its caller while the store is away; then it is 503, and a worker collects again."""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What a lookup found: with a snapshot if there is one, else a promise; `stale` when it is older than asked for."""

    known: RecordWithSnapshot
    stale: bool
    created: bool = False

    @property
    def record(self) -> Record:
        """The record, without contents."""
        return self.known.record

    @property
    def ready(self) -> bool:
        """Whether this is a snapshot, and not the promise of one."""
        return self.known.snapshot is not None


class RecordService:
    """The records of all sources. Every method may raise `StorageUnavailable`.

    `slots` bounds the requests of this process that may hold a thread while they ask the outside, `waiting` those that hold
    one while they wait for what somebody else asks, so that plain lookups always find a free one.
    """

    def __init__(
        self,
        records: Records,
        snapshots: Snapshots,
        bodies: Bodies,
        sources: Mapping[str, Source],
        notifier: Notifier,
        collector: Collector,
        *,
        fresh_for: timedelta,
        slots: int,
        waiting: int,
        clock: Clock,
    ) -> None:
        self._records = records
        self._snapshots = snapshots
        self._bodies = bodies
        self._sources = sources
        self._notifier = notifier
        self._collector = collector
        self._fresh_for = fresh_for
        self._slots = BoundedSemaphore(slots)
        self._waiting = BoundedSemaphore(waiting)
        self.clock = clock

    def target(self, source: str, text: str) -> Target:
        """The target that a caller's text means, to be read or deleted; `InvalidRequest` when it means none.

        One that may not be fetched, or no more, is none unless something is known of it.
        """
        try:
            return self.collectable(source, text)
        except ForbiddenAddress as error:
            target = Target(source, error.key, error.host)
            if self._records.find(target.id) is None:
                raise
            return target

    def collectable(self, source: str, text: str) -> Target:
        """The target that a caller's text means, to be collected; `InvalidRequest` when it means none."""
        return self._sources[source].target(text)

    def look_up(
        self, target: Target, *, max_age: timedelta | None = None, collect: bool = True, contents: bool = True
    ) -> LookupResult:
        """What is known of a target, at once; a miss or a stale hit is accepted for collection if `collect`.

        Without `contents` no more than the record is read of what is known: that is all a 304 needs, and half its time.
        Raises `NotInInventory` for a miss that was not to be collected and `CollectionFailed` while the last collection's
        failure stands and there is no snapshot.
        """
        known = self._records.look_up(target.id) if contents else self._record(target)
        answer = None if known is None else LookupResult(known, self._is_stale(known.record, max_age))
        if collect and (answer is None or self._may_collect(answer)):
            acceptance = self._refresh(target, seen=None if answer is None else answer.record)
            if answer is None or answer.record.snapshot_id is None:
                known = self._again(acceptance)
                answer = LookupResult(known, self._is_stale(known.record, max_age))
        if answer is None:
            raise NotInInventory(f"Nothing is known of {target.key}, and collect=false asked not to collect it.")
        if answer.record.status is Status.FAILED:
            raise self.failed(answer.record)
        return answer

    def known(self, target: Target) -> RecordWithSnapshot | None:
        """What there is of a target, in whatever state; nothing is accepted and nothing raised."""
        return self._records.look_up(target.id)

    def wait(self, answer: LookupResult, seconds: float) -> LookupResult:
        """Hold a pending answer up to `seconds` for its outcome, if one more may wait; it comes back as it then is.

        Raises `CollectionFailed` if that is how it ends.
        """
        target = answer.record.target
        if answer.ready or not self._waiting.acquire(blocking=False):
            return answer
        try:
            with self._notifier.outcomes_of(target.id) as wait:
                return self._wait_for(target, timedelta(seconds=seconds), wait)
        finally:
            self._waiting.release()

    def collect_now(self, target: Target) -> LookupResult:
        """Collect a target inline; with every slot taken, or while somebody else collects it, it is accepted only.

        Raises `CollectionFailed` when the collection failed, with the failure as it is recorded, and `NotInInventory` when
        the record was deleted meanwhile. One that was overtaken answers what the target came to in other hands.
        """
        if not self._slots.acquire(blocking=False):
            return self.collect_soon(target)
        try:
            return self._collect_inline(self._accept_whole(target))
        finally:
            self._slots.release()

    def collect_missing(self, target: Target, *, seen: Record | None) -> LookupResult:
        """Collect inline a target that was looked up and `seen` to be missing or stale, unless somebody else was quicker.

        Then the answer is what came of that, or the promise of it. Raises `CollectionFailed`, if that is what came of it.
        """
        if seen is not None and self._is_being_collected(seen):
            return self._pending(seen)
        inline = self._slots.acquire(blocking=False)
        try:
            acceptance = self._records.accept(target, now=self.clock(), seen=_unless_owed(seen))
            if acceptance.record.due_at is None:
                answer = LookupResult(self._again(acceptance), stale=False)
                if answer.record.state is State.FAILED:
                    raise self.failed(answer.record)
                return answer
            if inline and not self._is_being_collected(acceptance.record):
                return self._collect_inline(acceptance)
        finally:
            if inline:
                self._slots.release()
        if acceptance.accepted:
            self._notifier.wake_worker(target.id)
        return self._pending(acceptance.record)

    def collect_soon(self, target: Target) -> LookupResult:
        """Accept a collection of a target, whatever is known of it; the answer is the promise, not the snapshot."""
        acceptance = self._accept_whole(target)
        if acceptance.accepted:
            self._notifier.wake_worker(target.id)
        return self._pending(acceptance.record)

    def failed(self, record: Record) -> CollectionFailed:
        """The error that a failed record is answered with."""
        return _failed(record.target, record.failure)

    def delete(self, target: Target) -> None:
        """Forget a target: record, snapshots and unshared bodies; `NotInInventory` if there is none."""
        if not self._records.delete(target.id):
            raise NotInInventory(f"Nothing is known of {target.key}.")

    def listing(self, chosen: RecordFilter, *, limit: int, after: Key | None) -> Sequence[Record]:
        """Records, newest first, from behind `after`."""
        return self._records.listing(chosen, limit=limit, after=after)

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        """Those of up to 1,000 records that there are, by id."""
        return self._records.find_all(record_ids)

    def accept_all(self, wanted: Sequence[tuple[Target, Record | None]], *, now: datetime) -> None:
        """Accept conditional collections of up to 1,000 targets of a job, each with the record that was seen."""
        self._records.accept_all(wanted, now=now)

    def refreshed(self, source: str, *, limit: int) -> Sequence[RecordWithSnapshot]:
        """The records of a source that were collected last, newest first, with their latest snapshots; no bodies."""
        return self._records.refreshed(source, limit=limit)

    def tally(self, source: str) -> Mapping[Status, int]:
        """How many records a source has of each status that there is."""
        return self._records.tally(source)

    def latest_snapshots(self, record_id: str, *, limit: int) -> Sequence[Snapshot]:
        """The newest snapshots of a record, newest first; none if there is no such record."""
        return self._snapshots.listing(record_id, limit=limit, after=None)

    def snapshots(self, target: Target, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        """A target's snapshots, newest first; `NotInInventory` if there is no record of it."""
        if self._records.find(target.id) is None:
            raise NotInInventory(f"Nothing is known of {target.key}.")
        return self._snapshots.listing(target.id, limit=limit, after=after)

    def snapshot(self, snapshot_id: str) -> tuple[Target, Snapshot, bytes | None]:
        """One snapshot with its target and body; `NotFound` if there is none."""
        found = self._snapshots.find(snapshot_id)
        if found is None:
            raise NotFound(f"There is no snapshot {snapshot_id}.")
        target, snapshot = found
        return target, snapshot, self._bodies.find(snapshot.body_sha256) if snapshot.body_sha256 else None

    def body(self, sha256: str) -> bytes:
        """A body's bytes; `NotFound` if there is none."""
        body = self._bodies.find(sha256)
        if body is None:
            raise NotFound(f"There is no body with the SHA-256 {sha256}.")
        return body

    def _is_stale(self, record: Record, max_age: timedelta | None) -> bool:
        limit = self._fresh_for if max_age is None else max_age
        return record.collected_at is not None and self.clock() - record.collected_at > limit

    def _may_collect(self, answer: LookupResult) -> bool:
        """Whether a lookup that found this may accept a collection: it is wanting, and no failure stands.

        Of what is owed already, only what a job waits for is accepted again: then it is collected before the job's others.
        """
        record = answer.record
        if record.snapshot_id is not None and not answer.stale:
            return False
        if record.state in (State.PENDING, State.RUNNING):
            return record.bulk
        return record.failure is None or not record.failure.stands(self.clock())

    def _refresh(self, target: Target, *, seen: Record | None) -> Acceptance:
        """Accept a collection that may ask only whether what was `seen` still holds, and ring for it."""
        acceptance = self._records.accept(target, now=self.clock(), seen=_unless_owed(seen), revalidate=True)
        if acceptance.accepted:
            self._notifier.wake_worker(target.id)
        return acceptance

    def _is_being_collected(self, record: Record) -> bool:
        """Whether somebody else has the right to collect it, and time left to do so."""
        if record.state is not State.RUNNING or record.due_at is None:
            return False
        return timedelta(0) < record.due_at - self.clock() <= LEASE_AHEAD

    def _collect_inline(self, acceptance: Acceptance) -> LookupResult:
        """Collect what is owed here and now; the promise of it while somebody else does. The caller holds a slot."""
        claim = self._collector.claim(acceptance.record.id)
        if claim is None:
            return self._pending(acceptance.record)
        outcome = self._collector.collect(claim, inline=True)
        [took_effect] = self._collector.settler.settle_in_time([outcome], within=SETTLE_WITHIN)
        return self._outcome(outcome, took_effect=took_effect)

    def _accept_whole(self, target: Target) -> Acceptance:
        """Accept a whole collection, or make whole what is owed; again if another one ended while this was looked at."""
        acceptance = self._records.accept(target, now=self.clock(), seen=self._records.find(target.id))
        while not acceptance.accepted and acceptance.record.due_at is None:
            acceptance = self._records.accept(target, now=self.clock(), seen=acceptance.record)
        return acceptance

    def _outcome(self, outcome: Outcome, *, took_effect: bool) -> LookupResult:
        """What an inline collection came to: the promise of it where an upstream may not be called now; where it took no
        effect, what its target came to in other hands."""
        target = outcome.claim.target
        if took_effect and isinstance(outcome, Failed):
            raise _failed(target, outcome.failure)
        known = self._records.look_up(target.id)
        if known is None:
            raise NotInInventory(f"{target.key} was deleted while it was collected.")
        if not took_effect and known.record.state is State.FAILED:
            raise self.failed(known.record)
        if isinstance(outcome, Postponed) or (not took_effect and known.record.state is not State.STORED):
            return self._pending(known.record)
        return LookupResult(known, stale=False, created=outcome.claim.snapshot_id is None)

    def _record(self, target: Target) -> RecordWithSnapshot | None:
        record = self._records.find(target.id)
        return None if record is None else RecordWithSnapshot(record, None, None)

    def _again(self, acceptance: Acceptance) -> RecordWithSnapshot:
        """What is known after an acceptance: somebody quicker may have collected the target in between."""
        if acceptance.record.snapshot_id is None:
            return RecordWithSnapshot(acceptance.record, None, None)
        return self._records.look_up(acceptance.record.id) or RecordWithSnapshot(acceptance.record, None, None)

    def _pending(self, record: Record) -> LookupResult:
        return LookupResult(RecordWithSnapshot(record, None, None), stale=False)

    def _wait_for(self, target: Target, remaining: timedelta, wait: Wait) -> LookupResult:
        looked_at = self.clock()
        while True:
            answer = self.look_up(target, collect=False)
            now = self.clock()
            remaining -= max(timedelta(0), now - looked_at)  # a clock that is set back makes nobody wait for longer
            looked_at = now
            if answer.ready or remaining <= timedelta(0):
                return answer
            wait(min(remaining.total_seconds(), RECHECK))


def _unless_owed(seen: Record | None) -> Record | None:
    """What is accepted anew if it still is as it was seen; what was owed already may have been collected meanwhile."""
    return None if seen is None or seen.due_at is not None else seen


def _failed(target: Target, failure: Failure | None) -> CollectionFailed:
    assert failure is not None
    kind = CollectionTimedOut if failure.code == "timeout" else CollectionFailed
    return kind(f"{target.key} could not be collected: {failure.detail}", asdict(failure))
