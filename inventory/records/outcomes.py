"""What becomes of a claim: decisions without a store, an upstream or a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from inventory.errors import SourceFailure
from inventory.rate_limits.model import Reason
from inventory.records.model import LONGEST_DELAY, Failed, Failure, Outcome, Postponed, Record, Snapshot, Stored
from inventory.records.source import Collected
from inventory.retry import RetryPolicy


def collection_retries(*, max_attempts: int, base: float) -> RetryPolicy:
    """The retries of a collection: pauses grow threefold."""
    return RetryPolicy(max_attempts, base, factor=3, longest=LONGEST_DELAY.total_seconds())


@dataclass(frozen=True, slots=True)
class CollectionPolicy:
    """How long a claim lasts, when a failed collection is tried again, and for how long its last failure stands."""

    lease_for: timedelta
    retry: RetryPolicy
    retry_failed_after: timedelta

    def answered(self, claim: Record, collected: Collected, *, now: datetime, final: bool) -> Stored | Postponed:
        """Stored, unless the upstream asked for a pause and an attempt is left.

        If the upstream asked for longer than the longest pause, its budget defers the claim again.
        """
        if collected.come_back_in is None or final:
            return stored(claim, collected, now)
        return Postponed(claim, now + min(timedelta(seconds=collected.come_back_in), LONGEST_DELAY), None)

    def deferred(
        self, claim: Record, reason: str, wait: timedelta, *, now: datetime, rng: Random, final: bool
    ) -> Failed | Postponed:
        """A busy host is waited for, however often; one whose breaker is open is not, because it may never come back."""
        if reason == Reason.BREAKER:
            error = SourceFailure("breaker_open", "The site has not answered recently, so it is not called for a while")
            return self.failed(claim, error, now=now, rng=rng, final=final, wait=wait)
        return Postponed(claim, now + wait, None, counted=False)

    def failed(
        self, claim: Record, error: SourceFailure, *, now: datetime, rng: Random, final: bool, wait: timedelta = timedelta(0)
    ) -> Failed | Postponed:
        """Another attempt, not before `wait` is over, or the end of the claim if this attempt was `final`."""
        pause = self.retry_failed_after
        if not final:
            pause = timedelta(seconds=self.retry.pause(claim.attempt, rng, at_least=wait.total_seconds()))
        failure = Failure(
            code=error.code,
            detail=str(error),
            permanent=error.permanent,
            attempts=claim.attempt,
            at=now,
            retry_at=now + pause,
            redirects=tuple(error.redirects),
        )
        return Failed(claim, failure) if final else Postponed(claim, failure.retry_at, failure)


def stored(claim: Record, collected: Collected, now: datetime) -> Stored:
    """The outcome that keeps what was collected."""
    assert claim.lease is not None
    snapshot = Snapshot(
        id=claim.lease, record_id=claim.id, collected_at=now, content=collected.content, body_sha256=_body_sha256(collected)
    )
    return Stored(claim, snapshot, collected.body, attachments=collected.attachments)


def is_deferred(outcome: Outcome) -> bool:
    """Whether nothing was collected, because the host may not be called yet or there was no room."""
    return isinstance(outcome, Postponed) and not outcome.counted


def _body_sha256(collected: Collected) -> str | None:
    """The name of the body that a snapshot keeps, or shares with the one before."""
    if collected.unchanged:
        shared: str = collected.content["body"]["sha256"]
        return shared
    return None if collected.body is None else collected.body_sha256 or sha256(collected.body).hexdigest()
