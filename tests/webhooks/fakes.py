"""In-memory fakes of the ports of webhooks, as their docstrings promise, and sinks that a test scripts."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from inventory.errors import StorageUnavailable
from inventory.listing import Key
from inventory.webhooks.model import HOLD_AHEAD, WEBHOOK, Attempt, Delivery, DeliveryState, Webhook
from inventory.webhooks.sink import OutgoingMessage, Reply, Verdict

GOING_ON = frozenset({DeliveryState.PENDING, DeliveryState.RUNNING})


class MemoryWebhooks:
    def __init__(self) -> None:
        self.kept: dict[str, Webhook] = {}
        self.cancel: Callable[..., int] = lambda **_: 0
        self._lock = Lock()

    def add(self, webhook: Webhook, *, at_most: int) -> Webhook | None:
        for each in self.kept.values():
            if each.url == webhook.url:
                return each
        if len(self.kept) >= at_most:
            return None
        self.kept[webhook.id] = webhook
        return webhook

    def find(self, webhook_id: str) -> Webhook | None:
        return self.kept.get(webhook_id)

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Webhook]:
        rows = sorted(self.kept.values(), key=lambda each: (each.created_at, each.id), reverse=True)
        return [each for each in rows if after is None or (each.created_at, each.id) < after][:limit]

    def replace(self, seen: Webhook, webhook: Webhook) -> bool:
        now = self.kept.get(seen.id)
        taken = any(each.url == webhook.url and each.id != seen.id for each in self.kept.values())
        if now is None or now.version != seen.version or taken:
            return False
        told = {
            name: None if getattr(seen, name) and not getattr(webhook, name) else getattr(now, name)
            for name in ("not_before", "failing_since")
        }
        self.kept[seen.id] = replace(webhook, version=seen.version + 1, **told)
        return True

    def note(
        self,
        webhook_id: str,
        *,
        failed_at: datetime | None,
        hold_until: datetime | None,
        disabled: str | None,
        now: datetime,
    ) -> None:
        with self._lock:
            if kept := self.kept.get(webhook_id):
                holds = [each for each in (kept.not_before, hold_until) if each is not None and each <= now + HOLD_AHEAD]
                is_disabled = disabled is not None and kept.disabled_because is None
                self.kept[webhook_id] = replace(
                    kept,
                    not_before=max(holds, default=None),
                    failing_since=failed_at and (kept.failing_since or failed_at),
                    disabled_because=disabled if is_disabled else kept.disabled_because,
                    version=kept.version + is_disabled,
                )

    def delete(self, webhook_id: str, *, now: datetime) -> bool:
        self.cancel(webhook_id=webhook_id, now=now)
        return self.kept.pop(webhook_id, None) is not None


class MemoryDeliveries:
    """`away` lets each call fail; `handed_back` counts the claims that ended without an attempt."""

    def __init__(self, webhooks: MemoryWebhooks) -> None:
        self.kept: dict[str, Delivery] = {}
        self.away = False
        self.handed_back = 0
        self._webhooks = webhooks
        self._lock = Lock()
        self._leases = itertools.count()
        webhooks.cancel = self.cancel

    def owe(self, *deliveries: Delivery) -> None:
        for each in deliveries:
            self.kept[each.id] = each

    def claim_due(self, *, now: datetime, lease_for: timedelta, limit: int, first: str | None = None) -> Sequence[Delivery]:
        self._check()
        with self._lock:
            due = sorted(self._due(now), key=lambda each: (each.id != first, each.due_at))
            claims = [
                replace(
                    each,
                    state=DeliveryState.RUNNING,
                    lease=str(next(self._leases)),
                    due_at=now + lease_for,
                    attempt=each.attempt + 1,
                    fence=each.fence + 1,
                )
                for each in due[:limit]
            ]
            self.owe(*claims)
            return claims

    def settle(
        self,
        claim: Delivery,
        attempt: Attempt | None,
        state: DeliveryState,
        *,
        due_at: datetime | None,
        counted: bool = True,
    ) -> bool:
        self._check()
        with self._lock:
            kept = self.kept.get(claim.id)
            if kept is None or (kept.lease, kept.fence) != (claim.lease, claim.fence):
                return False
            self.handed_back += attempt is None
            self.kept[claim.id] = replace(
                kept,
                state=state,
                due_at=due_at,
                lease=None,
                attempt=kept.attempt if counted else kept.attempt - 1,
                attempts=[*kept.attempts, *([attempt] if attempt else [])],
                ended_at=None if state in GOING_ON else attempt and attempt.ended_at,
            )
            return True

    def again(self, delivery_id: str, *, address: str, now: datetime) -> Delivery | None:
        kept = self.kept.get(delivery_id)
        if kept is None or kept.address != address:
            return None
        if kept.state is not DeliveryState.RUNNING:
            pending = replace(kept, state=DeliveryState.PENDING, due_at=now, ended_at=None)
            ended = kept.state not in GOING_ON
            self.owe(replace(pending, attempt=0, again_at=now) if ended else pending)
        return self.kept[delivery_id]

    def cancel(self, *, webhook_id: str, now: datetime) -> int:
        going_on = [each for each in self.kept.values() if each.address == webhook_id and each.state in GOING_ON]
        self.owe(*(replace(each, state=DeliveryState.CANCELLED, due_at=None, lease=None, ended_at=now) for each in going_on))
        return len(going_on)

    def due(self, *, now: datetime, limit: int) -> Mapping[str, str]:
        return {each.id: f"{each.kind}:{each.address}" for each in self._due(now)[:limit]}

    def listing(
        self, *, address: str | None, message_id: str | None, state: DeliveryState | None, limit: int, after: Key | None
    ) -> Sequence[Delivery]:
        rows = sorted(self.kept.values(), key=lambda each: (each.created_at, each.id), reverse=True)
        return [
            each
            for each in rows
            if (address in (None, each.address))
            and (message_id in (None, each.message_id))
            and (state in (None, each.state))
            and (after is None or (each.created_at, each.id) < after)
        ][:limit]

    def tally(self) -> Mapping[DeliveryState, int]:
        return Counter(each.state for each in self.kept.values())

    def _due(self, now: datetime) -> list[Delivery]:
        return [
            each
            for each in self.kept.values()
            if each.state in GOING_ON and each.due_at is not None and each.due_at <= now and not self._is_held(each, now)
        ]

    def _is_held(self, delivery: Delivery, now: datetime) -> bool:
        webhook = self._webhooks.find(delivery.address) if delivery.kind == WEBHOOK else None
        return webhook is not None and webhook.not_before is not None and webhook.not_before > now

    def _check(self) -> None:
        if self.away:
            raise StorageUnavailable("The store is away.")


class ScriptedSink:
    """Gives the replies of a script in turn, then accepts; `hold` keeps all that are sent until it is called again."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.sent: list[OutgoingMessage] = []
        self._replies = deque(replies)

    def send(self, message: OutgoingMessage) -> Reply:
        self.sent.append(message)
        reply = self._replies.popleft() if self._replies else Reply(verdict=Verdict.ACCEPTED, status=204)
        if isinstance(reply, Exception):
            raise reply
        return reply
