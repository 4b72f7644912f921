"""GET /api/v1/metadata/timeline on both stores: the snapshots of a URL, and what changed at each."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.changes import schemas
from inventory.store import Store
from inventory.web_api.blueprint import example
from tests.changes.site import Site
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import URL

NGINX, CADDY = ([{"name": "Server", "value": name}, {"name": "Date", "value": name}] for name in ("nginx", "caddy"))
UNCHANGED = content(URL)["response"] | {"not_modified": True, "revalidation": {"status": 304}}
PAGE = {"title": "One", "generators": [], "hosts": {"script": ["cdn.test"]}, "inline_scripts": 0, "defects": []}


@pytest.fixture
def client(make_services: Build, store: Store) -> FlaskClient:
    return create_app(services=make_services(store=store)).test_client()


@pytest.fixture
def site(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Site:
    return Site(client, web, clock)


def ask(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/metadata/timeline", query_string={"url": URL, **query})
    assert answer.status_code == 200, answer.text
    assert not schemas.TimelinePage().validate(answer.json)
    return dict(answer.json)


def test_each_snapshot_says_which_fields_changed_at_it(client: FlaskClient, site: Site) -> None:
    ids = [
        site.collect(headers=NGINX),
        site.collect(headers=CADDY, page=PAGE),
        site.collect(same=True, headers=CADDY, page=PAGE, response=UNCHANGED),
    ]

    newest, second, first = ask(client)["snapshots"]

    assert [newest["id"], second["id"], first["id"]] == ids[::-1]
    assert (newest["fields"], newest["not_modified"]) == ([], True)
    assert second["fields"] == ["header.server"]
    assert second["counts"] == {"added": 0, "removed": 0, "changed": 2, "moved": 0, "volatile": 1}
    assert (first["counts"], first["fields"]) == (None, [])


def test_titles_and_hosts_are_compared_and_the_text_is_not_read(client: FlaskClient, site: Site) -> None:
    site.collect("<p nonce=1>", page=PAGE)
    site.collect("<p nonce=2>", page=PAGE | {"title": "Two", "hosts": {}})

    assert ask(client)["snapshots"][0]["fields"] == ["title", "script.host", "body.sha256"]


def test_the_last_of_a_page_is_compared_with_the_first_of_the_next(client: FlaskClient, site: Site) -> None:
    for headers in (NGINX, CADDY, NGINX):
        site.collect(headers=headers)

    first = ask(client, limit=2)
    second = ask(client, limit=2, cursor=first["next_cursor"])

    assert [each["fields"] for each in first["snapshots"]] == [["header.server"]] * 2
    assert [each["counts"] for each in second["snapshots"]] == [None]
    assert second["next_cursor"] is None


def test_what_is_not_known_has_none(client: FlaskClient) -> None:
    assert client.get("/api/v1/metadata/timeline", query_string={"url": URL}).json["code"] == "not_in_inventory"


def test_the_example_is_of_that_shape() -> None:
    assert not schemas.TimelinePage().validate(example("changes/timeline"))
