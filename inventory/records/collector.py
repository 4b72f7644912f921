"""Collecting: a claim is fetched and becomes an outcome, one at a time or many at once.

`collect_due` takes expired claims one by one and nothing beside them: such a target may have killed a worker. Then it
collects what is due, in a pool of threads that is kept full. Told to stop, it only settles what is in flight.

The permits of the first calls are asked for all claims at once. A claim without one is deferred until its reservation and
takes no slot. The collector does not end while its reservations come soon: a claim that misses its
reservation gets a new one after all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from time import sleep

from inventory.clock import Clock
from inventory.errors import StorageUnavailable
from inventory.rate_limits.model import Permit, Throttled
from inventory.records.backlog import Backlog, may_wait
from inventory.records.call_permits import CallPermits
from inventory.records.claim_collector import ClaimCollector
from inventory.records.in_flight import POLL_INTERVAL, InFlight
from inventory.records.model import Outcome, Postponed, Record, State
from inventory.records.outcomes import CollectionPolicy
from inventory.records.ports import Records
from inventory.records.settling import Settler

RESERVATION_NEAR = timedelta(seconds=2)
"""How far away the next reservation of a deferred claim may be for a collector to stay for it."""

More = Callable[[float], bool]
"""Waits up to so many seconds for something to become due, and says whether that is to be expected at all."""


class Collector:
    """Turns claims into outcomes; `settler` then ends the claims."""

    def __init__(
        self,
        records: Records,
        claims: ClaimCollector,
        permits: CallPermits,
        settler: Settler,
        policy: CollectionPolicy,
        *,
        clock: Clock,
        sleep: Callable[[float], object] = sleep,
    ) -> None:
        self._records, self._claims, self._permits, self._policy = records, claims, permits, policy
        self._clock, self._sleep = clock, sleep
        self.settler, self._pace = settler, settler.pace

    def claim(self, record_id: str) -> Record | None:
        """Lease one record for an inline collection, whatever its pause; None while somebody else is collecting it."""
        with self._pace.timed():
            return self._records.claim(record_id, now=self._clock(), lease_for=self._lease_for)

    def collect(self, claim: Record, *, inline: bool = False) -> Outcome:
        """Collect one claim, which is then to be settled; see `ClaimCollector.collect`."""
        return self._claims.collect(claim, inline=inline)

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
        if not self._claims.is_reservation_ahead(now):
            return False
        try:
            return bool(self._records.due(now=now + RESERVATION_NEAR, max_attempts=max_attempts, limit=1))
        except StorageUnavailable:
            return False

    def _collect_expired(self, stopping: Callable[[], bool], first: str | None) -> int:
        """Collect expired claims, and before them the record `first`, if it is due; how many collections were settled."""
        settled, max_attempts = 0, self._policy.retry.max_attempts
        if first and not stopping() and self._records.is_any_expired(now=self._clock(), max_attempts=max_attempts):
            claim = self._claim_if_due(first)
            settled = 0 if claim is None else self.settler.settle_or_drop([self._collect_alone(claim)])
        while not stopping():
            now = self._clock()
            with self._pace.timed():
                claim = self._records.claim_expired(now=now, lease_for=self._lease_for, max_attempts=max_attempts)
            if claim is None:
                break
            settled += self.settler.settle_or_drop([self._collect_alone(claim)])
        return settled

    def _collect_alone(self, claim: Record) -> Outcome:
        [refused] = self._claims.refused([claim])
        return refused or self.collect(claim)

    def _collect_pending(self, in_flight: InFlight, stopping: Callable[[], bool], more: More, first: str | None) -> int:
        """Each round claims for free slots, starts what has a permit, takes the outcomes of some, and settles them."""
        settled, backlog, ended = 0, Backlog(), list[Outcome]()
        while True:
            stop = stopping()
            room, bulk = (0, False) if stop else in_flight.room()
            room = min(room, max(0, self._pace.max_claims - len(in_flight)))
            all_claimed = room > 0 and self._claim_more(backlog, room, bulk=bulk, required=not in_flight, first=first)
            first = None
            dropped = backlog.drop(stopping=stop)
            permitted, deferred = self._request_permits(backlog.take(room, bulk=bulk))
            for claim, permit in permitted:
                in_flight.start(self._collect_in_flight, claim, permit)
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
        limit = min(room + backlog.ahead, self._pace.max_claims) if bulk else room
        claims = self._claim_due(limit, bulk=bulk, required=required and not backlog, first=first)
        backlog.add(claims)
        return bulk and len(claims) < limit

    def _settle(self, outcomes: Sequence[Outcome]) -> int:
        """How many collections took effect. What first outcomes state is found here, which needs nothing of the store.

        For all of them, one after the other, that takes half the time of finding each in its thread, between fetches.
        """
        self._permits.give_back()
        return self.settler.settle_or_drop(
            [self._claims.observed(each) if _is_first(each.claim) else each for each in outcomes]
        )

    def _claim_due(self, limit: int, *, bulk: bool, required: bool, first: str | None) -> Sequence[Record]:
        """Due claims, that of the record `first` before all; none if the store is away, unless they are `required`."""
        now, lease_for = self._clock(), self._lease_for
        try:
            with self._pace.timed(claims=limit):
                return self._records.claim_due(now=now, lease_for=lease_for, limit=limit, bulk=bulk, first=first)
        except StorageUnavailable:
            if required:
                raise
            return ()

    @property
    def _lease_for(self) -> timedelta:
        return self._pace.lease(self._policy.lease_for)

    def _claim_if_due(self, record_id: str) -> Record | None:
        """The claim of a record that is due or whose lease is over; None for any other."""
        record = self._records.find(record_id)
        if record is None or record.due_at is None or record.due_at > self._clock():
            return None
        has_attempts = record.state is State.PENDING or record.attempt < self._policy.retry.max_attempts
        return self.claim(record_id) if has_attempts else None

    def _request_permits(self, claims: Sequence[Record]) -> tuple[Sequence[tuple[Record, Permit | None]], Sequence[Outcome]]:
        """The claims that may be collected now, and the outcomes of the others."""
        refused = self._claims.refused(claims)
        permitted: list[tuple[Record, Permit | None]] = []
        deferred: list[Outcome] = [outcome for outcome in refused if outcome is not None]
        admitted = [claim for claim, outcome in zip(claims, refused, strict=True) if outcome is None]
        for claim, decision in zip(admitted, self._permits.request(admitted), strict=True):
            if isinstance(decision, Throttled):
                deferred.append(self._claims.throttled(claim, decision))
            else:
                permitted.append((claim, decision))
        return permitted, deferred

    def _collect_in_flight(self, claim: Record, permit: Permit | None) -> Outcome:
        """Collect a claim, without what a first outcome states; its permit is given back with others."""
        outcome = self._claims.fetched(claim, permit, give_back=self._permits.give_back_soon)
        return outcome if _is_first(claim) else self._claims.observed(outcome)


def _is_first(claim: Record) -> bool:
    """Whether nothing was collected of the target before."""
    return claim.collected_at is None
