"""What becomes of a delivery after a try: decisions without a store, a receiver or a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from inventory.webhooks.model import LONGEST_PAUSE, Delivery, DeliveryState, Webhook
from inventory.webhooks.sink import Reply, Verdict

MINUTE, HOUR = 60, 3_600
BACK_OFF = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds between a failed try and the next one: the schedule of Standard Webhooks 1.0."""
JITTER = 0.1
"""By how much of itself a pause may be longer or shorter, so that those who failed together do not come back together."""
LONGEST_HOLD = 5 * MINUTE
"""Seconds for which a failure holds up everything else that is owed to the receiver, unless that asks for more."""

LATENESS = timedelta(hours=1)
"""By how much a last try may be late, because workers were busy or away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The state of a delivery, and when it is due again.

    Until `hold_until` its receiver gets nothing else. `disable` is why it never gets anything any more.
    """

    state: DeliveryState
    due_at: datetime | None = None
    hold_until: datetime | None = None
    disable: str | None = None


def decide(claim: Delivery, reply: Reply, *, now: datetime, rng: Random) -> Decision:
    """Delivered, failed, or pending until the next try. The last one is at `Delivery.give_up_at`."""
    if reply.verdict is Verdict.ACCEPTED:
        return Decision(state=DeliveryState.DELIVERED)
    if reply.verdict is Verdict.GONE:
        return Decision(state=DeliveryState.FAILED, disable=f"The receiver answered {reply.status}: it wants no messages.")
    if reply.verdict is Verdict.REJECTED or now >= claim.give_up_at:
        return Decision(state=DeliveryState.FAILED)
    pause = _pause(claim.attempt, reply.retry_after, rng)
    return Decision(
        state=DeliveryState.PENDING,
        due_at=min(now + timedelta(seconds=pause), claim.give_up_at),
        hold_until=_hold(reply, pause, now),
    )


def is_news(webhook: Webhook, decision: Decision) -> bool:
    """Whether a decision says anything of a webhook that was not known when its try began."""
    is_failing = decision.state is not DeliveryState.DELIVERED
    return is_failing != (webhook.failing_since is not None) or bool(decision.hold_until or decision.disable)


def is_too_late(claim: Delivery, now: datetime) -> bool:
    """Whether a delivery that was tried before has outlived its last try: its receiver wanted a longer pause."""
    return claim.attempt > 1 and now > claim.give_up_at + LATENESS


def _pause(attempt: int, asked: float | None, rng: Random) -> float:
    """Seconds until the next try. A receiver that says when is believed, even if the schedule has got to hours."""
    scheduled = BACK_OFF[min(max(attempt, 1), len(BACK_OFF)) - 1] * rng.uniform(1 - JITTER, 1 + JITTER)
    return scheduled if asked is None else max(_granted(asked), min(scheduled, LONGEST_HOLD))


def _hold(reply: Reply, pause: float, now: datetime) -> datetime | None:
    if reply.retry_after is not None:
        return now + timedelta(seconds=_granted(reply.retry_after))
    return now + timedelta(seconds=min(pause, LONGEST_HOLD)) if reply.verdict is Verdict.BUSY else None


def _granted(asked: float) -> float:
    return min(asked, LONGEST_PAUSE.total_seconds())
