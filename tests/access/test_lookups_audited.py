"""Each lookup that accepted a collection is in the audit, with who sent it, unless everything is open; a hit is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.access.audit import AuditFilter
from inventory.access.model import AuditEntry, Mode
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.services import Services
from inventory.web_api import shortcut
from inventory.web_api.shortcut import Answer
from tests.access.in_front import ask_in_front
from tests.conftest import Build
from tests.fakes import FakeClock, Replacing

URL = "http://example.test/page"
Make = Callable[..., tuple[Services, FlaskClient]]
Headers = dict[str, str]


@pytest.fixture
def make(make_services: Build, settings: Settings) -> Make:
    def make(mode: Mode = Mode.KEYS, **replaced: Any) -> tuple[Services, FlaskClient]:
        services = make_services(replace(settings, access=mode), **replaced)
        return services, create_app(services=services).test_client()

    return make


def key(services: Services, name: str, *scopes: str) -> Headers:
    _, text = services.keys.create(name, scopes or ["admin"])
    return {"Authorization": f"Bearer {text}"}


def kept(services: Services) -> list[AuditEntry]:
    """Oldest first."""
    return list(services.audit.listing(AuditFilter(), limit=200, after=None))[::-1]


def look_up(client: FlaskClient, headers: Headers, url: str = URL, **query: object) -> int:
    return client.get("/api/v1/metadata", query_string={"url": url, **query}, headers=headers).status_code


def in_front(client: FlaskClient, asked: Sequence[tuple[Headers, str, str]]) -> Sequence[Answer]:
    """What the shortcut answers together: the headers, the path of the page and the id of each request."""
    front = client.application.extensions[shortcut.KEY](mounted_at="")
    requests = []
    for headers, path, request_id in asked:
        fields = {"host": "localhost", "x-request-id": request_id} | {name.lower(): each for name, each in headers.items()}
        target = f"/api/v1/metadata?url={quote(f'http://example.test/{path}', safe='')}"
        requests.append(ask_in_front(client, front, target, fields))
    answers: Sequence[Answer] = front.answer_group(requests)
    return answers


def test_a_miss_is_kept_once_and_a_hit_is_not(make: Make) -> None:
    services, client = make()
    headers = key(services, "shop") | {"X-Request-ID": "mine"}

    assert [look_up(client, headers), look_up(client, headers)] == [202, 202]
    services.collector.collect_due(slots=1, stopping=lambda: False)
    assert [look_up(client, headers), look_up(client, headers)] == [200, 200]

    [entry] = kept(services)
    assert (entry.action, entry.target, entry.outcome, entry.request_id) == ("metadata.look_up", URL, "done", "mine")
    assert (entry.key_name, entry.address) == ("shop", "127.0.0.1")


def test_a_stale_hit_that_is_refreshed_is_kept(make: Make, clock: FakeClock) -> None:
    services, client = make()
    headers = key(services, "shop")
    look_up(client, headers)
    services.collector.collect_due(slots=1, stopping=lambda: False)
    clock.forward(60)

    assert look_up(client, headers, max_age=0) == 200

    assert [entry.action for entry in kept(services)] == ["metadata.look_up"] * 2


def test_what_a_reader_asks_for_is_not_collected_and_not_kept(make: Make) -> None:
    services, client = make()

    assert look_up(client, key(services, "reader", "read")) == 404

    assert kept(services) == []


def test_weather_that_is_collected_is_kept(make: Make) -> None:
    services, client = make()
    headers = key(services, "shop")
    for _ in range(2):
        assert client.get("/api/v1/weather?city=Bern", headers=headers).status_code == 200

    assert [(entry.action, entry.target) for entry in kept(services)] == [("weather.look_up", "bern")]


def test_where_everything_is_open_lookups_are_not_kept(make: Make) -> None:
    services, client = make(Mode.OPEN)
    look_up(client, {})
    in_front(client, [({}, "1", "r-1")])

    assert kept(services) == []


def test_of_a_group_each_is_kept_with_whoever_asked_first(make: Make) -> None:
    services, client = make()
    shop, other, reader = key(services, "shop"), key(services, "other"), key(services, "reader", "read")
    asked = [(shop, "1", "r-1"), (other, "2", "r-2"), (other, "1", "r-3"), (reader, "3", "r-4"), (shop, "4", "r-5")]

    answers = in_front(client, asked)

    assert [answer.status[:3] for answer in answers] == ["202", "202", "202", "404", "202"]
    assert sorted((each.target, each.key_name, each.request_id, each.address) for each in kept(services)) == [
        ("http://example.test/1", "shop", "r-1", "203.0.113.7"),
        ("http://example.test/2", "other", "r-2", "203.0.113.7"),
        ("http://example.test/4", "shop", "r-5", "203.0.113.7"),
    ]


def test_a_group_is_added_in_one_call(make: Make, settings: Settings) -> None:
    store = wiring.open_store(settings)
    sizes = []

    def add(entries: Sequence[AuditEntry]) -> None:
        sizes.append(len(entries))
        store.audit.add(entries)

    services, client = make(store=Replacing(store, audit=Replacing(store.audit, add=add)))
    shop = key(services, "shop")

    in_front(client, [(shop, str(number), f"r-{number}") for number in range(9)])

    assert sizes == [9]


def test_a_group_whose_entries_cannot_be_kept_is_answered_all_the_same(make: Make, settings: Settings) -> None:
    def add(_entries: object) -> None:
        raise StorageUnavailable("away")

    store = wiring.open_store(settings)
    services, client = make(store=Replacing(store, audit=Replacing(store.audit, add=add)))

    assert [answer.status[:3] for answer in in_front(client, [(key(services, "shop"), "1", "r-1")])] == ["202"]
