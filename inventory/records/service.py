"""Looking up, listing and deleting records, and accepting those of jobs and watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from inventory.clock import Clock
from inventory.errors import ForbiddenAddress, NotInInventory
from inventory.listing import Key
from inventory.notifier import Notifier, Wait
from inventory.records import lookup
from inventory.records.acceptances import AcceptanceService
from inventory.records.lookup import LookupResult
from inventory.records.model import Record, RecordFilter, RecordTotals, RecordWithSnapshot, Status, Target
from inventory.records.ports import Records
from inventory.records.source import Source

RECHECK_INTERVAL = 0.5
"""Seconds after which a waiting lookup looks again without an announcement, which may have been lost."""


class RecordService:
    """The records of all sources. Every method may raise `StorageUnavailable`.

    `waiting` bounds the threads of this process that wait for a collection, because lookups need threads.
    """

    def __init__(
        self,
        records: Records,
        acceptances: AcceptanceService,
        sources: Mapping[str, Source],
        notifier: Notifier,
        *,
        fresh_for: timedelta,
        waiting: int,
        clock: Clock,
    ) -> None:
        self._records = records
        self._acceptances = acceptances
        self._sources = sources
        self._notifier = notifier
        self._fresh_for = fresh_for
        self._waiting = BoundedSemaphore(waiting)
        self.clock = clock

    def target(self, source: str, text: str, check: Callable[[Target], object] = lambda _: None) -> Target:
        """The target that a caller's text means, to be read or deleted; `InvalidRequest` when it means none.

        One that may not be fetched, or no longer, is one only if there is a record of it. `check` raises for what the caller
        may not reach, and does so whether there is a record or not.
        """
        try:
            target = self.collectable(source, text)
            check(target)
            return target
        except ForbiddenAddress as error:
            target = Target(source, error.key, error.host)
            check(target)
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

        Without `contents` only the record is read: that is all a 304 needs, and half its time.
        Raises `NotInInventory` for a miss that was not to be collected and `CollectionFailed` while the last collection's
        failure stands and there is no snapshot.
        """
        now, fresh_for = self.clock(), self._fresh_for if max_age is None else max_age
        found, begun = self._read(target.id, contents=contents), False
        stale = found is not None and lookup.is_stale(found.record, fresh_for=fresh_for, now=now)
        if collect and (found is None or lookup.may_collect(found.record, stale=stale, now=now)):
            acceptance = self._acceptances.refresh(target, seen=None if found is None else found.record)
            begun = acceptance.accepted
            if found is None or found.record.snapshot_id is None:
                found = self._acceptances.found_after(acceptance)
                stale = lookup.is_stale(found.record, fresh_for=fresh_for, now=now)
        if found is None:
            raise NotInInventory(f"Nothing is known of {target.key}. A lookup without collect=false collects it.")
        if found.record.status is Status.FAILED:
            raise lookup.collection_failed(target, found.record.failure)
        return LookupResult(found=found, stale=stale, begun=begun)

    def known(self, source: str, key: str, *, now: datetime, contents: bool = True) -> LookupResult | None:
        """What `look_up` would find `now`, if that is a snapshot and nothing would be accepted; else None.

        `key` is a caller's text. If it is no target's key, no record has it, because each key is in the one spelling of its
        source. So a text that finds a record need not be parsed.
        """
        found = self._read(Target(source, key, host="").id, contents=contents)
        if found is None or found.record.snapshot_id is None:
            return None
        stale = lookup.is_stale(found.record, fresh_for=self._fresh_for, now=now)
        return None if lookup.may_collect(found.record, stale=stale, now=now) else LookupResult(found=found, stale=stale)

    def reading(self) -> AbstractContextManager[None]:
        """While it is open, what this thread looks up may be of one moment, which takes less time for each."""
        return self._records.reading()

    def promise_all(
        self,
        targets: Sequence[Target],
        owners: Sequence[str] | None = None,
        noted: Callable[[Sequence[Target]], object] | None = None,
    ) -> Mapping[str, LookupResult]:
        """Accept together what `look_up` would accept of each target; by id the promises of all that have nothing else.

        What `look_up` finds of the others then needs no acceptance, unless they change meanwhile. `owners` are those of the
        targets, in their order; without them, all belong to the owner of this thread. `noted` is told of those that this
        call accepted.
        """
        now = self.clock()
        owners = [self._acceptances.owner()] * len(targets) if owners is None else owners
        known = dict(self._records.find_all([target.id for target in targets]))
        wanted = [
            (target, lookup.unless_due(known.get(target.id)), owner)
            for target, owner in zip(targets, owners, strict=True)
            if lookup.is_wanted(known.get(target.id), fresh_for=self._fresh_for, now=now)
        ]
        for acceptance in self._acceptances.accept_together(wanted, noted, now=now) if wanted else ():
            known[acceptance.record.id] = acceptance.record
        return {name: lookup.pending(record) for name, record in known.items() if record.status is Status.PENDING}

    def find(self, target: Target) -> RecordWithSnapshot | None:
        """The record of a target, in whatever state; nothing is accepted and nothing raised."""
        return self._records.look_up(target.id)

    def wait(self, result: LookupResult, seconds: float) -> LookupResult:
        """Hold a pending result up to `seconds` for its outcome, if one more request may wait; the result as it then is.

        Raises `CollectionFailed` if that is how it ends.
        """
        target = result.record.target
        if result.ready or not self._waiting.acquire(blocking=False):
            return result
        try:
            with self._notifier.outcomes_of(target.id) as wait:
                return replace(self._wait_for(target, timedelta(seconds=seconds), wait), begun=result.begun)
        finally:
            self._waiting.release()

    def delete(self, target: Target) -> None:
        """Forget a target: record, snapshots and unshared bodies; `NotInInventory` if there is none."""
        if not self._records.delete(target.id):
            raise NotInInventory(f"Nothing is known of {target.key}.")

    def listing(self, chosen: RecordFilter, *, limit: int, after: Key | None) -> Sequence[Record]:
        """See `Records.listing`."""
        return self._records.listing(chosen, limit=limit, after=after)

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        """See `Records.find_all`."""
        return self._records.find_all(record_ids)

    def unfinished(self, record_ids: Sequence[str], *, since: datetime) -> Mapping[str, datetime | None]:
        """See `Records.unfinished`."""
        return self._records.unfinished(record_ids, since=since)

    def accept_all(
        self, targets: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str] | None = None
    ) -> None:
        """Accept conditional collections of up to 1,000 targets of jobs or watches, each with the record that was seen.

        `owners` are those of the targets, in their order; without them they are nobody's.
        """
        self._records.accept_all(targets, now=now, owners=owners)

    def refreshed(self, source: str, *, limit: int) -> Sequence[RecordWithSnapshot]:
        """See `Records.refreshed`."""
        return self._records.refreshed(source, limit=limit)

    def tally(self, source: str) -> Mapping[Status, int]:
        """See `Records.tally`."""
        return self._records.tally(source)

    def totals(self, *, up_to: int) -> RecordTotals:
        """See `Records.totals`."""
        return self._records.totals(up_to=up_to)

    def _read(self, record_id: str, *, contents: bool) -> RecordWithSnapshot | None:
        if contents:
            return self._records.look_up(record_id)
        record = self._records.find(record_id)
        return None if record is None else lookup.without_contents(record)

    def _wait_for(self, target: Target, remaining: timedelta, wait: Wait) -> LookupResult:
        looked_at = self.clock()
        while True:
            result = self.look_up(target, collect=False)
            now = self.clock()
            remaining -= max(timedelta(0), now - looked_at)  # a clock that is set back makes nobody wait for longer
            looked_at = now
            if result.ready or remaining <= timedelta(0):
                return result
            wait(min(remaining.total_seconds(), RECHECK_INTERVAL))
