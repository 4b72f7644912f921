"""What is observed of a target lasts as long as the target, and longer than the snapshots that showed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.config import Settings
from inventory.observations.conditions import Everything
from inventory.records.source import Collected
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, content
from tests.observations.algebra import has, word_or_pattern
from workers import scheduler
from workers.sweeping import is_put_off

URL = "http://example.test/page"
SERVERS = ("nginx", "apache", "caddy")


@pytest.fixture
def services(make_services: Build, settings: Settings) -> Services:
    return make_services(replace(settings, keep_snapshots=1, fresh_for=0))


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


def collect(client: FlaskClient, web: FakeWeb, clock: FakeClock, server: str, url: str = URL) -> datetime:
    """Collect a page that names its server; when that was."""
    clock.forward(60)
    web.pages[url] = Collected(content(url, headers=[{"name": "Server", "value": server}]), f"<p>{server}".encode())
    assert client.post("/api/v1/metadata", json={"url": url}).status_code in (200, 201)
    return clock.now


def found(services: Services, server: str, at: datetime | None = None) -> int:
    return len(services.store.observations.search(has("header.server", server), at=at, limit=9, after=None))


def values(services: Services) -> int:
    """How many values the store keeps."""
    rows = services.store.observations._connections.rows("SELECT count(*) FROM field_values")
    return int(rows[0][0])


def tidy(services: Services) -> None:
    """Let the scheduler do its rounds until it has seen everything."""
    sweep = scheduler.Sweep()
    for _ in range(3):
        scheduler.round_(services)
        scheduler.retain(services, sweep)


def test_observations_of_a_deleted_target_go_with_it(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    at = [collect(client, web, clock, server) for server in ("nginx", "apache")]

    assert client.delete("/api/v1/metadata", query_string={"url": URL}).status_code == 204

    for instant in (*at, None):
        assert services.store.observations.search(Everything(), at=instant, limit=9, after=None) == []
    assert services.store.observations.facet(Everything(), at=None, field="header.server", limit=9) == []
    record_id = services.records.target("webpage", URL).id
    assert services.store.observations.shown([record_id], [word_or_pattern("*", exact=True)], at=at[0]) == {}
    wanted = {"fields": [], "since": at[0], "until": clock.now.replace(year=2999), "limit": 9, "after": None}
    assert services.store.observations.changes(Everything(), **wanted) == []


def test_a_target_that_was_deleted_while_it_was_to_be_indexed_leaves_nothing(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    collect(client, web, clock, "nginx")
    services.store.observations.mark_unindexed(after="", limit=9)
    client.delete("/api/v1/metadata", query_string={"url": URL})

    assert [each.done for each in services.reindexer.run()][-1:] in ([], [0])
    assert services.store.observations.count_unindexed(up_to=9) == 0
    assert found(services, "nginx") == 0


def test_a_target_that_is_collected_again_after_it_was_deleted_has_nothing_of_before(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    before = collect(client, web, clock, "nginx")
    client.delete("/api/v1/metadata", query_string={"url": URL})
    collect(client, web, clock, "apache")

    assert (found(services, "nginx", before), found(services, "nginx"), found(services, "apache")) == (0, 0, 1)


def test_values_that_nothing_names_any_more_are_removed_and_others_stay(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    other = "http://example.test/other"
    collect(client, web, clock, "nginx", other)
    alone = values(services)
    collect(client, web, clock, "only here")
    collect(client, web, clock, "and here")
    tidy(services)
    assert values(services) > alone

    client.delete("/api/v1/metadata", query_string={"url": URL})
    tidy(services)

    assert values(services) == alone
    assert found(services, "nginx") == 1


def test_values_are_looked_at_again_an_hour_after_all_have_been_seen(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    sweep = scheduler.Sweep()
    scheduler.retain(services, sweep)
    collect(client, web, clock, "only here")
    client.delete("/api/v1/metadata", query_string={"url": URL})

    scheduler.retain(services, sweep)
    assert values(services) > 0
    assert sweep.values_at is not None

    sweep.values_at -= scheduler.PRUNE_EVERY
    scheduler.retain(services, sweep)
    assert values(services) == 0


@pytest.mark.parametrize(
    ("hours", "put_off"), [(-1, False), (0, False), (1, True), (2, False)], ids=["over", "now", "in an hour", "set back"]
)
def test_a_sweep_is_put_off_for_an_hour_and_no_longer_where_the_clock_was_set_back(hours: int, put_off: bool) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)

    assert is_put_off(now + timedelta(hours=hours), timedelta(hours=1), now) is put_off


def test_observations_outlive_the_snapshots_that_showed_them(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    at = [collect(client, web, clock, server) for server in SERVERS]
    tidy(services)
    record = services.store.records.find(services.records.target("webpage", URL).id)
    assert record is not None
    assert record.snapshots == 1

    for _ in range(2):
        shown = [[found(services, server, instant) for server in SERVERS] for instant in (*at, None)]
        assert shown == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
        list(services.reindexer.run())  # what the snapshots do not show any more stays
        tidy(services)
