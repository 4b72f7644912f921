"""The store for more than one machine: a MongoDB replica set, of one member or more."""

from __future__ import annotations

from inventory.clock import Clock, utc_now
from inventory.store import Store
from inventory.store.mongo.activity import MongoActivity
from inventory.store.mongo.audit import MongoAudit
from inventory.store.mongo.bodies import MongoBodies
from inventory.store.mongo.captures import MongoCaptures
from inventory.store.mongo.connection import INDEXING_TIMEOUT, WITH_CALLER, Connection, MakeClient, Patience, connect
from inventory.store.mongo.deliveries import MongoDeliveries
from inventory.store.mongo.events import MongoEvents
from inventory.store.mongo.history import MongoHistory
from inventory.store.mongo.jobs import MongoJobs
from inventory.store.mongo.keys import MongoKeys
from inventory.store.mongo.messages import MongoMessages
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observations import MongoObservations
from inventory.store.mongo.observing import Observing
from inventory.store.mongo.policies import MongoPolicies
from inventory.store.mongo.products import MongoProducts
from inventory.store.mongo.query_bounds import Bounds
from inventory.store.mongo.records import MongoRecords
from inventory.store.mongo.schedules import MongoSchedules
from inventory.store.mongo.snapshots import MongoSnapshots
from inventory.store.mongo.unseen import MongoOutcomes
from inventory.store.mongo.watches import MongoWatches
from inventory.store.mongo.webhooks import MongoWebhooks


class MongoStore(Store):
    """The store on the database that `url` names; `client` makes the client, on first use and again after a fork.

    `patience` says how long calls may take, `bounds` are those of queries, and `clock` says what time it is when nothing
    else does.
    """

    def __init__(
        self,
        url: str,
        *,
        client: MakeClient = connect,
        patience: Patience = WITH_CALLER,
        bounds: Bounds | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._connection = Connection(url, client, patience)
        numbers = Numbers()
        observing = Observing(self._connection, numbers)
        self.records = MongoRecords(self._connection, observing)
        self.snapshots = MongoSnapshots(self._connection)
        self.bodies = MongoBodies(self._connection)
        self.captures = MongoCaptures(self._connection)
        self.jobs = MongoJobs(self._connection)
        self.events = MongoEvents(self._connection)
        self.history = MongoHistory(self._connection)
        self.products = MongoProducts(self._connection)
        self.observations = MongoObservations(self._connection, observing, numbers, bounds=bounds or Bounds(), clock=clock)
        self.watches = MongoWatches(self._connection, clock)
        self.schedules = MongoSchedules(self._connection)
        self.outcomes = MongoOutcomes(self._connection)
        self.messages = MongoMessages(self._connection)
        self.webhooks = MongoWebhooks(self._connection)
        self.deliveries = MongoDeliveries(self._connection)
        self.keys = MongoKeys(self._connection)
        self.audit = MongoAudit(self._connection)
        self.activity = MongoActivity(self._connection)
        self.policies = MongoPolicies(self._connection)

    def prepare(self) -> None:
        """A server that is not there is waited for one second, so that the caller can log each second that it waits."""
        with self._connection.database(INDEXING_TIMEOUT, server_wait=1.0):
            pass

    def ping(self, timeout: float) -> None:
        with self._connection.database(timeout) as database:
            database.command("ping")

    def try_writing(self, timeout: float) -> None:
        """A write that finds nothing to change is confirmed like any other."""
        with self._connection.database(timeout) as database:
            database["meta"].update_one({"_id": "schema"}, {"$max": {"version": 0}})

    def close(self) -> None:
        self._connection.close()
