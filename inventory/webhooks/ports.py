"""What webhooks and deliveries need of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from inventory.listing import Key
from inventory.webhooks.model import Attempt, Delivery, DeliveryState, Webhook


class Webhooks(Protocol):
    """Receivers of messages."""

    def add(self, webhook: Webhook, *, at_most: int) -> Webhook | None:
        """Keep a new webhook; None if there are `at_most` already. The one with the same URL is returned instead."""

    def find(self, webhook_id: str) -> Webhook | None:
        """The webhook, or None."""

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Webhook]:
        """Webhooks by (created_at, id), newest first."""

    def replace(self, seen: Webhook, webhook: Webhook) -> bool:
        """Keep what people set of it if its `version` is as `seen`; False otherwise.

        Of `not_before` and `failing_since`, what `seen` had and `webhook` has not is forgotten; else they stay as they are.
        """

    def note(
        self,
        webhook_id: str,
        *,
        failed_at: datetime | None,
        hold_until: datetime | None,
        disabled: str | None,
        now: datetime,
    ) -> None:
        """Keep what a delivery told of the receiver, whatever others tell of it at the same time.

        A success, with `failed_at` None, ends `failing_since`, and a failure begins it. `not_before` is the latest of all
        holds, but for one that a clock wrote which was ahead. `disabled` None leaves that as it is.
        """

    def delete(self, webhook_id: str, *, now: datetime) -> bool:
        """Remove it, and cancel its deliveries that go on; False if there is none."""


class Deliveries(Protocol):
    """The ledger of deliveries. `Messages.commit` writes them."""

    def claim_due(self, *, now: datetime, lease_for: timedelta, limit: int, first: str | None = None) -> Sequence[Delivery]:
        """Lease up to `limit` deliveries: pending and due, or running with the lease over; no delivery twice to anybody.

        A claim sets state running, a new random lease, `due_at = now + lease_for`, `attempt + 1`, `fence + 1`. Those to a
        webhook whose `not_before` is later wait; `first` comes before all others; then the oldest due.
        """

    def settle(
        self,
        claim: Delivery,
        attempt: Attempt | None,
        state: DeliveryState,
        *,
        due_at: datetime | None,
        counted: bool = True,
    ) -> bool:
        """End a claim where lease and fence still match: delivered, failed, cancelled, or pending again at `due_at`.

        One that is handed back has no attempt, and is not counted.
        """

    def again(self, delivery_id: str, *, address: str, now: datetime) -> Delivery | None:
        """Make an ended delivery due now, attempt 0; one that goes on is due now. None if there is none to that address."""

    def cancel(self, *, webhook_id: str, now: datetime) -> int:
        """Cancel those to a webhook that go on; how many."""

    def due(self, *, now: datetime, limit: int) -> Mapping[str, str]:
        """The ids of up to `limit` deliveries that a claim would find, each with its destination."""

    def listing(
        self, *, address: str | None, message_id: str | None, state: DeliveryState | None, limit: int, after: Key | None
    ) -> Sequence[Delivery]:
        """Deliveries by (created_at, id), newest first."""

    def tally(self) -> Mapping[DeliveryState, int]:
        """How many deliveries there are in each state."""
