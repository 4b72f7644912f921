"""The embedded store: one SQLite file in WAL mode, shared by any number of threads and processes of one machine."""

from __future__ import annotations

from pathlib import Path

from inventory.store import Store
from inventory.store.sqlite.activity import SqliteActivity
from inventory.store.sqlite.audit import SqliteAudit
from inventory.store.sqlite.captures import SqliteCaptures
from inventory.store.sqlite.connections import Connections
from inventory.store.sqlite.deliveries import SqliteDeliveries
from inventory.store.sqlite.events import SqliteEvents
from inventory.store.sqlite.history import SqliteHistory
from inventory.store.sqlite.jobs import SqliteJobs
from inventory.store.sqlite.keys import SqliteKeys
from inventory.store.sqlite.messages import SqliteMessages
from inventory.store.sqlite.numbers import Numbers
from inventory.store.sqlite.observations import SqliteObservations
from inventory.store.sqlite.policies import SqlitePolicies
from inventory.store.sqlite.products import SqliteProducts
from inventory.store.sqlite.query_bounds import Bounds
from inventory.store.sqlite.records import SqliteRecords
from inventory.store.sqlite.schedules import SqliteSchedules
from inventory.store.sqlite.snapshots import SqliteBodies, SqliteSnapshots
from inventory.store.sqlite.unseen import SqliteOutcomes
from inventory.store.sqlite.watches import SqliteWatches
from inventory.store.sqlite.webhooks import SqliteWebhooks


class SqliteStore(Store):
    """The store in the file `path`, which is made, folder included, when it is first used; `bounds` are those of queries."""

    def __init__(self, path: str | Path, *, bounds: Bounds | None = None) -> None:
        self._connections = Connections(Path(path))
        numbers = Numbers()
        self.records = SqliteRecords(self._connections, numbers)
        self.snapshots = SqliteSnapshots(self._connections)
        self.bodies = SqliteBodies(self._connections)
        self.captures = SqliteCaptures(self._connections)
        self.jobs = SqliteJobs(self._connections)
        self.events = SqliteEvents(self._connections)
        self.history = SqliteHistory(self._connections)
        self.products = SqliteProducts(self._connections)
        self.observations = SqliteObservations(self._connections, numbers, bounds or Bounds())
        self.watches = SqliteWatches(self._connections)
        self.schedules = SqliteSchedules(self._connections)
        self.outcomes = SqliteOutcomes(self._connections)
        self.messages = SqliteMessages(self._connections)
        self.webhooks = SqliteWebhooks(self._connections)
        self.deliveries = SqliteDeliveries(self._connections)
        self.keys = SqliteKeys(self._connections)
        self.audit = SqliteAudit(self._connections)
        self.activity = SqliteActivity(self._connections)
        self.policies = SqlitePolicies(self._connections)

    def prepare(self) -> None:
        self._connections.rows("SELECT 1")

    def ping(self, timeout: float) -> None:
        self._connections.rows("SELECT 1 FROM records LIMIT 1", timeout=timeout)

    def try_writing(self, timeout: float) -> None:
        self._connections.touch(timeout)

    def close(self) -> None:
        self._connections.close()
