"""Collecting one claim: its target is fetched, and what came of that becomes an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from time import sleep

import structlog

from inventory import faults
from inventory.clock import Clock
from inventory.errors import Deferred, NoRoom, SourceFailure, StorageUnavailable
from inventory.memory_budget import UNLIMITED, MemoryBudget
from inventory.notifier import Notifier
from inventory.rate_limits.calls import Calls, GiveBack
from inventory.rate_limits.model import Budgets, Permit, Throttled
from inventory.records.admission import Admission, Refusal
from inventory.records.model import AHEAD, LONGEST_DELAY, Content, Failed, Outcome, Postponed, Record, Statements, Stored
from inventory.records.outcomes import CollectionPolicy
from inventory.records.ports import Snapshots
from inventory.records.settling import Settler
from inventory.records.source import Source

log = structlog.get_logger(__name__)

Observe = Callable[[Stored | Failed], Statements | None]
"""What an outcome states of its target."""

RETRY_ADMISSION = timedelta(seconds=2)
"""When claims are looked at again of which nobody could tell whether they may be collected."""


class ClaimCollector:
    """Turns a claim into its outcome. Threads share it."""

    def __init__(
        self,
        snapshots: Snapshots,
        sources: Mapping[str, Source],
        notifier: Notifier,
        settler: Settler,
        policy: CollectionPolicy,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: Random,
        sleep: Callable[[float], object] = sleep,
        observe: Observe = lambda _outcome: None,
        memory: MemoryBudget = UNLIMITED,
        admission: Admission | None = None,
    ) -> None:
        self._snapshots, self._sources = snapshots, sources
        self._notifier, self._settler = notifier, settler
        self._policy, self._budgets = policy, budgets
        self._clock, self._rng, self._sleep = clock, rng, sleep
        self._observe = observe
        self._memory = memory
        self._admission = admission
        self._last_reservation = clock()

    def collect(self, claim: Record, *, inline: bool = False) -> Outcome:
        """Fetch a claimed target, and find what the outcome states.

        With `inline` a caller waits and wants all of it: the outcome is stored or failed, and postponed only if an upstream
        may not be called now, or there is no room. Whatever is raised becomes an outcome too, except that the store is away.
        """
        return self.observed(self.fetched(claim, inline=inline))

    def fetched(
        self,
        claim: Record,
        permit: Permit | None = None,
        *,
        inline: bool = False,
        give_back: GiveBack | None = None,
    ) -> Outcome:
        """`collect` without what the outcome states.

        The first call is made with the `permit`, if there is one; `give_back` takes the report on the last call.
        """
        final = inline or self._policy.retry.gives_up(claim.attempt)
        collect = partial(self._collect, claim, permit, inline=inline, final=final, give_back=give_back)
        return self._outcome_of(claim, collect)

    def refused(self, claims: Sequence[Record]) -> Sequence[Outcome | None]:
        """What becomes of each claim that may not be collected, or not yet; None of one that may."""
        if self._admission is None or not claims:
            return [None] * len(claims)
        try:
            refusals = self._admission.refusals(claims)
        except StorageUnavailable as error:
            log.warning("not_admitted", claims=len(claims), error=str(error))
            return [Postponed(claim, self._clock() + RETRY_ADMISSION, None, counted=False) for claim in claims]
        except Exception as error:  # noqa: BLE001 - logged, counted, and the outcome of one claim at most
            if len(claims) > 1:
                return [outcome for claim in claims for outcome in self.refused([claim])]
            return [self._settler.fault(claims[0], error, "admission")]
        pairs = zip(claims, refusals, strict=True)
        return [None if refusal is None else self._refused(claim, refusal) for claim, refusal in pairs]

    def throttled(self, claim: Record, decision: Throttled) -> Outcome:
        """What becomes of a claim whose first call may not be made yet."""
        final = self._policy.retry.gives_up(claim.attempt)
        return self._outcome_of(claim, partial(self._defer, claim, decision, final=final))

    def is_reservation_ahead(self, now: datetime) -> bool:
        """Whether reservations of claims that were deferred here are still to come."""
        return timedelta(0) < self._last_reservation - now <= AHEAD

    def observed(self, outcome: Outcome) -> Outcome:
        """The outcome with what it states. Where that cannot be told, it is found later from what is stored."""
        if isinstance(outcome, Postponed):
            return outcome
        try:
            return outcome.stating(self._observe(outcome))
        except StorageUnavailable as error:
            log.warning("not_observed", record_id=outcome.claim.id, error=str(error))
        except Exception as error:  # noqa: BLE001 - logged and counted: a collection never fails by what is said of it
            faults.note(self._notifier, error, "observe", outcome.claim.target.source, record_id=outcome.claim.id)
        return outcome

    def _refused(self, claim: Record, refusal: Refusal) -> Outcome:
        if isinstance(refusal, Deferred):
            return self._defer(claim, refusal, final=False)
        return self._policy.failed(claim, refusal, now=self._clock(), rng=self._rng, final=True)

    def _outcome_of(self, claim: Record, decide: Callable[[], Outcome]) -> Outcome:
        """What is decided of a claim. This is the outermost edge of a collection: whatever breaks it is recorded here."""
        try:
            return decide()
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - logged, counted, and the outcome
            return self._settler.fault(claim, error, "collect")

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
            check = None if inline or self._admission is None else partial(self._admission.check_redirect, claim)
            calls = Calls(self._budgets, permit, give_back=give_back, check_redirect=check, room=room, sleep=self._sleep)
            outcome = self._fetch(claim, calls, inline=inline, final=final)
            if room.held and isinstance(outcome, Stored) and outcome.body:
                size, outcome = outcome.size, replace(outcome, room=room)
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
        except NoRoom as error:
            log.warning("no_room", record_id=claim.id, error=str(error))
            return Postponed(claim, self._clock() + timedelta(seconds=error.wait), None, counted=False)
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
