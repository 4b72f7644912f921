"""Collections that a caller waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import BoundedSemaphore

from inventory.clock import Clock
from inventory.errors import NoRoom
from inventory.memory_budget import UNLIMITED, MemoryBudget, Room
from inventory.records import lookup
from inventory.records.acceptances import AcceptanceService
from inventory.records.collector import Collector
from inventory.records.lookup import LookupResult
from inventory.records.model import Acceptance, Failed, Outcome, Record, State, Stored, Target
from inventory.records.ports import Records

LARGE_BODY = 256 * 1024
"""Bytes from which the answer with a body needs room."""
TIMES_THE_BODY = 10
"""What such an answer takes: the body, its text, and up to six times as much of JSON."""
SETTLE_WITHIN = timedelta(seconds=3)
"""How long a caller is held while the store is away; then the answer is 503, and a worker collects the target again."""


class InlineCollector:
    """Collects while the caller waits. Every method may raise `StorageUnavailable`.

    `slots` bounds the threads that do so, because lookups need threads; without a slot a target is left to the workers.
    """

    def __init__(
        self,
        acceptances: AcceptanceService,
        records: Records,
        collector: Collector,
        *,
        clock: Clock,
        slots: int,
        memory: MemoryBudget = UNLIMITED,
    ) -> None:
        self._acceptances = acceptances
        self._records = records
        self._collector = collector
        self._clock = clock
        self._slots = BoundedSemaphore(slots)
        self._memory = memory

    def room(self) -> Room:
        """Room in the memory of this process for the answer of one collection: the caller gives it back, or drops it."""
        return self._memory.room()

    def collect(self, target: Target, room: Room | None = None) -> LookupResult:
        """Collect a target now; without a free slot, or while another worker collects it, it is accepted only.

        A large body is read from the store once the `room`, if there is one, holds what an answer with it takes. If that
        takes too long, the result is the promise of what is stored.

        Raises `CollectionFailed` when the collection failed, with the failure as it is recorded, and `NotInInventory` when
        the record was deleted meanwhile. One that was overtaken answers what another worker made of the target.
        """
        if not self._slots.acquire(blocking=False):
            return self._acceptances.collect_soon(target)
        try:
            return self._collect(self._acceptances.accept_whole(target), room)
        finally:
            self._slots.release()

    def collect_missing(self, target: Target, *, seen: Record | None) -> LookupResult:
        """Collect a target that was looked up and `seen` to be missing or stale, unless another request was quicker.

        Then the answer is what the other request collected, or the promise of it. Raises `CollectionFailed` like `collect`.
        """
        if seen is not None and lookup.is_being_collected(seen, now=self._clock()):
            return lookup.pending(seen)
        has_slot = self._slots.acquire(blocking=False)
        try:
            acceptance = self._acceptances.accept_missing(target, seen=seen)
            if acceptance.record.due_at is None:
                return self._collected_meanwhile(acceptance)
            if has_slot and not lookup.is_being_collected(acceptance.record, now=self._clock()):
                return self._collect(acceptance)
        finally:
            if has_slot:
                self._slots.release()
        return self._acceptances.promise(acceptance)

    def _collected_meanwhile(self, acceptance: Acceptance) -> LookupResult:
        found = self._acceptances.found_after(acceptance)
        if found.record.state is State.FAILED:
            raise lookup.collection_failed(found.record.target, found.record.failure)
        return LookupResult(found=found)

    def _collect(self, acceptance: Acceptance, room: Room | None = None) -> LookupResult:
        """Collect what was accepted; the promise of it while another worker does. The caller holds a slot."""
        claim = self._collector.claim(acceptance.record.id)
        if claim is None:
            return lookup.pending(acceptance.record, begun=acceptance.accepted)
        outcome, took_effect, size = self._settled(claim)
        if took_effect and isinstance(outcome, Failed):
            raise lookup.collection_failed(claim.target, outcome.failure)
        if room is not None and size > LARGE_BODY:
            try:
                room.take(TIMES_THE_BODY * size)
            except NoRoom:
                return lookup.pending(acceptance.record, begun=True)
        return replace(lookup.inline_result(outcome, self._records.look_up(claim.id), took_effect=took_effect), begun=True)

    def _settled(self, claim: Record) -> tuple[Outcome, bool, int]:
        """The outcome of a claim, whether it took effect, and the size of its body, which is then in the store alone."""
        outcome = self._collector.collect(claim, inline=True)
        [took_effect] = self._collector.settler.settle_in_time([outcome], within=SETTLE_WITHIN)
        if isinstance(outcome, Stored) and outcome.body is not None:
            return replace(outcome, body=None), took_effect, len(outcome.body)
        return outcome, took_effect, 0
