"""GET /api/v1/metadata/diff on both stores: which two snapshots are compared, and what is answered when there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.changes import documents, schemas
from inventory.changes.service import ChangeService
from inventory.errors import TooManyRequests
from inventory.services import Services
from inventory.store import Store
from inventory.web_api.blueprint import example
from tests.changes.site import Site
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import URL

DIFF = "/api/v1/metadata/diff"
OTHER = "http://example.test/other"


@pytest.fixture
def services(make_services: Build, store: Store) -> Services:
    return make_services(store=store)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


@pytest.fixture
def site(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Site:
    return Site(client, web, clock)


def ask(client: FlaskClient, url: str = URL, **query: str) -> TestResponse:
    return client.get(DIFF, query_string={"url": url, **query})


def sides(client: FlaskClient, **query: str) -> tuple[str, str]:
    answer = ask(client, **query)
    assert answer.status_code == 200, answer.text
    return answer.json["from"]["id"], answer.json["to"]["id"]


def problem(client: FlaskClient, url: str = URL, **query: str) -> tuple[int, str, Mapping[str, Any]]:
    answer = ask(client, url, **query)
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["code"], answer.json


# Which snapshots


def test_the_latest_two_are_compared_by_default(client: FlaskClient, site: Site) -> None:
    [_, second, third] = [site.collect(f"<p>{n}\n") for n in range(3)]

    assert sides(client) == (second, third)


def test_ids_name_any_two(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(f"<p>{n}\n") for n in range(4)]

    assert sides(client, **{"from": ids[0], "to": ids[2]}) == (ids[0], ids[2])
    assert sides(client, **{"from": ids[1].upper()}) == (ids[1], ids[3])
    assert sides(client, to=ids[2]) == (ids[1], ids[2])
    assert sides(client, **{"from": ids[2], "to": ids[2]}) == (ids[2], ids[2])


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01-31T12:00:00.123Z", "2026-01-31T14:00:00.123Z", (0, 2)),
        ("2026-01-31T13:00:00.122Z", "2026-01-31T14:00:00.122Z", (0, 1)),
        ("2026-01-31T14:59:59+01:00", "2026-01-31T15:30:00Z", (1, 3)),
        ("2026-01-31 13:30", "2026-01-31t14:00:01z", (1, 2)),
        ("2026-01-31T13:10:00Z", "2026-01-31T13:50:00Z", (1, 1)),
        ("2026-01-31T13:10:00Z", None, (1, 3)),
        (None, "2026-01-31T13:10:00Z", (0, 1)),
    ],
)
def test_an_instant_means_the_snapshot_that_was_current_then(
    client: FlaskClient, site: Site, since: str | None, until: str | None, expected: tuple[int, int]
) -> None:
    ids = [site.collect(f"<p>{n}\n") for n in range(4)]
    query = {name: text for name, text in (("from", since), ("to", until)) if text}

    assert sides(client, **query) == (ids[expected[0]], ids[expected[1]])


def test_so_long_ago_is_counted_from_now(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(f"<p>{n}\n") for n in range(4)]  # the last one an hour ago

    assert sides(client, **{"from": "2h", "to": "3601s"}) == (ids[2], ids[2])
    assert sides(client, **{"from": "121m", "to": "1h"}) == (ids[1], ids[3])
    assert problem(client, **{"from": "5h"})[:2] == (404, "no_such_snapshot")


def test_an_instant_and_an_id_go_together(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(f"<p>{n}\n") for n in range(3)]

    assert sides(client, **{"from": "2026-01-31T12:30:00Z", "to": ids[2]}) == (ids[0], ids[2])


def test_any_spelling_of_the_url_will_do_and_other_urls_are_left_alone(client: FlaskClient, site: Site) -> None:
    ids = [site.collect("1"), site.collect("2")]
    site.collect("3", url=OTHER)

    answer = ask(client, "HTTP://EXAMPLE.test:80/a/../page#x")

    assert (answer.json["url"], answer.json["from"]["id"], answer.json["to"]["id"]) == (URL, *ids)


# What is answered


def test_everything_that_differs_is_answered(client: FlaskClient, site: Site) -> None:
    first = site.collect("<title>One</title>\n<p>same\n", headers=[{"name": "Date", "value": "a"}])
    second = site.collect(
        "<title>Two</title>\n<p>same\n",
        headers=[{"name": "Date", "value": "b"}, {"name": "Server", "value": "x"}],
    )

    document = ask(client).json

    assert list(document) == ["url", "from", "to", "counts", "changes", "omitted", "text"]
    assert document["from"] == {
        "id": first, "collected_at": "2026-01-31T12:00:00.123Z", "status": 200, "elapsed_ms": 1.5, "not_modified": False,
    }  # fmt: skip
    assert document["counts"] == {"added": 1, "removed": 0, "changed": 3, "moved": 0, "volatile": 1}
    assert document["changes"][:3] == [
        {
            "field": "header.date", "kind": "changed", "old": "a", "new": "b", "volatile": True,
            "old_line": {"position": 1, "name": "Date"}, "new_line": {"position": 1, "name": "Date"},
        },
        {
            "field": "header.server", "kind": "added", "old": None, "new": "x", "volatile": False,
            "new_line": {"position": 2, "name": "Server"},
        },
        {"field": "title", "kind": "changed", "old": "One", "new": "Two", "volatile": False},
    ]  # fmt: skip
    assert [change["field"] for change in document["changes"][3:]] == ["body.sha256"]
    assert document["text"] == {
        "unified": f"--- {first}\t2026-01-31T12:00:00.123Z\n+++ {second}\t2026-01-31T13:00:00.123Z\n"
        "@@ -1,2 +1,2 @@\n-<title>One</title>\n+<title>Two</title>\n <p>same\n",
        "added": 1,
        "removed": 1,
        "volatile": False,
        "notes": [],
    }
    assert schemas.DiffSchema().validate(document) == {}


def test_what_a_304_confirmed_has_the_same_page(client: FlaskClient, site: Site) -> None:
    site.collect("<p>one\n")
    unchanged = content(URL)["response"] | {"not_modified": True, "revalidation": {"status": 304}}
    site.collect(same=True, response=unchanged)

    document = ask(client).json

    assert (document["to"]["not_modified"], document["changes"], document["text"]) == (True, [], None)


def test_what_is_no_text_has_no_diff_of_its_text(client: FlaskClient, site: Site) -> None:
    site.collect("<p>one\n")
    site.collect("\0\1", media_type=None)

    document = ask(client).json

    assert {change["field"] for change in document["changes"]} == {
        "media_type", "charset", "body.sha256", "body.size",
    }  # fmt: skip
    assert document["text"] is None


def test_a_snapshot_compared_with_itself_has_no_changes(client: FlaskClient, site: Site) -> None:
    only = site.collect()

    document = ask(client, **{"from": only, "to": only}).json

    assert (document["changes"], document["text"], set(document["counts"].values())) == ([], None, {0})


def test_a_diff_that_the_caller_has_is_not_sent_again(client: FlaskClient, site: Site) -> None:
    site.collect("1")
    site.collect("2")
    first = ask(client)

    again = client.get(DIFF, query_string={"url": URL}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])

    site.collect("3")
    later = client.get(DIFF, query_string={"url": URL}, headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200
    assert later.headers["ETag"] != first.headers["ETag"]


def test_head_is_answered_and_other_methods_are_not(client: FlaskClient, site: Site) -> None:
    site.collect("1")
    site.collect("2")

    assert client.head(DIFF, query_string={"url": URL}).status_code == 200
    refused = client.post(DIFF, query_string={"url": URL})
    assert (refused.status_code, refused.json["code"]) == (405, "method_not_allowed")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_list_of_changes_is_bounded_and_says_so(client: FlaskClient, site: Site) -> None:
    site.collect("1", headers=[])
    site.collect("1", headers=[{"name": f"X-{n}", "value": ""} for n in range(documents.MAX_CHANGES + 5)])

    document = ask(client).json

    assert (len(document["changes"]), document["omitted"]) == (documents.MAX_CHANGES, 5)
    assert document["counts"]["added"] == documents.MAX_CHANGES + 5


# What cannot be compared


def test_a_url_that_is_not_known_is_404(client: FlaskClient) -> None:
    assert problem(client)[:2] == (404, "not_in_inventory")


def test_a_url_without_a_snapshot_is_404(client: FlaskClient) -> None:
    client.get("/api/v1/metadata", query_string={"url": URL})

    status, code, document = problem(client)

    assert (status, code) == (404, "no_such_snapshot")
    assert "no snapshot of http://example.test/page yet" in document["detail"]


def test_one_snapshot_alone_has_nothing_to_be_compared_with(client: FlaskClient, site: Site) -> None:
    only = site.collect()

    for query in ({}, {"to": only}, {"to": "2026-01-31T12:30:00Z"}):
        status, code, document = problem(client, **query)
        assert (status, code) == (404, "no_such_snapshot")
        assert "Collect the URL again" in document["detail"]


@pytest.mark.parametrize("name", ["from", "to"])
def test_an_instant_before_the_first_snapshot_is_404(client: FlaskClient, site: Site, name: str) -> None:
    site.collect("1")
    site.collect("2")

    for text in ("2026-01-31T12:00:00.122Z", "2026-01-31", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"):
        status, code, document = problem(client, **{name: text})
        assert (status, code) == (404, "no_such_snapshot")
        assert f"`{name}`: no snapshot of {URL}" in document["detail"]


def test_what_retention_removed_is_404(client: FlaskClient, site: Site, store: Store) -> None:
    ids = [site.collect(str(n)) for n in range(3)]
    store.snapshots.retire(keep=2, limit=9)

    assert problem(client, **{"from": ids[0]})[:2] == (404, "no_such_snapshot")
    assert problem(client, **{"from": "2026-01-31T12:30:00Z"})[:2] == (404, "no_such_snapshot")
    assert sides(client) == (ids[1], ids[2])


@pytest.mark.parametrize("name", ["from", "to"])
def test_an_id_that_there_is_not_is_404(client: FlaskClient, site: Site, name: str) -> None:
    site.collect("1")

    status, code, document = problem(client, **{name: "0" * 32})

    assert (status, code) == (404, "no_such_snapshot")
    assert f"`{name}`: There is no snapshot {'0' * 32}" in document["detail"]


@pytest.mark.parametrize("name", ["from", "to"])
def test_an_id_of_another_target_is_422_and_does_not_say_of_which(client: FlaskClient, site: Site, name: str) -> None:
    site.collect("1")
    site.collect("2")
    others = site.collect("3", url=OTHER)
    client.get("/api/v1/weather?city=Bern")
    weather = client.application.extensions["inventory"].store.records.refreshed("weather", limit=1)[0].record.snapshot_id

    for snapshot_id, key in ((others, OTHER), (weather, "bern")):  # a key may be limited to this one
        status, code, document = problem(client, **{name: snapshot_id})
        assert (status, code) == (422, "invalid_request")
        assert "is of another target." in document["errors"][name][0]
        assert key not in document["errors"][name][0]


def test_from_after_to_is_422(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(str(n)) for n in range(3)]

    for since, until in (
        (ids[2], ids[0]),
        ("2026-01-31T14:00:00Z", "2026-01-31T12:30:00Z"),
        ("2026-01-31T12:50:00Z", "2026-01-31T12:40:00Z"),
        (ids[1], "2026-01-31T12:30:00Z"),
    ):
        status, code, document = problem(client, **{"from": since, "to": until})
        assert (status, code) == (422, "invalid_request")
        assert document["errors"] == {"from": ["It is later than `to`. Swap them."]}


INVALID = [
    "x", "yesterday", "0" * 31, "g" * 32, "2026-02-30", "2026-01-31T25:00:00Z", "2026-01-31T12:00:00 01:00", "20260131",
    "1769860800", "2026-W05-6", "9999-12-31T23:59:59-23:59", "2027-01-01", "\u0662026-01-31", "2026-01-31\0", " ",
]  # fmt: skip


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("text", ["", *INVALID, "1" * 101, "2026-01-31T12:00:00." + "1" * 10_000])
def test_what_is_neither_an_id_nor_a_past_instant_is_422_and_says_what_to_send(
    client: FlaskClient, site: Site, name: str, text: str
) -> None:
    site.collect("1")
    site.collect("2")

    status, code, document = problem(client, **{name: text})

    assert (status, code, list(document["errors"])) == (422, "invalid_request", [name])
    assert "Send" in document["errors"][name][0]
    assert len(document["errors"][name][0]) < 400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid_request"),
        ("url=", "invalid_request"),
        ("url=ftp://example.test/", "unsupported_scheme"),
        ("url=http://example.test/&url=http://example.test/", "invalid_request"),
        ("url=http://example.test/&since=1", "invalid_request"),
        ("url=http://example.test/&from=a&from=b", "invalid_request"),
    ],
)
def test_other_queries_that_cannot_be_answered_are_422(client: FlaskClient, query: str, code: str) -> None:
    answer = client.get(f"{DIFF}?{query}")

    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_while_too_many_are_compared_one_more_is_refused(services: Services, site: Site) -> None:
    site.collect("1")
    site.collect("2")
    changes = ChangeService(services.snapshots, clock=services.records.clock, slots=0, max_wait=0)
    target = services.records.target("webpage", URL)

    with pytest.raises(TooManyRequests, match="Too many snapshots are being compared"):
        changes.diff(*changes.pair(target, None, None))


def test_the_example_is_as_documented() -> None:
    shape, document = schemas.DiffSchema(), example("changes/diff")

    assert shape.validate(document) == {}
    assert sum(document["counts"][kind] for kind in ("added", "removed", "changed")) == len(document["changes"])
