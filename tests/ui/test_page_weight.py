"""No page is heavy, whatever others write, and however many entries are asked for."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from inventory.services import Services
from tests.changes.fleet_of_pages import DAY, Fleet
from tests.fakes import FakeClock, FakeWeb
from tests.jobs.actions import import_urls, work_to_the_end
from tests.ui.page_of import addresses

HEAVY = 100_000
EVER = "since=9d&volatile=true&limit=200"
LONG = "NOT title:" + 10 * '&quot"'
URLS = [f"https://shop.test/{number}/?a={650 * '%3C'}" for number in range(30)]


@pytest.fixture
def fleet(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Fleet:
    """Pages with long URLs, of each of which many long header lines changed."""
    fleet = Fleet(client, web, clock)
    fleet.pages |= {url: fleet.pages[one] for one, url in zip(fleet.add(len(URLS)), URLS, strict=True)}
    fleet.pages = {url: fleet.pages[url] for url in URLS}
    for number in range(2):
        for page in fleet.pages.values():
            page.headers |= {f"X-{name}": f"{number}{150 * '&'}" for name in range(20)}
        fleet.collect()
        clock.forward(DAY)
    return fleet


def weight(client: FlaskClient, path: str) -> int:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return len(answer.data)


def test_lists_of_targets_and_of_changes_are_light_whatever_their_urls_are(client: FlaskClient, fleet: Fleet) -> None:
    for path in ("/search?show=*", f"/changes/list?{EVER}", f"/changes/groups?{EVER}"):
        assert 10_000 < weight(client, path) < HEAVY, path
    assert "/record?url=" in " ".join(addresses(client.get("/search").text))


@pytest.mark.parametrize("value", [90 * "y", '"' + 22 * "&" + '"'])
def test_pages_are_light_whatever_the_query_is(client: FlaskClient, fleet: Fleet, value: str) -> None:
    query = f"NOT title:{value}"
    query = quote(" ".join([query] * (7_900 // len(quote(query + " ")))), safe="")
    assert 7_000 < len(query) < 8_000

    for path in ("/search?show=*", "/search/facet?field=status", f"/changes?{EVER}"):
        assert weight(client, f"{path}&q={query}") < HEAVY, path
    for path in (f"/changes/list?{EVER}", f"/changes/groups?{EVER}"):
        assert 30_000 < weight(client, f"{path}&q={query}") < HEAVY, path
    assert "/api/v1/search/export?" in client.get(f"/search?q={query}").text


def test_the_rows_of_a_job_are_light(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    job_id = import_urls(services, URLS)
    work_to_the_end(services, clock, job_id)

    for query in ("", "?limit=200"):
        assert 10_000 < weight(client, f"/jobs/{job_id}{query}") < HEAVY


def test_watches_with_long_queries_are_light(client: FlaskClient, fleet: Fleet) -> None:
    query = " ".join(200 * [LONG.replace('"', "x")])
    for number in range(30):
        made = client.post("/api/v1/watches", json={"name": f"{number}{'&' * 90}", "query": query})
        assert made.status_code == 201, made.text

    assert 10_000 < weight(client, "/watches?limit=200") < HEAVY
    for path in ("", "/test", "/edit"):
        assert weight(client, f"/watches/{made.json['id']}{path}") < HEAVY
