"""Collecting: a claim is fetched and becomes an outcome, one at a time or many at once.

Lifecycle of a drain, the work behind one bell: first the claims that some worker abandoned, one by one and with nothing
beside them, because such a target may have killed that worker; then whatever is due, through a pool of threads that is
kept full, so that a slow upstream holds up one place and no more. It ends when nothing is due or running, or soon after it
is told to stop: it claims no more, and what is in flight is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from random import Random

import structlog

from inventory.clock import Clock
from inventory.errors import SourceFailure
from inventory.queue import Queue
from inventory.records.model import Failed, Failure, Outcome, Postponed, Record, Snapshot, Stored
from inventory.sources import Collected, Source
from inventory.store.ports import Store

log = structlog.get_logger(__name__)

LOOK_AGAIN = 0.2
"""Seconds after which a drain with free places looks for newly due work while its other places are busy."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a claim lasts, how often and after which pauses a collection is tried, and how long a failure stands."""

    lease_for: timedelta
    max_attempts: int
    retry_base: float
    retry_failed_after: timedelta

    def pause(self, attempt: int, rng: Random) -> timedelta:
        """The pause behind the n-th attempt: up to `retry_base` × 3ⁿ⁻¹ seconds, with full jitter."""
        return timedelta(seconds=rng.uniform(0, self.retry_base * 3 ** (attempt - 1)))


class Collector:
    """Turns claims into outcomes and settles them."""

    def __init__(
        self, store: Store, sources: Mapping[str, Source], queue: Queue, policy: Policy, *, clock: Clock, rng: Random
    ) -> None:
        self._store = store
        self._sources = sources
        self._queue = queue
        self._policy = policy
        self._clock = clock
        self._rng = rng

    def claim(self, record_id: str) -> Record | None:
        """Lease one record for an inline collection, whatever its pause; None while somebody else is collecting it."""
        return self._store.records.claim(record_id, now=self._clock(), lease_for=self._policy.lease_for)

    def collect(self, claim: Record, *, last: bool = False) -> Outcome:
        """Fetch a claimed target. With `last` the outcome is final: stored or failed, never postponed."""
        final = last or claim.attempt >= self._policy.max_attempts
        try:
            collected = self._sources[claim.target.source].collect(claim.target.key)
        except SourceFailure as error:
            return self._failed(claim, error, final=final or error.permanent)
        if collected.come_back_in is not None and not final:
            return Postponed(claim, self._clock() + timedelta(seconds=collected.come_back_in), None)
        return self._stored(claim, collected)

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """End the claims in the store, then wake whoever waits for them; True for each that took effect."""
        settled = self._store.records.settle(outcomes)
        for outcome, took_effect in zip(outcomes, settled, strict=True):
            log.info(
                "collected",
                record_id=outcome.claim.id,
                source=outcome.claim.target.source,
                host=outcome.claim.target.host,
                attempt=outcome.claim.attempt,
                outcome=type(outcome).__name__.lower(),
                failure=None if isinstance(outcome, Stored) or outcome.failure is None else outcome.failure.code,
                took_effect=took_effect,
            )
        self._queue.announce([outcome.claim.id for outcome in outcomes])
        return settled

    def drain(self, *, places: int, stopping: Callable[[], bool]) -> int:
        """Collect what is due until nothing is, with up to `places` at once; how many claims were settled."""
        with ThreadPoolExecutor(max_workers=places, thread_name_prefix="collect") as pool:
            return self._collect_abandoned(stopping) + self._collect_due(pool, places, stopping)

    def _collect_abandoned(self, stopping: Callable[[], bool]) -> int:
        settled = 0
        while not stopping():
            claim = self._store.records.claim_abandoned(
                now=self._clock(), lease_for=self._policy.lease_for, max_attempts=self._policy.max_attempts
            )
            if claim is None:
                break
            settled += sum(self.settle([self.collect(claim)]))
        return settled

    def _collect_due(self, pool: ThreadPoolExecutor, places: int, stopping: Callable[[], bool]) -> int:
        settled = 0
        running: set[Future[Outcome]] = set()
        while True:
            if not stopping() and len(running) < places:
                running |= {pool.submit(self.collect, claim) for claim in self._claim_due(places - len(running))}
            if not running:
                return settled
            done, running = wait(running, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
            if done:
                settled += sum(self.settle([future.result() for future in done]))

    def _claim_due(self, limit: int) -> Sequence[Record]:
        return self._store.records.claim_due(now=self._clock(), lease_for=self._policy.lease_for, limit=limit)

    def _stored(self, claim: Record, collected: Collected) -> Stored:
        assert claim.lease is not None
        snapshot = Snapshot(
            id=claim.lease,
            record_id=claim.id,
            collected_at=self._clock(),
            content=collected.content,
            body_sha256=None if collected.body is None else sha256(collected.body).hexdigest(),
        )
        return Stored(claim, snapshot, collected.body)

    def _failed(self, claim: Record, error: SourceFailure, *, final: bool) -> Outcome:
        now = self._clock()
        retry_at = now + (self._policy.retry_failed_after if final else self._policy.pause(claim.attempt, self._rng))
        failure = Failure(
            code=error.code,
            detail=str(error),
            permanent=error.permanent,
            attempts=claim.attempt,
            at=now,
            retry_at=retry_at,
        )
        return Failed(claim, failure) if final else Postponed(claim, retry_at, failure)
