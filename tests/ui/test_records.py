"""The page of a record without script, and the forms by which one is looked up, collected, labelled and deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from warcio.archiveiterator import ArchiveIterator
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.counters import LocalCounters
from inventory.access.model import Mode
from inventory.access.quota_model import read_setting
from inventory.access.quotas import QuotaService
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.records.model import PastSnapshot, Snapshot
from inventory.services import Services
from tests.changes.site import Site, cookie
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, content
from tests.ui.logging_in import BROWSER, log_in, make_key
from tests.ui.page_of import addresses
from tests.ui.statements import noted
from tests.webpages.actions import URL, work

EVIL = "</title></pre><script>alert(1)</script><img src=x onerror=alert(2)>'\"{{7*7}}\u202e\x07"
LINES = [
    {"name": "sERVER", "value": "nginx/1.27"},
    {"name": "X-Two", "value": "b"},
    {"name": "x-two", "value": "a"},
    {"name": "Date", "value": "Sat, 31 Jan 2026 12:00:00 GMT"},
]
COOKIE = cookie(value="secret", max_age=60)
TLS = {
    "version": "TLSv1.3",
    "cipher": "AES",
    "subject": "CN=example.test",
    "issuer": "CN=Example CA",
    "names": ["example.test", "www.example.test"],
    "sha256": "ab" * 32,
    "not_before": None,
}
HTML = {"title": "One", "generators": ["Hugo"], "hosts": {"script": ["cdn.test"]}, "inline_scripts": 2, "defects": []}


@pytest.fixture
def site(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Site:
    return Site(client, web, clock)


def ask(client: FlaskClient, path: str = "/record", *, site: str = "same-origin", **query: Any) -> TestResponse:
    return client.get(path, query_string={"url": URL, **query}, headers={**BROWSER, "Sec-Fetch-Site": site})


def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data={"url": URL, **fields}, headers=BROWSER)


def links(text: str) -> Mapping[str, str]:
    """The addresses of links by their texts."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', text, re.DOTALL)
    return {unescape(re.sub("<[^>]+>", "", inner)).strip(): unescape(address) for address, inner in found}


def header_lines(text: str) -> list[tuple[str, str]]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', text, re.DOTALL)
    return [(unescape(name), unescape(re.sub("<[^>]+>", "", value)).strip()) for name, value in rows]


# What is shown


def test_header_lines_are_as_they_were_sent_and_lead_to_those_that_send_the_same(client: FlaskClient, site: Site) -> None:
    hop = {"url": "http://example.test/", "status": 301, "headers": LINES[1:3], "defects": []}
    site.collect(headers=LINES, redirects=[hop])

    text = ask(client).text

    sent = [(line["name"], line["value"]) for line in [*LINES[1:3], *LINES]]
    assert header_lines(text)[: len(sent)] == sent
    assert links(text)["nginx/1.27"] == "/search?q=header.server.exact%3A%22nginx%2F1.27%22"
    assert links(text)["Sat, 31 Jan 2026 12:00:00 GMT"].endswith("header.date.exact%3A%22%7Bdate%7D%22")
    assert links(text)["301"] == "/search?q=redirect.status%3A301"


def test_each_link_of_a_value_finds_the_record_itself(client: FlaskClient, site: Site) -> None:
    response = content(URL)["response"] | {"tls": TLS | {"not_after": "2026-03-01T00:00:00.000Z"}}
    site.collect(headers=LINES, cookies=[COOKIE], page=HTML, response=response)

    addresses = [address for address in links(ask(client).text).values() if address.startswith("/search?")]

    assert len(addresses) > 20
    for address in addresses:
        found = client.get(f"/api/v1{address}").json
        assert [each["url"] for each in found["targets"]] == [URL], address


def test_cookies_have_their_attributes_and_the_verdict_of_a_browser(client: FlaskClient, site: Site) -> None:
    refused = COOKIE | {"name": "other", "accepted": False, "reason": "its domain is another", "max_age": None}
    site.collect(cookies=[COOKIE, refused])

    text = ask(client).text

    assert "secure; samesite=lax; path=/; persistent" in links(text)
    assert re.findall(r">(accepted|refused)<", text) == ["accepted", "refused"]
    assert "its domain is another" in links(text)
    assert ">60 s<" in text
    assert ">session<" in text


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("2026-05-01T00:00:00.000Z", '<span class="quiet">89 days left'),
        ("2026-02-09T00:00:00.000Z", '<strong class="warning">8 days left'),
        ("2026-01-30T12:00:00.000Z", '<strong class="warning">expired 2 days ago'),
    ],
)
def test_a_certificate_says_how_long_it_is_valid(client: FlaskClient, site: Site, end: str, said: str) -> None:
    site.collect(response=content(URL)["response"] | {"tls": TLS | {"not_after": end}})

    text = ask(client).text

    assert said in text
    assert {"CN=Example CA", "www.example.test", "TLSv1.3"} <= links(text).keys()


def test_the_parts_of_the_time_are_bars_and_numbers(client: FlaskClient, site: Site) -> None:
    site.collect(response=content(URL)["response"] | {"elapsed_ms": 10.0, "dns_ms": 2.0, "first_byte_ms": 5.0})

    text = ask(client).text

    bars = re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', text)
    assert [tuple(map(float, bar)) for bar in bars] == [(0, 20), (20, 1), (21, 0), (21, 50), (71, 3), (74, 26)]
    assert '<th scope="row">In all</th><td class="count">10.0</td>' in text
    assert "style=" not in text


def test_an_old_snapshot_without_what_versions_of_today_record_is_shown(client: FlaskClient, site: Site) -> None:
    site.collect()

    assert ask(client).status_code == 200


def test_a_record_that_failed_since_shows_both(client: FlaskClient, site: Site, web: FakeWeb) -> None:
    site.collect(headers=LINES)
    web.pages[URL] = SourceFailure("dns_failure", "No such name.", permanent=True)
    client.post("/api/v1/metadata", json={"url": URL})

    text = ask(client).text

    assert "<strong>dns_failure</strong>: No such name." in text
    assert "A lookup tries it again from 2026-01-31 13:05:00Z on." in text
    assert "nginx/1.27" in text


def test_texts_of_others_are_text_and_nothing_else(client: FlaskClient, site: Site) -> None:
    html = HTML | {"title": EVIL, "generators": [EVIL], "hosts": {"script": [EVIL]}, "defects": [EVIL]}
    response = content(URL)["response"] | {"reason": EVIL, "defects": [EVIL], "final_url": URL + EVIL}
    cookie = COOKIE | {"name": EVIL, "value": EVIL, "reason": EVIL, "accepted": False}
    site.collect(EVIL, headers=[{"name": EVIL, "value": EVIL}], cookies=[cookie], page=html, response=response)
    site.collect(EVIL + "2", headers=[], page=html | {"title": EVIL + "2"}, response=response)

    for path in ("/record", "/diff"):
        text = ask(client, path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "\u202e" not in text
        assert "\x07" not in text
        assert r"{{7*7}}\u202e\x07" in unescape(text)


def test_half_of_a_pair_of_surrogates_is_shown(client: FlaskClient, site: Site) -> None:
    site.collect(page=HTML | {"title": "half \ud83d"})

    assert r"half \ud83d" in ask(client).text


# Snapshots


def test_the_timeline_says_what_changed_and_leads_to_snapshots_and_diffs(client: FlaskClient, site: Site) -> None:
    first, second = site.collect(headers=LINES), site.collect(headers=LINES[1:])

    text = ask(client).text

    assert "<code>header.server</code>" in text
    assert "−1 removed" in text
    assert f"snapshot={first}" in text
    assert f"/diff?url=http://example.test/page&amp;to={second}" in text
    assert f"/diff?url=http://example.test/page&amp;from={first}" in text


def test_the_timeline_leads_to_all_snapshots_as_a_web_archive(client: FlaskClient, site: Site) -> None:
    site.collect()
    site.collect("<p>another")

    archive = client.get(links(ask(client).text)["a web archive"])

    assert [each.rec_type for each in ArchiveIterator(BytesIO(archive.data))].count("response") == 2


def test_an_earlier_snapshot_is_shown_with_links_to_what_others_showed_then(client: FlaskClient, site: Site) -> None:
    first = site.collect("<p>penguin</p>", headers=LINES)
    site.collect("<p>ostrich</p>", headers=[])

    for query in ({"snapshot": first}, {"at": "2026-01-31T12:30:00Z"}):
        text = ask(client, **query).text
        assert "A snapshot of" in text
        assert links(text)["nginx/1.27"].endswith("&at=2026-01-31T12%3A00%3A00.123Z")
        assert "penguin" in text
        assert "ostrich" not in text


def test_a_snapshot_of_an_archive_has_a_page_before_it_is_indexed(
    client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    of, seen = web.target(URL), content(URL)
    seen["body"] |= {"sha256": sha256(b"penguin").hexdigest(), "size": 7}
    past = Snapshot("5" * 32, of.id, clock() - timedelta(days=99), seen, seen["body"]["sha256"])
    services.snapshots.add_past([PastSnapshot(target=of, snapshot=past, body=b"penguin")], keep=9)

    answer = ask(client, snapshot=past.id)

    assert answer.status_code == 200
    assert "A snapshot of" in answer.text
    assert "penguin" in answer.text


def test_a_snapshot_of_another_url_or_an_instant_before_all_is_not_found(client: FlaskClient, site: Site) -> None:
    site.collect()
    other = site.collect(url="http://example.test/other")

    assert ask(client, snapshot=other).status_code == 404
    assert ask(client, snapshot="0" * 32).status_code == 404
    assert ask(client, at="2026-01-01").status_code == 404


def test_a_url_without_a_scheme_leads_to_those_with_one(client: FlaskClient) -> None:
    answer = ask(client, url=" shop.example/a?b=c&d ")

    assert answer.status_code == 422
    meant = "/record?url={}://shop.example/a?b%3Dc%26d"
    assert [meant.format(scheme) for scheme in ("https", "http")] == [
        each for each in addresses(answer.text) if each.startswith("/record?")
    ]


def test_a_page_asks_the_store_as_often_for_many_snapshots_as_for_few(client: FlaskClient, site: Site) -> None:
    counts = []
    for _ in range(2):
        for n in range(6):
            site.collect(f"<p>{n}", headers=[{"name": f"X-{n}", "value": str(n)}] * (n + 1))
        with noted() as statements:
            assert ask(client).text.count("with previous") > 4
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_earlier_snapshots_are_on_further_pages(client: FlaskClient, site: Site) -> None:
    ids = [site.collect(f"<p>{n}") for n in range(12)]

    first = ask(client).text
    second = client.get(links(first)["Earlier snapshots"], headers=BROWSER).text

    assert f"snapshot={ids[2]}" in first
    assert f"snapshot={ids[1]}" not in first
    assert f"snapshot={ids[1]}" in second


# Lookups


def test_a_miss_is_accepted_and_the_page_comes_again_until_it_is_there(client: FlaskClient, services: Services) -> None:
    answer = ask(client)

    assert answer.status_code == 202
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in answer.text
    assert "Accepted. A worker collects this URL as soon as one is free." in answer.text
    [poll] = re.findall(r'hx-get="([^"]+)" hx-trigger="load delay:1s"', answer.text)
    again = client.get(unescape(poll))
    assert ("polls=1" in again.text, "HX-Refresh" in again.headers) == (True, False)

    work(services)

    assert client.get(unescape(poll)).headers["HX-Refresh"] == "true"
    assert ask(client).status_code == 200


def test_a_page_looks_less_often_and_gives_up_after_a_while(client: FlaskClient) -> None:
    ask(client)

    assert "load delay:4s" in ask(client, "/record/progress", polls=29).text
    assert "hx-get" not in ask(client, "/record/progress", polls=59).text


def test_a_link_of_another_site_collects_nothing(client: FlaskClient, services: Services) -> None:
    answer = ask(client, site="cross-site")

    assert answer.status_code == 404
    assert "Nothing was collected: the request comes from a page of another site" in answer.text
    assert '<form action="/record"' in answer.text
    assert work(services) == 0


def test_a_failure_says_why_and_when_it_is_tried_again(client: FlaskClient, web: FakeWeb, services: Services) -> None:
    web.pages[URL] = failure = SourceFailure("tls_failure", "The certificate <b>expired</b>.", permanent=True)
    failure.redirects = [{"url": "http://first.test/", "status": 302, "headers": LINES, "defects": []}]
    ask(client)
    work(services)

    assert "HX-Refresh" in ask(client, "/record/progress").headers
    answer = ask(client)

    assert answer.status_code == 502
    assert "<strong>tls_failure</strong>: The certificate &lt;b&gt;expired&lt;/b&gt;." in answer.text
    assert "A lookup tries it again from" in answer.text
    assert "http://first.test/" in links(answer.text)
    assert "Try again now" in answer.text


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://example.test/", "http://user:pw@example.test/", "http://127.0.0.66/", ""]
)
@pytest.mark.parametrize("path", ["/record", "/diff"])
def test_a_url_that_cannot_be_meant_comes_back_with_the_way_out(client: FlaskClient, path: str, url: str) -> None:
    answer = ask(client, path, url=url)

    assert answer.status_code == 422
    assert f'value="{url}"' in answer.text
    assert 'aria-describedby="url-problem about-url"' in answer.text
    assert 'role="alert" id="url-problem"' in answer.text


def test_the_form_leads_to_the_record(client: FlaskClient) -> None:
    text = ask(client, "/lookup").text

    assert '<form action="/record"' in text
    assert f'<input id="url" name="url" value="{URL}"' in text


# Forms


def test_collecting_now_shows_what_becomes_of_it(client: FlaskClient, site: Site, services: Services) -> None:
    site.collect("<p>old</p>")

    answer = send(client, "/record/collect")

    assert answer.status_code == 303
    shown = client.get(answer.headers["Location"], headers=BROWSER).text
    assert "being collected" in shown
    [poll] = re.findall(r'hx-get="([^"]+)"', shown)
    assert "hx-get" in client.get(unescape(poll)).text
    work(services)
    assert client.get(unescape(poll)).headers["HX-Refresh"] == "true"
    assert "being collected" not in client.get(answer.headers["Location"], headers=BROWSER).text


def test_a_collection_that_fails_ends_the_wait_too(
    client: FlaskClient, site: Site, web: FakeWeb, services: Services
) -> None:
    site.collect()
    web.pages[URL] = SourceFailure("dns_failure", "No such name.", permanent=True)

    where = send(client, "/record/collect").headers["Location"]
    work(services)

    assert "being collected" not in client.get(where, headers=BROWSER).text


def test_labels_are_edited_one_a_line(client: FlaskClient, site: Site) -> None:
    site.collect()

    answer = send(client, "/record/tags", tags="prod\r\n\r\nteam: payments\r\n")

    assert answer.status_code == 303
    text = client.get(answer.headers["Location"], headers=BROWSER).text
    assert {"prod", "team: payments"} <= links(text).keys()
    assert '<textarea id="tags-text" name="tags" rows="4">prod\nteam: payments</textarea>' in text


def test_labels_that_cannot_be_are_told_beside_what_was_typed(client: FlaskClient, site: Site) -> None:
    site.collect()

    answer = send(client, "/record/tags", tags=f"good\n{'x' * 101}")

    assert answer.status_code == 422
    assert "has 101 characters. Send 1 to 100." in answer.text
    assert f">good\n{'x' * 101}</textarea>" in answer.text
    assert "<details open>" in answer.text


def test_deleting_is_asked_for_twice_and_then_said(client: FlaskClient, site: Site) -> None:
    site.collect()
    text = ask(client).text
    assert text.index("<summary>Delete…</summary>") < text.index("<button>Delete all of it</button>")

    answer = send(client, "/record/delete")

    assert answer.status_code == 303
    assert "is not in the inventory any more" in client.get(answer.headers["Location"]).text
    assert client.get("/api/v1/metadata", query_string={"url": URL, "collect": "false"}).status_code == 404
    site.collect()
    assert "any more" not in client.get(answer.headers["Location"]).text


def test_the_audit_knows_what_was_pressed(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    log_in(client, make_key(services, "admin"))
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', ask(client).text)[:1]

    assert send(client, "/record/collect").status_code == 403
    assert send(client, "/record/collect", csrf_token=token).status_code == 303

    entries = client.get("/api/v1/audit").json["entries"]
    pressed = [(each["action"], each["target"], each["outcome"]) for each in entries]
    assert ("metadata.collect", URL, "done") in pressed


# Limits


def test_a_key_that_may_only_read_sees_no_buttons_and_collects_nothing(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    log_in(client, make_key(services, "read:example.test"))

    assert ask(client).status_code == 404
    services.acceptances.collect_soon(services.records.target("webpage", URL))
    work(services)
    text = ask(client).text
    assert "Download the body" in text
    assert "/record/collect" not in text
    assert "/record/tags" not in text
    assert "/record/delete" not in text
    assert "a web archive" not in text
    assert ask(client, url="http://other.test/").status_code == 403
    assert ask(client, "/diff", url="http://other.test/").status_code == 403


def test_pages_that_collect_count_like_the_api(make_services: Build, settings: Settings) -> None:
    quotas = read_setting("lookups=3/minute,collections=1/minute")
    services = make_services(replace(settings, quotas=quotas))
    services = replace(services, quotas=QuotaService(LocalCounters(processes=1, ticks=lambda: 0.0), quotas))
    client = create_app(services=services).test_client()

    assert ask(client).status_code == 202
    assert ask(client, url="http://example.test/other").status_code == 429
    assert send(client, "/record/collect").status_code == 429
    assert ask(client, "/lookup").status_code == 200
    assert work(services) == 1


# Size


@pytest.mark.parametrize("path", ["/record", "/diff"])
@pytest.mark.parametrize("filling", ["a", "é", "'", "<", "\x07"])
def test_no_page_is_larger_than_100_kb_whatever_a_site_sends(
    client: FlaskClient, site: Site, path: str, filling: str
) -> None:
    url = "http://example.test/" + "%C3%A9/" * 250
    for n in range(3):
        long = f"{n}{filling * 3_000}"
        html = {
            "title": long[:1_000],
            "generators": [long[:1_000]] * 20,
            "inline_scripts": n,
            "defects": [long] * 20,
            "hosts": {kind: [f"{n}.{m}.{kind}.test" for m in range(1_000)] for kind in HTML["hosts"]},
        }
        names = [f"{n}-{m}.{'x' * 60}.test" for m in range(1_000)]
        response = content(url)["response"] | {
            "reason": long[:1_000],
            "defects": [long] * 20,
            "tls": TLS | {"issuer": long[:1_000], "subject": long[:1_000], "names": names, "not_after": None},
        }
        hop = {"url": url, "status": 301, "reason": long[:1_000], "headers": [{"name": f"{n}", "value": long}] * 10}
        site.collect(
            long * 10,
            url=url,
            headers=[{"name": f"X-{m}-{n}", "value": f"{m}{long}"} for m in range(150)],
            redirects=[hop | {"defects": [long] * 2}] * 20,
            cookies=[COOKIE | {"name": f"{m}{long[:1_000]}", "value": long[:1_000]} for m in range(200)],
            response=response,
            page=html,
        )

    answer = ask(client, path, url=url)

    assert answer.status_code == 200
    assert len(answer.data) < 100_000
    assert "in the <a href" in answer.text
