"""The page of what changed in the fleet: groups that open, changes one by one, and the forms and links without script."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from inventory.access.model import Mode
from inventory.config import Settings
from tests.access.guarded import Guarded
from tests.changes.fleet_of_pages import DAY, Fleet
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.ui.logging_in import BROWSER
from tests.ui.page_of import addresses, texts

HTMX = {"HX-Request": "true"}
LOST = "header.strict-transport-security"
EVIL = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture
def fleet(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Fleet:
    """Five shops that lost a header a day after they were collected first, and one of them its title."""
    fleet = Fleet(client, web, clock)
    urls = fleet.add(5)
    fleet.collect()
    clock.forward(DAY)
    for url in urls:
        del fleet.pages[url].headers["Strict-Transport-Security"]
    fleet.pages[urls[0]].title = EVIL
    fleet.collect()
    return fleet


def test_the_page_comes_before_its_groups_which_a_link_leads_to_without_script(client: FlaskClient, fleet: Fleet) -> None:
    answer = client.get("/changes?field=header.*&since=2d", headers=BROWSER)

    assert answer.status_code == 200
    [coming] = re.findall(r'hx-get="([^"]+)" hx-trigger="load"', answer.text)
    assert coming in re.findall(r'<a href="([^"]+)">Show the groups', answer.text)
    whole = client.get(unescape(coming), headers=BROWSER).text
    part = client.get(unescape(coming), headers=HTMX).text
    assert "<strong>5 targets</strong>" in whole
    assert "<strong>5 targets</strong>" in part
    assert ("<html" in whole, "<html" in part) == (True, False)


def test_a_group_says_what_changed_on_what_and_leads_to_its_changes(client: FlaskClient, fleet: Fleet) -> None:
    found = client.get("/changes/groups").text

    assert f"<code>{LOST}</code>" in found
    assert "example.com" in texts(found)
    [lists] = {each for each in addresses(found) if each.startswith("/changes/list?") and LOST in each}
    listed = client.get(lists).text
    assert listed.count("/diff?url=") == 5
    assert [each for each in addresses(found, "hx-get") if each == f"{lists}&limit=20"]


def test_a_part_of_a_list_goes_on_where_it_is(client: FlaskClient, fleet: Fleet) -> None:
    part = client.get(f"/changes/list?field={LOST}&limit=3", headers=HTMX).text

    [more] = addresses(part, "hx-get")
    assert client.get(more, headers=HTMX).text.count("/diff?url=") == 2
    assert more in addresses(part)


def test_each_change_leads_to_the_record_the_two_collections_and_all_with_its_values(
    client: FlaskClient, fleet: Fleet
) -> None:
    [api] = client.get("/api/v1/changes?field=title").json["changes"]
    links = addresses(client.get("/changes/list?field=title&q=port:443").text)

    asked = {path: query_of(links, path) for path in ("/record", "/diff")}
    assert asked["/record"] == {"url": api["url"], "at": api["at"]}
    assert asked["/diff"] == {"url": api["url"], "from": api["before"], "to": api["at"]}
    old, new = [parse_qs(urlsplit(each).query) for each in links if each.startswith("/search?")]
    assert old == {"q": ['port:443 title.exact:"A page"'], "at": [api["before"]]}
    assert new["q"][0].startswith("port:443 title.exact:")
    assert "at" not in new
    assert client.get("/api/v1/search", query_string={"q": new["q"][0]}).json["targets"][0]["url"] == api["url"]
    assert client.get("/api/v1/search", query_string={"q": old["q"][0], "at": old["at"][0]}).json["targets"]


def query_of(links: list[str], path: str) -> dict[str, Any]:
    [query] = {urlsplit(each).query for each in links if urlsplit(each).path == path}
    return {name: value for name, [value] in parse_qs(query).items()}


def test_others_texts_are_texts_and_what_cannot_be_seen_is_shown(client: FlaskClient, fleet: Fleet) -> None:
    for path in ("/changes/groups", "/changes/list"):
        found = client.get(path).text
        assert "<img" not in found
        assert "\u202e" not in found
        assert "alert(1)&gt;\\u202e" in found


def test_what_is_chosen_stays_in_the_form_and_in_the_presets_and_views(client: FlaskClient, fleet: Fleet) -> None:
    found = client.get("/changes/list?q=port:443&field=title&field=status&since=7d&volatile=true&until=").text

    assert 'value="port:443"' in found
    assert 'value="title,status"' in found
    assert 'value="true" checked' in found
    assert re.search(r'href="[^"]*since=7d[^"]*" aria-current="true">7 days', found)
    [view] = [each for each in addresses(found) if each.startswith("/changes?")]
    assert parse_qs(urlsplit(view).query)["field"] == ["title", "status"]


def test_what_is_wrong_with_the_question_is_said_beside_the_form(client: FlaskClient) -> None:
    for path in ("/changes", "/changes/groups", "/changes/list"):
        answer = client.get(f"{path}?since=yesterday&limit=0", headers=BROWSER)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert 'value="yesterday"' in answer.text
    part = client.get("/changes/groups?q=sever:x", headers=HTMX)
    assert part.status_code == 200, "htmx shows nothing of an answer with another status"
    assert "is not a field" in part.text


def test_the_same_is_asked_elsewhere(client: FlaskClient, fleet: Fleet) -> None:
    found = texts(client.get("/changes/groups?q=title:it's&field=title&since=30d&volatile=true").text)

    assert "http://localhost/api/v1/changes/groups?q=title:it%27s&since=30d&volatile=true&field=title" in found
    assert "inventory changes --group --since 30d --field title --volatile 'title:it'\"'\"'s'" in found
    assert "inventory changes -- -title:x" in texts(client.get("/changes/list?q=-title:x").text)


def test_no_changes_are_a_sentence(client: FlaskClient) -> None:
    assert "Nothing changed" in client.get("/changes/list").text
    assert "Nothing changed" in client.get("/changes/groups").text


def test_a_key_that_is_limited_sees_the_changes_within_its_limits(
    make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock
) -> None:
    guarded = Guarded(make_services(replace(settings, access=Mode.KEYS)), web, clock)
    for server in ("nginx", "caddy"):
        guarded.collect("http://a.test/", server=server)
        guarded.collect("http://b.test/", server=server)

    for path in ("/changes/list", "/changes/groups"):
        found = guarded.client.get(path, headers=guarded.key("read:a.test")).text
        assert "a.test" in found
        assert "b.test" not in found


def test_the_pages_are_small(client: FlaskClient, fleet: Fleet) -> None:
    for url, page in fleet.pages.items():
        page.title, page.headers["Content-Security-Policy"] = f"{url} {'a long title ' * 20}", "default-src 'self'; " * 200
    fleet.collect()

    for path in ("/changes", "/changes/list", "/changes/groups"):
        assert len(client.get(f"{path}?volatile=true").data) < 100_000
