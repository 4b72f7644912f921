"""How watches do, as `/metrics` tells it."""

from __future__ import annotations

from flask.testing import FlaskClient

from inventory.services import Services
from inventory.watches.model import Destination, Message, SinkKind
from inventory.watches.rounds.composing import deliveries_of
from inventory.watches.settings import WatchSettings
from tests.contract.watch_actions import keep_message
from tests.fakes import FakeClock
from tests.ops.actions import scrape, value
from workers.watching import BackgroundWatching

URL = "http://example.test/"


def test_watches_that_are_not_paused_are_counted(client: FlaskClient, services: Services) -> None:
    assert value(client, "inventory_watches") == 0
    made = [services.watches.create(WatchSettings(name=name, query="")).watch for name in ("a", "b")]
    services.watches.pause(made[0].id)

    assert value(client, "inventory_watches") == 1


def test_it_is_told_how_long_outcomes_wait_to_be_looked_at(client: FlaskClient, services: Services) -> None:
    services.watches.create(WatchSettings(name="a", query=""))
    assert value(client, "inventory_watch_lag_seconds") == 0
    services.acceptances.collect_soon(services.records.target("webpage", URL))
    services.collector.collect_due(slots=1, stopping=lambda: False)

    assert value(client, "inventory_watch_lag_seconds") > 86_400  # the clock of the test is that far behind
    BackgroundWatching(services).look()

    assert value(client, "inventory_watch_lag_seconds") == 0


def test_deliveries_are_counted_by_state(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    destinations = [Destination(SinkKind.FILE, name) for name in ("a", "b")]
    watch = services.watches.create(WatchSettings(name="a", query="", destinations=destinations)).watch
    message = Message(id="m", watch_id=watch.id, number=1, created_at=clock.now, findings=1, targets=1)
    keep_message(services.store, message, deliveries_of(message, watch, clock.now))

    assert scrape(client)["inventory_deliveries", frozenset({("state", "pending")})] == 2
