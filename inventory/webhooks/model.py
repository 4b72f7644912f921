"""Webhooks, and deliveries of messages to them and to other sinks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from inventory.records.model import CLOCKS_DIFFER

EMAIL_ADDRESS = re.compile(r"(?=.{3,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
"""Addresses that messages may go to: in ASCII, without a name."""
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""Names of files, without their suffix."""
ID = re.compile(r"[0-9a-f]{32}")
"""Ids of webhooks and of watches."""
WEBHOOK = "webhook"
"""The kind of a delivery whose address is the id of a webhook."""
MAX_BODY = 20_000
"""Bytes of a message, as Standard Webhooks 1.0 recommends."""
OLD_SECRET_SIGNS_FOR = timedelta(hours=24)
"""How long a secret that was replaced goes on to sign, beside the new one."""
GIVE_UP_AFTER = timedelta(days=3)
"""After this a delivery that never succeeded has failed."""
LONGEST_PAUSE = timedelta(hours=24)
"""The longest one that is granted to a receiver, and that is between two tries, but for its jitter."""
HOLD_AHEAD = LONGEST_PAUSE + CLOCKS_DIFFER
"""A `not_before` that is later was written by a clock that was ahead, so it holds nothing up."""
DUE_AHEAD = 1.2 * LONGEST_PAUSE
"""A delivery that is due later was put off by such a clock, so it is due now."""
LEASE_AHEAD = timedelta(minutes=10)
"""The same for the end of a lease."""
KEPT_ATTEMPTS = 20
"""The latest attempts of a delivery."""
MAX_WEBHOOKS = 1_000
MAX_SECRETS = 5
"""Secrets that sign at once: who replaces more of them within a day has the oldest ones end at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver of messages. `secrets` sign, the newest first, each until its instant; None: without an end.

    `disabled_because` is why nothing is sent to it any more; `not_before` is when it may be called next.
    """

    id: str
    url: str
    created_at: datetime
    secrets: Sequence[tuple[str, datetime | None]] = field(repr=False)
    disabled_because: str | None = None
    not_before: datetime | None = None
    failing_since: datetime | None = None
    version: int = 1

    def signing(self, now: datetime) -> Sequence[str]:
        """The secrets that sign now, the newest first."""
        return [secret for secret, until in self.secrets if until is None or until > now]

    def rotated(self, secret: str, now: datetime) -> Webhook:
        """The webhook with a new secret; those before it go on to sign for `OLD_SECRET_SIGNS_FOR`, or until their end."""
        end = now + OLD_SECRET_SIGNS_FOR
        old = [(each, min(until or end, end)) for each, until in self.secrets if until is None or until > now]
        return replace(self, secrets=[(secret, None), *old][:MAX_SECRETS])


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. `status` is that of the response, None if there was none; `detail` says what went wrong."""

    at: datetime
    status: int | None
    detail: str | None
    elapsed_ms: float

    @property
    def ended_at(self) -> datetime:
        """When the answer had come, or was given up."""
        return self.at + timedelta(milliseconds=self.elapsed_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that is owed to one destination, in the manner of the ledger: a due time, a lease, attempts, an end.

    `kind` and `address` name the destination. `attempts` are the latest ones, the oldest first; `attempt` counts all since
    it was made or, after its end, sent again, which was `again_at`.
    """

    id: str
    message_id: str
    watch_id: str
    kind: str
    address: str
    created_at: datetime
    due_at: datetime | None
    state: DeliveryState = DeliveryState.PENDING
    attempt: int = 0
    lease: str | None = None
    fence: int = 0
    ended_at: datetime | None = None
    attempts: Sequence[Attempt] = ()
    again_at: datetime | None = None

    @property
    def give_up_at(self) -> datetime:
        """When its last try is."""
        return (self.again_at or self.created_at) + GIVE_UP_AFTER
