"""Composing: what a watch has found and no message told becomes its next message, with a delivery for each destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

import structlog

from inventory.clock import Clock
from inventory.records.service import RecordService
from inventory.watches.grouping import grouped
from inventory.watches.model import Finding, Group, Message, Watch, message_id
from inventory.watches.payload import MAX_GROUPS, compose
from inventory.watches.ports import Messages
from inventory.webhooks.model import Delivery

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=1)
"""How long one message may take to be made, before another program begins it again."""
MAX_FINDINGS = 50_000
"""Findings of one message at most. More of them come in the next one, as do those for which `MAX_TOLD_BYTES` has no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Makes the messages that watches owe. Any number of copies may work at once: each finding is told once.

    What a key owes that has ended, as `has_ended` says by its id, is kept and sent nowhere.
    """

    messages: Messages
    records: RecordService
    public_url: str
    clock: Clock
    has_ended: Callable[[str], bool] = lambda _: False

    def compose_next(self, *, limit: int = MAX_FINDINGS) -> bool:
        """Make the message that has been due for the longest; False if none is."""
        claim = self.messages.claim(now=self.clock(), lease_for=LEASE)
        if claim is None:
            return False
        if findings := self.messages.owed(claim, limit=limit):
            now = self.clock()
            message = self._message(claim.watch, findings, now)
            kept = self.messages.commit(claim, message, self._deliveries_of(message, claim.watch, now), now=now)
            log.info(
                "message_made" if kept else "message_lost",
                watch_id=claim.watch.id,
                message_id=message.id,
                number=message.number,
                findings=message.findings,
                targets=message.targets,
            )
        return True

    def _deliveries_of(self, message: Message, watch: Watch, now: datetime) -> Sequence[Delivery]:
        return () if watch.owner and self.has_ended(watch.owner) else deliveries_of(message, watch, now)

    def _message(self, watch: Watch, findings: Sequence[Finding], now: datetime) -> Message:
        groups = grouped(findings)
        return compose(
            watch,
            findings,
            groups,
            self._keys(groups[:MAX_GROUPS]),
            message_id=message_id(watch.id, watch.messages + 1),
            now=now,
            public_url=self.public_url,
        )

    def _keys(self, groups: Sequence[Group]) -> Mapping[str, str]:
        """The URLs of targets that a message may name."""
        samples = {each.record_id for group in groups for each in group.samples}
        return {record_id: record.target.key for record_id, record in self.records.find_all(sorted(samples)).items()}


def deliveries_of(message: Message, watch: Watch, now: datetime) -> Sequence[Delivery]:
    """One delivery of a message for each destination of its watch, due now."""
    return [
        Delivery(
            id=token_hex(16),
            message_id=message.id,
            watch_id=watch.id,
            kind=each.kind.value,
            address=each.address,
            created_at=now,
            due_at=now,
        )
        for each in watch.destinations
    ]
