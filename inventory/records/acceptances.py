"""Accepting the collections that callers ask for, and waking workers for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from inventory.clock import Clock
from inventory.notifier import Notifier
from inventory.records import lookup
from inventory.records.lookup import LookupResult
from inventory.records.model import Acceptance, Record, RecordWithSnapshot, Target
from inventory.records.ports import Records


class AcceptanceService:
    """What has targets collected for callers. Every method may raise `StorageUnavailable`.

    `owner` tells for whom this thread accepts collections. `noted` is told of each collection that a lookup accepted.
    """

    def __init__(
        self,
        records: Records,
        notifier: Notifier,
        *,
        clock: Clock,
        owner: Callable[[], str] = lambda: "",
        noted: Callable[[Target], object] = lambda _: None,
    ) -> None:
        self._records = records
        self._notifier = notifier
        self._clock = clock
        self.owner = owner
        self._noted = noted

    def collect_soon(self, target: Target) -> LookupResult:
        """Accept a collection of a target, whatever is known of it; the result is the promise, not the snapshot."""
        return self.promise(self.accept_whole(target))

    def accept_whole(self, target: Target) -> Acceptance:
        """Accept a whole collection, or make an accepted one whole. No worker is woken."""
        owner = self.owner()
        acceptance = self._records.accept(target, now=self._clock(), seen=self._records.find(target.id), owner=owner)
        while not acceptance.accepted and acceptance.record.due_at is None:
            acceptance = self._records.accept(target, now=self._clock(), seen=acceptance.record, owner=owner)
        return acceptance

    def accept_missing(self, target: Target, *, seen: Record | None) -> Acceptance:
        """Accept a whole collection unless what was `seen` has changed, and have it noted. No worker is woken."""
        seen = lookup.unless_due(seen)
        acceptance = self._records.accept(target, now=self._clock(), seen=seen, owner=self.owner())
        if acceptance.accepted:
            self._noted(target)
        return acceptance

    def refresh(self, target: Target, *, seen: Record | None) -> Acceptance:
        """Accept a collection that may ask only whether what was `seen` still holds, wake a worker, and have it noted."""
        seen = lookup.unless_due(seen)
        acceptance = self._records.accept(target, now=self._clock(), seen=seen, revalidate=True, owner=self.owner())
        self._wake_for(acceptance)
        if acceptance.accepted:
            self._noted(target)
        return acceptance

    def accept_together(
        self,
        wanted: Sequence[tuple[Target, Record | None, str]],
        noted: Callable[[Sequence[Target]], object] | None,
        *,
        now: datetime,
    ) -> Sequence[Acceptance]:
        """Accept targets as they were seen for their owners, have noted what was accepted, and wake workers.

        It is one flush to the disk, with what `noted` writes.
        """
        targets, owners = [(target, seen) for target, seen, _ in wanted], [owner for *_, owner in wanted]
        if noted is None:
            acceptances = self._records.accept_each(targets, now=now, owners=owners)
        else:
            with self._records.together():
                acceptances = self._records.accept_each(targets, now=now, owners=owners)
                noted([acceptance.record.target for acceptance in acceptances if acceptance.accepted])
        for acceptance in acceptances:
            self._wake_for(acceptance)
        return acceptances

    def promise(self, acceptance: Acceptance) -> LookupResult:
        """The promise of what was accepted; a worker is woken for it."""
        self._wake_for(acceptance)
        return lookup.pending(acceptance.record, begun=acceptance.accepted)

    def found_after(self, acceptance: Acceptance) -> RecordWithSnapshot:
        """What is found after an acceptance: another request may have collected the target in between."""
        if acceptance.record.snapshot_id is None:
            return lookup.without_contents(acceptance.record)
        return self._records.look_up(acceptance.record.id) or lookup.without_contents(acceptance.record)

    def _wake_for(self, acceptance: Acceptance) -> None:
        if acceptance.accepted:
            self._notifier.wake_worker(acceptance.record.id, acceptance.record.target.key)
