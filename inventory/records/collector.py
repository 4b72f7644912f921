"""Collecting: a claim is fetched and becomes an outcome, one at a time or many at once.

Lifecycle of a drain, the work behind one bell: first the claims that some worker abandoned, one by one and with nothing
beside them, because such a target may have killed that worker; then whatever is due, through a pool of threads that is
kept full, so that a slow upstream holds up one place and no more. It ends when nothing is due or running, or soon after it
is told to stop: it claims no more, and what is in flight is settled.

Whoever calls an upstream needs a permit. The drain asks for those of the first calls, for all claims at once, and what gets
none is put off until its turn: it takes no place in the pool. A drain does not end while turns that it gave come soon, but
looks again and again, because what misses its turn goes to the end of the line.

While the store is away nothing is claimed, and what was fetched is kept and settled as soon as the store is back, for as
long as the lease lasts. Behind that somebody else may collect the target, so it is thrown away.

Any other exception, of a source or of ours, is the end of its collection at once: a recorded failure `internal_fault`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from random import Random
from time import sleep

import structlog

from inventory import faults
from inventory.clock import Clock
from inventory.errors import Deferred, SourceFailure, StorageUnavailable, Unstorable
from inventory.notifier import Notifier
from inventory.rate_limits.calls import Calls
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Reason
from inventory.records.model import (
    AHEAD,
    LONGEST_PAUSE,
    Content,
    Failed,
    Failure,
    Outcome,
    Postponed,
    Record,
    Snapshot,
    Stored,
)
from inventory.records.ports import Records, Snapshots
from inventory.records.source import Collected, Source

log = structlog.get_logger(__name__)

LOOK_AGAIN = 0.2
"""Seconds after which a drain with free slots looks for newly due work while its other slots are busy."""
KEPT_FREE = 5
"""Of so many slots one is kept free of what only jobs wait for, whose slow upstreams a lookup is not to wait behind."""
TOGETHER = 0.01
"""Seconds in which outcomes that only jobs wait for are gathered: a transaction for each would cost more than its fetch."""
NEXT_TURN = timedelta(seconds=2)
"""How far away the next turn of what was put off may be for a drain to stay for it."""
SETTLE_AGAIN = 0.5
"""Seconds between two tries to settle while the store is away."""


More = Callable[[float], bool]
"""Waits up to so many seconds for something to become due, and says whether that is to be expected at all."""


def no_more(_seconds: float) -> bool:
    """What is due is all there is."""
    return False


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a claim lasts, how often and after which pauses a collection is tried, and how long a failure stands."""

    lease_for: timedelta
    max_attempts: int
    retry_base: float
    retry_failed_after: timedelta

    def pause(self, attempt: int, rng: Random) -> timedelta:
        """The pause after the n-th attempt: up to `retry_base` × 3ⁿ⁻¹ seconds, no longer than any, with full jitter."""
        longest = min(self.retry_base * 3 ** (attempt - 1), LONGEST_PAUSE.total_seconds())
        return timedelta(seconds=rng.uniform(0, longest))


class Collector:
    """Turns claims into outcomes and settles them."""

    def __init__(
        self,
        records: Records,
        snapshots: Snapshots,
        sources: Mapping[str, Source],
        notifier: Notifier,
        policy: Policy,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: Random,
        sleep: Callable[[float], object] = sleep,
    ) -> None:
        self._records = records
        self._snapshots = snapshots
        self._sources = sources
        self._notifier = notifier
        self._policy = policy
        self._budgets = budgets
        self._clock = clock
        self._rng = rng
        self._sleep = sleep
        self._last_turn = clock()

    def claim(self, record_id: str) -> Record | None:
        """Lease one record for an inline collection, whatever its pause; None while somebody else is collecting it."""
        return self._records.claim(record_id, now=self._clock(), lease_for=self._policy.lease_for)

    def collect(self, claim: Record, permit: Permit | None = None, *, inline: bool = False) -> Outcome:
        """Fetch a claimed target, the first call with this permit if there is one; `inline` for a caller who waits and wants
        all of it.

        Then the outcome is stored or failed, and postponed only where an upstream may not be called now. Whatever is raised
        is such an outcome too, but for a store that is away.
        """
        return self._outcome_of(claim, partial(self._collect, claim, permit, inline=inline))

    def _outcome_of(self, claim: Record, decide: Callable[[], Outcome]) -> Outcome:
        """What is decided of a claim. This is the outermost edge of a collection: whatever breaks it is recorded here."""
        try:
            return decide()
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - logged, counted, and the outcome
            return self._broken(claim, error, "collect")

    def _collect(self, claim: Record, permit: Permit | None, *, inline: bool) -> Outcome:
        final = inline or claim.attempt >= self._policy.max_attempts
        try:
            with Calls(self._budgets, permit, sleep=self._sleep) as calls:
                previous = None if inline else self._to_revalidate(claim)
                collected = self._sources[claim.target.source].collect(claim.target.key, previous, calls)
        except SourceFailure as error:
            return self._failed(claim, error, final=final or error.permanent)
        except Deferred as error:
            return self._put_off(claim, error.reason, error.wait, final=final)
        if collected.come_back_in is not None and not final:
            # A host that asked for more is not asked before: its budget puts the claim off again.
            pause = min(timedelta(seconds=collected.come_back_in), LONGEST_PAUSE)
            return Postponed(claim, self._clock() + pause, None)
        return self._stored(claim, collected)

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """End the claims in the store, then wake whoever waits for them; True for each that took effect.

        One that shares its body does not where somebody asked for a whole collection meanwhile: that is then due at once.
        """
        settled = self._settled_by_store(outcomes)
        self._hand_back(outcome for outcome, took_effect in zip(outcomes, settled, strict=True) if not took_effect)
        put_off = sum(_is_put_off(outcome) for outcome in outcomes)
        if put_off:  # of a long line hundreds a second
            log.info("put_off", count=put_off)
        for outcome, took_effect in zip(outcomes, settled, strict=True):
            if _is_put_off(outcome):
                continue
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
        self._notifier.announce([outcome.claim.id for outcome in outcomes if not _is_put_off(outcome)])
        return settled

    def _settled_by_store(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        """Settle all at once, or each alone if one of them is what the store refuses: that is recorded as failed instead."""
        try:
            return self._records.settle(outcomes)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a collection: logged, counted, and the outcome
            if len(outcomes) > 1:
                return [took_effect for outcome in outcomes for took_effect in self._settled_by_store([outcome])]
            self._settle_instead(self._refused(outcomes[0], error))
            return [False]

    def _settle_instead(self, failed: Outcome) -> None:
        try:
            self._records.settle([failed])
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the same edge; where not even this can be recorded, the lease ends it
            self._broken(failed.claim, error, "settle")

    def _refused(self, outcome: Outcome, error: Exception) -> Outcome:
        """What an outcome becomes that the store refuses: a failure of the site, where what it sent cannot be kept."""
        if not (isinstance(error, Unstorable) and isinstance(outcome, Stored)):
            return self._broken(outcome.claim, error, "settle")
        log.warning("unstorable", record_id=outcome.claim.id, source=outcome.claim.target.source, error=str(error))
        return self._failed(outcome.claim, SourceFailure("invalid_response", Unstorable.told, permanent=True), final=True)

    def _hand_back(self, refused: Iterable[Outcome]) -> None:
        """Make due again what is still claimed by outcomes that shared a body when a whole one was wanted."""
        conditional = [outcome for outcome in refused if isinstance(outcome, Stored) and outcome.shares_body]
        self._settled_by_store([Postponed(outcome.claim, self._clock(), None) for outcome in conditional])

    def settle_in_time(self, outcomes: Sequence[Outcome], *, within: timedelta | None = None) -> Sequence[bool]:
        """`settle`, tried again while the store is away: as long as any lease lasts, and no longer than `within`.

        Raises `StorageUnavailable` when that time is over; then somebody else will collect the targets.
        """
        now = self._clock()
        left = min(self._policy.lease_for, max((outcome.claim.due_at or now) - now for outcome in outcomes))
        if within is not None:
            left = min(left, within)
        while True:
            try:
                return self.settle(outcomes)
            except StorageUnavailable as error:
                tried_at, now = now, self._clock()
                left -= max(timedelta(0), now - tried_at)  # a clock that is set back makes nobody wait for longer
                if left <= timedelta(0):
                    raise
                log.warning("settling_delayed", claims=len(outcomes), error=str(error))
            self._sleep(SETTLE_AGAIN)

    def collect_due(self, *, slots: int, stopping: Callable[[], bool], more: More = no_more) -> int:
        """Collect what is due until nothing is, with up to `slots` at once; how many claims were settled.

        Whenever a place stays free it asks for `more`; while that expects some, it goes on.
        Raises `StorageUnavailable` when the store is away and nothing is in flight.
        """
        with ThreadPoolExecutor(max_workers=slots, thread_name_prefix="collect") as pool:
            return self._collect_abandoned(stopping) + self._collect_due(pool, slots, stopping, more)

    def _collect_abandoned(self, stopping: Callable[[], bool]) -> int:
        settled = 0
        while not stopping():
            claim = self._records.claim_abandoned(
                now=self._clock(), lease_for=self._policy.lease_for, max_attempts=self._policy.max_attempts
            )
            if claim is None:
                break
            settled += self._settled([self.collect(claim)])
        return settled

    def _collect_due(self, pool: ThreadPoolExecutor, slots: int, stopping: Callable[[], bool], more: More) -> int:
        settled, kept_free = 0, slots // KEPT_FREE
        running: dict[Future[Outcome], Record] = {}
        while True:
            free = 0 if stopping() else slots - len(running)
            bulk = free > kept_free
            wanted = free - kept_free if bulk else free
            claims = self._claim_due(wanted, bulk=bulk, required=not running) if wanted else ()
            permitted, put_off = self._ask_for_permits(claims)
            running |= {pool.submit(self.collect, claim, permit): claim for claim, permit in permitted}
            if put_off:  # there may be more at once: what is due behind them must not wait
                settled += self._settled([*put_off, *_outcomes(_take_done(running, at_once=True))])
                continue
            if bulk and len(claims) < wanted and more(0 if running else LOOK_AGAIN) and not running:
                continue
            if running:
                settled += self._settled(list(_outcomes(_take_done(running))))
            elif stopping() or not self.is_turn_near():
                return settled
            else:
                self._sleep(LOOK_AGAIN)

    def _ask_for_permits(self, claims: Sequence[Record]) -> tuple[Sequence[tuple[Record, Permit | None]], Sequence[Outcome]]:
        """The claims that may be collected now, and what becomes of the others; what somebody waits for comes first.

        Where asking for all breaks, each collection asks for itself, so that it breaks one of them at most.
        """
        if not claims:
            return [], []
        try:
            decisions = self._budgets.take([PermitRequest(claim.target.host, urgent=not claim.bulk) for claim in claims])
        except Exception as error:  # noqa: BLE001 - the outermost edge: no claim is lost, and each gets its outcome
            faults.note(self._notifier, error, "permits")
            return [(claim, None) for claim in claims], []
        permitted: list[tuple[Record, Permit | None]] = []
        put_off: list[Outcome] = []
        for claim, decision in zip(claims, decisions, strict=True):
            if isinstance(decision, Permit):
                permitted.append((claim, decision))
            else:
                final = claim.attempt >= self._policy.max_attempts
                put_off.append(
                    self._outcome_of(claim, partial(self._put_off, claim, decision.reason, decision.wait, final=final))
                )
        return permitted, put_off

    def is_turn_near(self) -> bool:
        """Whether turns that were given here are still to come, and something is due within `NEXT_TURN`."""
        now, most = self._clock(), self._policy.max_attempts
        if not timedelta(0) < self._last_turn - now <= AHEAD:
            return False
        try:
            return bool(self._records.due(now=now + NEXT_TURN, max_attempts=most, limit=1))
        except StorageUnavailable:
            return False

    def _claim_due(self, limit: int, *, bulk: bool, required: bool) -> Sequence[Record]:
        """Due claims; none from a store that is away, unless they are `required`."""
        try:
            return self._records.claim_due(now=self._clock(), lease_for=self._policy.lease_for, limit=limit, bulk=bulk)
        except StorageUnavailable:
            if required:
                raise
            return ()

    def _settled(self, outcomes: Sequence[Outcome]) -> int:
        """How many of these outcomes took effect; none if the store was away until their leases were over."""
        if not outcomes:
            return 0
        try:
            return sum(self.settle_in_time(outcomes))
        except StorageUnavailable as error:
            log.error("leases_over", record_ids=[outcome.claim.id for outcome in outcomes], error=str(error))
            return 0

    def _to_revalidate(self, claim: Record) -> Content | None:
        """The content of the latest snapshot, if asking whether that still holds will do."""
        if not claim.revalidate or claim.snapshot_id is None:
            return None
        try:
            found = self._snapshots.find(claim.snapshot_id)
        except StorageUnavailable as error:
            log.warning("not_revalidated", record_id=claim.id, error=str(error))
            return None
        return None if found is None else found[1].content

    def _stored(self, claim: Record, collected: Collected) -> Stored:
        assert claim.lease is not None
        snapshot = Snapshot(
            id=claim.lease,
            record_id=claim.id,
            collected_at=self._clock(),
            content=collected.content,
            body_sha256=_body_sha256(collected),
        )
        return Stored(claim, snapshot, collected.body)

    def _put_off(self, claim: Record, reason: str, wait: float, *, final: bool) -> Outcome:
        """A host that is busy is waited for, however long; that of an open breaker is not: it may never come back."""
        turn = min(timedelta(seconds=wait), LONGEST_PAUSE)
        due_at = self._clock() + turn
        self._last_turn = max(self._last_turn, due_at)
        if reason == Reason.BREAKER:
            error = SourceFailure("breaker_open", "The site did not answer lately, so it is left alone for a while")
            return self._failed(claim, error, final=final, wait=turn)
        return Postponed(claim, due_at, None, counted=False)

    def _broken(self, claim: Record, error: Exception, where: str) -> Outcome:
        """The end of a claim by a fault of ours, which would come again however often it was tried."""
        faults.note(self._notifier, error, where, claim.target.source, record_id=claim.id, host=claim.target.host)
        return self._failed(claim, SourceFailure(faults.INTERNAL_FAULT, faults.TOLD, permanent=True), final=True)

    def _failed(self, claim: Record, error: SourceFailure, *, final: bool, wait: timedelta = timedelta(0)) -> Outcome:
        """The end of a claim, or another attempt, not before `wait` is over."""
        now = self._clock()
        retry_at = now + (
            self._policy.retry_failed_after if final else max(wait, self._policy.pause(claim.attempt, self._rng))
        )
        failure = Failure(
            code=error.code,
            detail=str(error),
            permanent=error.permanent,
            attempts=claim.attempt,
            at=now,
            retry_at=retry_at,
        )
        return Failed(claim, failure) if final else Postponed(claim, retry_at, failure)


def _is_put_off(outcome: Outcome) -> bool:
    """Whether nothing was collected, because the host may not be called yet."""
    return isinstance(outcome, Postponed) and not outcome.counted


def _body_sha256(collected: Collected) -> str | None:
    """The name of the body that a snapshot keeps, or shares with the one before."""
    if collected.unchanged:
        shared: str = collected.content["body"]["sha256"]
        return shared
    return None if collected.body is None else sha256(collected.body).hexdigest()


def _take_done(running: dict[Future[Outcome], Record], *, at_once: bool = False) -> set[Future[Outcome]]:
    """What is done soon, or already if `at_once`, taken out of what is running; if only jobs wait for it, with what is done
    a moment later."""
    done, others = wait(running, timeout=0 if at_once else LOOK_AGAIN, return_when=FIRST_COMPLETED)
    if done and others and not at_once and all(running[future].bulk for future in done):
        done |= wait(others, timeout=TOGETHER).done
    for future in done:
        del running[future]
    return done


def _outcomes(done: Iterable[Future[Outcome]]) -> Iterator[Outcome]:
    """What the collections came to. One that met a store that is away is logged, and its lease brings it back."""
    for future in done:
        error = future.exception()
        if error is None:
            yield future.result()
        else:
            log.error("collection_broke", exc_info=error)
