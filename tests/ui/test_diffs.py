"""The page of a diff: both sides of each change, by kind and sign, and why some of them tell nothing."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.changes.site import Site, cookie
from tests.fakes import FakeClock, FakeWeb
from tests.ui.logging_in import BROWSER
from tests.webpages.actions import URL

COOKIE = cookie(name="a.secure", http_only=True)


@pytest.fixture
def site(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Site:
    return Site(client, web, clock)


def ask(client: FlaskClient, **query: Any) -> TestResponse:
    return client.get("/diff", query_string={"url": URL, **query}, headers=BROWSER)


def lines(**values: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]


def changes(text: str) -> list[str]:
    """The changes as one reads them."""
    items = re.findall(r'<li(?: class="tells-nothing")?>\s*<div class="what">(.*?)</li>', text, re.DOTALL)
    return [" ".join(unescape(re.sub("<[^>]+>", " ", item)).split()) for item in items]


def test_each_change_has_a_word_a_sign_and_both_sides(client: FlaskClient, site: Site) -> None:
    site.collect(headers=lines(One="1", Two="2", Gone="x", Server="nginx"))
    site.collect(headers=lines(Two="2", One="1", Server="caddy", New="y"))

    text = ask(client).text

    assert changes(text) == [
        "↕ moved header.one · line 1 → 2 1",
        "− removed header.gone · line 3 Older x Newer not there",
        "~ changed header.server · line 4 → 3 Older nginx Newer caddy",
        "+ added header.new · line 4 Older not there Newer y",
    ]
    assert "<h2>Header lines</h2>" in text
    assert 'class="moved">↕ 1 moved' in text


def test_what_differs_each_time_says_why(client: FlaskClient, site: Site) -> None:
    for n in range(5):
        site.collect(f"<p nonce={n}>", headers=lines(Date=f"Sat, 31 Jan 2026 12:00:0{n} GMT", X_Shard=f"shard-{n}"))

    text = ask(client).text

    assert [each for each in changes(text) if "header." in each] == [
        "~ changed header.date · line 1 · differs each time, by its name"
        " Older Sat, 31 Jan 2026 12:00:03 GMT Newer Sat, 31 Jan 2026 12:00:04 GMT",
        "~ changed header.x-shard · line 2 · changed in each of the last 3 collections Older shard-3 Newer shard-4",
    ]
    assert "body.sha256 · only nonces and the tokens of forms differ" in changes(text)[-1]
    assert text.count('class="tells-nothing"') == len(changes(text))


def test_values_lead_to_those_that_showed_them_then(client: FlaskClient, site: Site) -> None:
    site.collect(headers=lines(Server="nginx"), cookies=[COOKIE])
    site.collect(headers=lines(Server="caddy"), cookies=[COOKIE | {"secure": False, "same_site": None}])

    text = ask(client).text
    addresses = [unescape(each) for each in re.findall(r'href="(/search[^"]+)"', text)]

    assert len(addresses) == 5
    for address in addresses:
        assert [each["url"] for each in client.get(f"/api/v1{address}").json["targets"]] == [URL], address


def test_the_text_is_a_unified_diff_with_signs_and_colours(client: FlaskClient, site: Site) -> None:
    site.collect("<p>same\n<b>old</b>\n")
    site.collect("<p>same\n<b>new</b>\n")

    text = ask(client).text

    assert "<del>-&lt;b&gt;old&lt;/b&gt;</del><ins>+&lt;b&gt;new&lt;/b&gt;</ins>" in text
    assert '<span class="same"> &lt;p&gt;same</span>' in text
    assert "+ 1 lines" in text


def test_two_others_can_be_chosen(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(f"<p>{n}", headers=lines(X=str(n))) for n in range(4)]

    text = ask(client, **{"from": ids[0], "to": ids[2]}).text

    assert re.findall(r'<option value="(\w+)" selected>', text) == [ids[0], ids[2]]
    assert len(re.findall("<option", text)) == 8
    assert changes(text)[0].endswith("Older 0 Newer 2")
    assert f"inventory diff {URL} --from {ids[0]} --to {ids[2]}" in text


def test_one_leads_to_the_change_before(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(f"<p>{n}", headers=lines(X=str(n))) for n in range(3)]

    [earlier] = re.findall(r'href="([^"]+)">The change before<', ask(client).text)
    text = client.get(unescape(earlier)).text

    assert re.findall(r'<option value="(\w+)" selected>', text) == ids[:2]
    assert "The change before" not in text


@pytest.mark.parametrize(("first", "last", "status"), [(1, 0, 422), (None, 0, 404)])
def test_what_cannot_be_compared_is_told_beside_the_form(
    client: FlaskClient, site: Site, first: int | None, last: int, status: int
) -> None:
    ids = [site.collect(f"<p>{n}") for n in range(2)]

    answer = ask(client, to=ids[last], **({} if first is None else {"from": ids[first]}))

    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert answer.text.count("<option") == 4


def test_equal_snapshots_differ_in_nothing(client: FlaskClient, site: Site) -> None:
    snapshot = site.collect()

    text = ask(client, **{"from": snapshot, "to": snapshot}).text
    assert "Nothing differs." in text
    assert "0 added" not in text


def test_nothing_is_collected(client: FlaskClient, web: FakeWeb) -> None:
    assert ask(client).status_code == 404
    assert not web.asked
