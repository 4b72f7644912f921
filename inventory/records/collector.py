"""Collecting: a claim is fetched and becomes an outcome, one at a time or many at once.

`collect_due` takes expired claims one by one and nothing beside them: such a target may have killed a worker. Then it
collects what is due, in a pool of threads that is kept full. Told to stop, it only settles what is in flight.

The permits of the first calls are asked for all claims at once. A claim without one is deferred until its reservation and
takes no slot. The collector does not end while its reservations come soon: a claim that misses its
reservation gets a new one after all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from time import sleep

import structlog

from inventory import faults
from inventory.clock import Clock
from inventory.errors import Deferred, SourceFailure, StorageUnavailable
from inventory.memory_budget import UNLIMITED, MemoryBudget
from inventory.notifier import Notifier
from inventory.rate_limits.calls import Calls, GiveBack
from inventory.rate_limits.model import Budgets, Permit, Throttled
from inventory.records.backlog import Backlog, may_wait
from inventory.records.call_permits import CallPermits
from inventory.records.in_flight import POLL_INTERVAL, InFlight
from inventory.records.model import (
    AHEAD,
    LONGEST_DELAY,
    Content,
    Failed,
    Outcome,
    Postponed,
    Record,
    State,
    Statements,
    Stored,
)
from inventory.records.outcomes import CollectionPolicy
from inventory.records.ports import Records, Snapshots
from inventory.records.settling import Settler
from inventory.records.source import Source

log = structlog.get_logger(__name__)

RESERVATION_NEAR = timedelta(seconds=2)
"""How far away the next reservation of a deferred claim may be for a collector to stay for it."""

More = Callable[[float], bool]
"""Waits up to so many seconds for something to become due, and says whether that is to be expected at all."""


Observe = Callable[[Stored | Failed], Statements | None]
"""What an outcome states of its target."""


class Collector:
    """Turns claims into outcomes; `settler` then ends the claims."""

    def __init__(
        self,
        records: Records,
        snapshots: Snapshots,
        sources: Mapping[str, Source],
        notifier: Notifier,
        policy: CollectionPolicy,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: Random,
        sleep: Callable[[float], object] = sleep,
        observe: Observe = lambda _outcome: None,
        memory: MemoryBudget = UNLIMITED,
    ) -> None:
        self._records, self._snapshots, self._sources = records, snapshots, sources
        self._notifier, self._policy, self._budgets = notifier, policy, budgets
        self._clock, self._rng, self._sleep = clock, rng, sleep
        self._permits = CallPermits(budgets, notifier)
        self._observe = observe
        self._memory = memory
        self._last_reservation = clock()
        self.settler = Settler(records, notifier, policy, clock=clock, rng=rng, sleep=sleep)

    def claim(self, record_id: str) -> Record | None:
        """Lease one record for an inline collection, whatever its pause; None while somebody else is collecting it."""
        return self._records.claim(record_id, now=self._clock(), lease_for=self._policy.lease_for)

    def collect(self, claim: Record, permit: Permit | None = None, *, inline: bool = False) -> Outcome:
        """Fetch a claimed target, the first call with this permit if there is one.

        With `inline` a caller waits and wants all of it: the outcome is stored or failed, and postponed only if an upstream
        may not be called now. Whatever is raised becomes an outcome too, except that the store is away.
        """
        return self._observed(self._collected(claim, permit, inline=inline))

    def collect_due(
        self, *, slots: int, stopping: Callable[[], bool], more: More = lambda _seconds: False, first: str | None = None
    ) -> int:
        """Collect what is due until nothing is, with up to `slots` at once; how many collections were settled.

        The record `first` comes before all others, if it is due. Whenever a slot stays free it asks for `more`; while that
        expects some, it goes on.
        Raises `StorageUnavailable` when the store is away and nothing is in flight.
        """
        try:
            with InFlight(slots) as in_flight:
                settled = self._collect_expired(stopping, first)
                return settled + self._collect_pending(in_flight, stopping, more, first)
        finally:
            self._permits.give_back()

    def is_reservation_near(self) -> bool:
        """Whether reservations that were given here are still to come, and something is due within `RESERVATION_NEAR`."""
        now, max_attempts = self._clock(), self._policy.retry.max_attempts
        if not timedelta(0) < self._last_reservation - now <= AHEAD:
            return False
        try:
            return bool(self._records.due(now=now + RESERVATION_NEAR, max_attempts=max_attempts, limit=1))
        except StorageUnavailable:
            return False

    def _collect_expired(self, stopping: Callable[[], bool], first: str | None) -> int:
        """Collect expired claims, and before them the record `first`, if it is due; how many collections were settled."""
        settled, lease_for, max_attempts = 0, self._policy.lease_for, self._policy.retry.max_attempts
        if first and not stopping() and self._records.is_any_expired(now=self._clock(), max_attempts=max_attempts):
            claim = self._claim_if_due(first)
            settled = 0 if claim is None else self.settler.settle_or_drop([self.collect(claim)])
        while not stopping():
            claim = self._records.claim_expired(now=self._clock(), lease_for=lease_for, max_attempts=max_attempts)
            if claim is None:
                break
            settled += self.settler.settle_or_drop([self.collect(claim)])
        return settled

    def _collect_pending(self, in_flight: InFlight, stopping: Callable[[], bool], more: More, first: str | None) -> int:
        settled, backlog, ended = 0, Backlog(), list[Outcome]()
        while True:
            stop = stopping()
            room, bulk = (0, False) if stop else in_flight.room()
            all_claimed = room > 0 and self._claim_more(backlog, room, bulk=bulk, required=not in_flight, first=first)
            first = None
            dropped = backlog.drop(stopping=stop)
            permitted, deferred = self._request_permits(backlog.take(room, bulk=bulk))
            for claim, permit in permitted:
                in_flight.start(self._collected_in_flight, claim, permit)
            if deferred or dropped:  # more may be due at once, and must not wait for what is in flight
                handed_back = [Postponed(claim, self._clock(), None, counted=False) for claim in dropped]
                ended += [*handed_back, *deferred, *in_flight.done()]
            elif bulk and all_claimed and more(0 if in_flight else POLL_INTERVAL) and not in_flight:
                continue
            elif in_flight:
                ended += in_flight.wait()
                self._permits.give_back()
            elif stop or not self.is_reservation_near():
                return settled
            else:
                self._sleep(POLL_INTERVAL)
            if not backlog or not may_wait(ended):
                settled += self._settle(ended)
                backlog.note(ended)
                ended = []

    def _claim_more(self, backlog: Backlog, room: int, *, bulk: bool, required: bool, first: str | None) -> bool:
        """Claim for free slots, and ahead of them; whether that was all that is due. Jobs wait while they have a backlog."""
        bulk = bulk and not backlog
        limit = room + backlog.ahead if bulk else room
        claims = self._claim_due(limit, bulk=bulk, required=required and not backlog, first=first)
        backlog.add(claims)
        return bulk and len(claims) < limit

    def _settle(self, outcomes: Sequence[Outcome]) -> int:
        """How many collections took effect. What first outcomes state is found here, which needs nothing of the store.

        For all of them, one after the other, that takes half the time of finding each in its thread, between fetches.
        """
        self._permits.give_back()
        return self.settler.settle_or_drop([self._observed(each) if _is_first(each.claim) else each for each in outcomes])

    def _claim_due(self, limit: int, *, bulk: bool, required: bool, first: str | None) -> Sequence[Record]:
        """Due claims, that of the record `first` before all; none if the store is away, unless they are `required`."""
        now, lease_for = self._clock(), self._policy.lease_for
        try:
            return self._records.claim_due(now=now, lease_for=lease_for, limit=limit, bulk=bulk, first=first)
        except StorageUnavailable:
            if required:
                raise
            return ()

    def _claim_if_due(self, record_id: str) -> Record | None:
        """The claim of a record that is due or whose lease is over; None for any other."""
        record = self._records.find(record_id)
        if record is None or record.due_at is None or record.due_at > self._clock():
            return None
        has_attempts = record.state is State.PENDING or record.attempt < self._policy.retry.max_attempts
        return self.claim(record_id) if has_attempts else None

    def _request_permits(self, claims: Sequence[Record]) -> tuple[Sequence[tuple[Record, Permit | None]], Sequence[Outcome]]:
        """The claims that may be collected now, and the outcomes of the others."""
        permitted: list[tuple[Record, Permit | None]] = []
        deferred: list[Outcome] = []
        for claim, decision in zip(claims, self._permits.request(claims), strict=True):
            if isinstance(decision, Throttled):
                final = self._policy.retry.gives_up(claim.attempt)
                deferred.append(self._outcome_of(claim, partial(self._defer, claim, decision, final=final)))
            else:
                permitted.append((claim, decision))
        return permitted, deferred

    def _outcome_of(self, claim: Record, decide: Callable[[], Outcome]) -> Outcome:
        """What is decided of a claim. This is the outermost edge of a collection: whatever breaks it is recorded here."""
        try:
            return decide()
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - logged, counted, and the outcome
            return self.settler.fault(claim, error, "collect")

    def _collected_in_flight(self, claim: Record, permit: Permit | None) -> Outcome:
        """`collect` without what a first outcome states; its permit is given back with others."""
        outcome = self._collected(claim, permit, give_back=self._permits.give_back_soon)
        return outcome if _is_first(claim) else self._observed(outcome)

    def _collected(
        self,
        claim: Record,
        permit: Permit | None,
        *,
        inline: bool = False,
        give_back: GiveBack | None = None,
    ) -> Outcome:
        """`collect` without what the outcome states."""
        final = inline or self._policy.retry.gives_up(claim.attempt)
        collect = partial(self._collect, claim, permit, inline=inline, final=final, give_back=give_back)
        return self._outcome_of(claim, collect)

    def _observed(self, outcome: Outcome) -> Outcome:
        """The outcome with what it states. Where that cannot be told, it is found later from what is stored."""
        if isinstance(outcome, Postponed):
            return outcome
        try:
            return replace(outcome, statements=self._observe(outcome))
        except StorageUnavailable as error:
            log.warning("not_observed", record_id=outcome.claim.id, error=str(error))
        except Exception as error:  # noqa: BLE001 - logged and counted: a collection never fails by what is said of it
            faults.note(self._notifier, error, "observe", outcome.claim.target.source, record_id=outcome.claim.id)
        return outcome

    def _collect(
        self,
        claim: Record,
        permit: Permit | None,
        *,
        inline: bool,
        final: bool,
        give_back: GiveBack | None,
    ) -> Outcome:
        """Fetch a target; of the memory for that, what its body takes is held until the outcome is settled."""
        room, size = self._memory.room(), 0
        try:
            calls = Calls(self._budgets, permit, give_back=give_back, room=room, sleep=self._sleep)
            outcome = self._fetch(claim, calls, inline=inline, final=final)
            if room.held and isinstance(outcome, Stored) and outcome.body:
                size, outcome = len(outcome.body), replace(outcome, room=room)
            return outcome
        finally:
            room.keep(size)

    def _fetch(self, claim: Record, calls: Calls, *, inline: bool, final: bool) -> Outcome:
        try:
            with calls:
                previous = None if inline else self._to_revalidate(claim)
                collected = self._sources[claim.target.source].collect(claim.target.key, previous, calls)
        except SourceFailure as error:
            final = final or error.permanent
            return self._policy.failed(claim, error, now=self._clock(), rng=self._rng, final=final)
        except Deferred as error:
            return self._defer(claim, error, final=final)
        return self._policy.answered(claim, collected, now=self._clock(), final=final)

    def _defer(self, claim: Record, throttled: Throttled | Deferred, *, final: bool) -> Outcome:
        now, wait = self._clock(), min(timedelta(seconds=throttled.wait), LONGEST_DELAY)
        self._last_reservation = max(self._last_reservation, now + wait)
        return self._policy.deferred(claim, throttled.reason, wait, now=now, rng=self._rng, final=final)

    def _to_revalidate(self, claim: Record) -> Content | None:
        """The content of the latest snapshot, if asking whether that still holds will do.

        A second attempt asks for all of it: the first one may have failed because of its conditions.
        """
        if not claim.revalidate or claim.snapshot_id is None or claim.attempt > 1:
            return None
        try:
            found = self._snapshots.find(claim.snapshot_id)
        except StorageUnavailable as error:
            log.warning("not_revalidated", record_id=claim.id, error=str(error))
            return None
        return None if found is None else found[1].content


def _is_first(claim: Record) -> bool:
    """Whether nothing was collected of the target before."""
    return claim.collected_at is None
