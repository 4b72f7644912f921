"""One store, which keeps everything that must survive.

A feature's `ports.py` says what it needs of the store; each method is one atomic statement in domain words. Every method may
raise `StorageUnavailable`: not done, or not known to be done; the same call may be sent again. What writes may raise
`Unstorable`: not done, and never will be, because of a value. Adapters translate the errors of their database to these
and to nothing else. They are safe to share between threads, and across a fork before the first call, and connect on first
use.
"""

from __future__ import annotations

from typing import Protocol

from inventory.access.ports import Audit, Keys
from inventory.activity.ports import Activity
from inventory.cdx.ports import Captures
from inventory.events.ports import Events
from inventory.history.ports import History
from inventory.jobs.ports import Jobs
from inventory.observations.ports import Observations
from inventory.policy.ports import Policies
from inventory.products.ports import Products
from inventory.records.ports import Bodies, Records, Snapshots
from inventory.watches.ports import Messages, Outcomes, Schedules, Watches
from inventory.webhooks.ports import Deliveries, Webhooks


class Store(Protocol):
    """One store; its ports share connections."""

    records: Records
    snapshots: Snapshots
    bodies: Bodies
    captures: Captures
    jobs: Jobs
    events: Events
    history: History
    products: Products
    observations: Observations
    watches: Watches
    schedules: Schedules
    outcomes: Outcomes
    messages: Messages
    webhooks: Webhooks
    deliveries: Deliveries
    keys: Keys
    audit: Audit
    activity: Activity
    policies: Policies

    def prepare(self) -> None:
        """Create or migrate what is kept, idempotently, also when several processes do it at once.

        Every other method does this first if this process has not yet, so a store that was away at the start needs no
        restart. Raises `StartError` when the stored schema is newer than this code.
        """

    def ping(self, timeout: float) -> None:
        """Return if the store answers within `timeout` seconds; `StorageUnavailable` otherwise."""

    def try_writing(self, timeout: float) -> None:
        """Return if what is written now is kept, found by a durable write that changes nothing.

        `StorageFull` if the store answers and can keep nothing, another `StorageUnavailable` if it does not answer.
        """

    def close(self) -> None:
        """Give connections back; the store may be used again afterwards."""
