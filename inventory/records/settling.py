"""Settling: outcomes end their claims in the store, and those who wait for them are woken.

While the store is away, outcomes are tried again as long as their leases last. Then somebody else may collect the targets.
Those that did not end in time are settled in smaller parts: what is settled stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

import structlog

from inventory import faults, log_lines
from inventory.clock import Clock
from inventory.errors import SourceFailure, StorageUnavailable, Unstorable
from inventory.notifier import Notifier
from inventory.records.model import Outcome, Postponed, Record, Stored
from inventory.records.outcomes import CollectionPolicy, is_deferred
from inventory.records.ports import Records
from inventory.store_pace import StorePace

log = structlog.get_logger(__name__)

SETTLE_RETRY_INTERVAL = 0.5
"""Seconds between two attempts to settle while the store is away."""


class Settler:
    """Ends claims with their outcomes."""

    def __init__(
        self,
        records: Records,
        notifier: Notifier,
        policy: CollectionPolicy,
        *,
        clock: Clock,
        rng: Random,
        sleep: Callable[[float], object],
        pace: StorePace,
    ) -> None:
        self.pace = pace
        self._records, self._notifier, self._policy = records, notifier, policy
        self._clock, self._rng, self._sleep = clock, rng, sleep

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """End the claims in the store, then wake those who wait for them; True for each outcome that took effect.

        An outcome that shares its body takes no effect if a whole collection was asked for meanwhile: that is then due.
        """
        settled = self._settle_in_store(outcomes)
        overruled = [outcome for outcome, took_effect in zip(outcomes, settled, strict=True) if not took_effect]
        if due_again := made_due(overruled, self._clock()):
            self._settle_in_store(due_again)
        _log(outcomes, settled)
        self._notifier.announce([outcome.claim.id for outcome in outcomes if not is_deferred(outcome)])
        return settled

    def settle_in_time(self, outcomes: Sequence[Outcome], *, within: timedelta | None = None) -> Sequence[bool]:
        """`settle`, retried while the store is away: as long as any lease lasts, and no longer than `within`.

        Raises `StorageUnavailable` when that time is over; then somebody else will collect the targets. After that, or
        once they are settled, no outcome holds memory.
        """
        try:
            return self._settle_within(outcomes, within)
        finally:
            for outcome in outcomes:
                if isinstance(outcome, Stored) and outcome.room is not None:
                    outcome.room.keep(0)

    def _settle_within(self, outcomes: Sequence[Outcome], within: timedelta | None) -> Sequence[bool]:
        now = self._clock()
        lease_for = self.pace.lease(self._policy.lease_for)
        left = min(lease_for, max((outcome.claim.due_at or now) - now for outcome in outcomes))
        if within is not None:
            left = min(left, within)
        settled: list[bool] = []
        while True:
            try:
                while len(settled) < len(outcomes):
                    settled += self._settle_part(outcomes[len(settled) : len(settled) + self.pace.max_claims])
                return settled
            except StorageUnavailable as error:
                tried_at, now = now, self._clock()
                left -= max(timedelta(0), now - tried_at)  # a clock that is set back makes nobody wait for longer
                if left <= timedelta(0):
                    raise
                log.warning("settling_delayed", claims=len(outcomes), error=str(error))
            self._sleep(SETTLE_RETRY_INTERVAL)

    def _settle_part(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        with self.pace.timed(claims=len(outcomes)):
            settled = self.settle(outcomes)
        now = self._clock()
        left = min((outcome.claim.due_at or now) - now for outcome in outcomes)
        self.pace.note_settled(len(outcomes), left=left)
        return settled

    def settle_or_drop(self, outcomes: Sequence[Outcome]) -> int:
        """How many collections took effect; none if the store was away until their leases were over."""
        if not outcomes:
            return 0
        try:
            settled = self.settle_in_time(outcomes)
            return sum(took and not is_deferred(outcome) for outcome, took in zip(outcomes, settled, strict=True))
        except StorageUnavailable as error:
            log.error("leases_over", record_ids=[outcome.claim.id for outcome in outcomes], error=str(error))
            return 0

    def fault(self, claim: Record, error: Exception, where: str) -> Outcome:
        """Log and count an internal fault; it ends the claim, because it would come again however often it was tried."""
        faults.note(self._notifier, error, where, claim.target.source, record_id=claim.id, host=claim.target.host)
        return self._failed(claim, faults.failure())

    def _settle_in_store(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """Settle all at once, or each alone if the store rejects one of them: that is recorded as failed instead."""
        try:
            return self._records.settle(outcomes)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a collection: logged, counted, and the outcome
            if len(outcomes) > 1:
                return [took_effect for outcome in outcomes for took_effect in self._settle_in_store([outcome])]
            self._settle_failure(self._unstorable(outcomes[0], error))
            return [False]

    def _settle_failure(self, failed: Outcome) -> None:
        try:
            self._records.settle([failed])
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the same edge; where not even this can be recorded, the lease ends it
            self.fault(failed.claim, error, "settle")

    def _unstorable(self, outcome: Outcome, error: Exception) -> Outcome:
        """What becomes of an outcome that the store rejects: a failure of the site if what it sent cannot be stored."""
        if not (isinstance(error, Unstorable) and isinstance(outcome, Stored)):
            return self.fault(outcome.claim, error, "settle")
        log.warning("unstorable", record_id=outcome.claim.id, source=outcome.claim.target.source, error=str(error))
        return self._failed(outcome.claim, SourceFailure("invalid_response", Unstorable.public_detail, permanent=True))

    def _failed(self, claim: Record, error: SourceFailure) -> Outcome:
        return self._policy.failed(claim, error, now=self._clock(), rng=self._rng, final=True)


def made_due(overruled: Sequence[Outcome], now: datetime) -> Sequence[Postponed]:
    """Makes targets due again that were only revalidated although a whole collection was requested meanwhile."""
    return [Postponed(each.claim, now, None) for each in overruled if isinstance(each, Stored) and each.shares_body]


def _log(outcomes: Sequence[Outcome], settled: Sequence[bool]) -> None:
    """A line for each collection, and one for all that were deferred: there may be hundreds of those a second."""
    deferred = sum(is_deferred(outcome) for outcome in outcomes)
    if deferred:
        log.info("deferred", count=deferred)
    lines = [
        {
            "event": "collected",
            "record_id": outcome.claim.id,
            "source": outcome.claim.target.source,
            "host": outcome.claim.target.host,
            "attempt": outcome.claim.attempt,
            "outcome": type(outcome).__name__.lower(),
            "failure": None if isinstance(outcome, Stored) or outcome.failure is None else outcome.failure.code,
            "took_effect": took_effect,
        }
        for outcome, took_effect in zip(outcomes, settled, strict=True)
        if not is_deferred(outcome)
    ]
    log_lines.write_infos(__name__, lines)
