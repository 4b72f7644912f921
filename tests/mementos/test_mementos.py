"""`/memento/…`: what webpages were at an instant, as RFC 7089 has it."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest
from flask.testing import FlaskClient

from inventory.mementos.service import LISTED
from inventory.services import Services
from tests.archive.conftest import World
from tests.archive.hars import entry, har
from tests.mementos.conftest import FIRST, SECOND, THIRD, URL, ask, links, moved, page, related


def test_a_timemap_lists_when_a_webpage_was_seen(three: World) -> None:
    answer = ask(three, f"/memento/timemap/link/{URL}")

    assert answer.mimetype == "application/link-format"
    found = links(answer.text)
    mementos = [(where, each["rel"], each["datetime"]) for where, each in found if "datetime" in each]
    assert mementos == [
        (f"http://localhost/memento/{FIRST}/{URL}", "first memento", "Sat, 31 Jan 2026 12:00:10 GMT"),
        (f"http://localhost/memento/{SECOND}/{URL}", "memento", "Sat, 31 Jan 2026 12:00:20 GMT"),
        (f"http://localhost/memento/{THIRD}/{URL}", "last memento", "Sat, 31 Jan 2026 12:00:30 GMT"),
    ]
    where, itself = next((where, each) for where, each in found if each["rel"] == "self")
    assert where == f"http://localhost/memento/timemap/link/{URL}"
    assert (itself["from"], itself["until"]) == (mementos[0][2], mementos[-1][2])
    assert related(answer.text)["original"] == URL
    assert related(answer.text)["timegate"] == f"http://localhost/memento/timegate/{URL}"


def test_a_long_timemap_leads_to_those_of_earlier_mementos(world: World) -> None:
    for number in range(LISTED + 2):
        world.collect(URL, page(b"%d" % number))

    latest = ask(world, f"/memento/timemap/link/{URL}").text
    earlier = ask(world, related(latest)["timemap"]).text

    dates = [[each["datetime"] for _, each in links(text) if "datetime" in each] for text in (earlier, latest)]
    assert [len(each) for each in dates] == [2, LISTED]
    assert sorted([*dates[0], *dates[1]], key=parsedate_to_datetime) == [*dates[0], *dates[1]]
    assert len(set(dates[0]) | set(dates[1])) == LISTED + 2
    assert {"first memento", "memento"} <= set(related(earlier))
    assert "timemap" not in related(earlier)
    assert "last memento" in related(latest)
    assert "first memento" not in related(latest)


@pytest.mark.parametrize(
    ("accept", "stamp"),
    [
        (None, THIRD),
        ("Sat, 31 Jan 2026 12:00:05 GMT", FIRST),
        ("Thu, 01 Jan 1970 00:00:00 GMT", FIRST),
        ("Sat, 31 Jan 2026 12:00:10 GMT", FIRST),
        ("Sat, 31 Jan 2026 12:00:19 GMT", FIRST),
        ("Sat, 31 Jan 2026 13:00:20 +0100", SECOND),
        ("Fri, 31 Dec 9999 23:59:59 GMT", THIRD),
    ],
)
def test_a_timegate_leads_to_what_was_current_then(three: World, accept: str | None, stamp: str) -> None:
    answer = ask(three, f"/memento/timegate/{URL}", 302, accept)

    assert answer.headers["Location"] == f"http://localhost/memento/{stamp}/{URL}"
    assert answer.headers["Vary"] == "accept-datetime"
    assert related(answer.headers["Link"])["original"] == URL
    assert "Memento-Datetime" not in answer.headers


def test_a_memento_is_the_body_of_its_instant(three: World) -> None:
    for stamp, body in ((FIRST, b"one"), (SECOND, b"two"), (THIRD, b"three")):
        answer = ask(three, f"/memento/{stamp}/{URL}")

        assert answer.data == body
        assert answer.headers["Memento-Datetime"] == f"Sat, 31 Jan 2026 12:00:{stamp[12:14]} GMT"
        assert {
            "original": URL,
            "timegate": f"http://localhost/memento/timegate/{URL}",
            "timemap": f"http://localhost/memento/timemap/link/{URL}",
        }.items() <= related(answer.headers["Link"]).items()


def test_a_memento_is_kept_from_acting_as_ours(world: World) -> None:
    world.collect(URL, page(b"<script>alert(1)</script>"))

    answer = ask(world, f"/memento/{FIRST}/{URL}")

    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("status", [b"404 Not Found", b"503 Busy", b"401 Who", b"204 No Content", b"300 Many", b"700 Odd"])
def test_a_memento_has_the_status_that_was_seen(world: World, status: bytes) -> None:
    world.collect(URL, page(b"" if status.startswith(b"204") else b"seen", status))

    answer = ask(world, f"/memento/{FIRST}/{URL}", int(status[:3]))

    assert answer.data == (b"" if status.startswith(b"204") else b"seen")
    assert answer.headers["Memento-Datetime"] == "Sat, 31 Jan 2026 12:00:10 GMT"


def test_a_redirect_leads_to_what_it_led_to_then(world: World) -> None:
    world.collect(URL, moved(b"/b"), moved(b"http://other.test/", b"301 Gone there"), page(b"the end"))
    world.collect(URL, page(b"later"))

    first = ask(world, f"/memento/{FIRST}/{URL}", 302)
    second = ask(world, first.headers["Location"], 301)
    last = ask(world, second.headers["Location"], 200)

    assert [related(each.headers["Link"])["original"] for each in (first, second, last)] == [
        URL,
        "http://name.test/b",
        "http://other.test/",
    ]
    assert {each.headers["Memento-Datetime"] for each in (first, second, last)} == {"Sat, 31 Jan 2026 12:00:10 GMT"}
    assert (first.data, second.data, last.data) == (b"", b"", b"the end")
    assert "Location" not in last.headers


def test_nothing_is_answered_that_was_never_seen(three: World) -> None:
    three.collect("http://moved.test/", moved(b"/b"), page(b"b"))
    hop = ask(three, "/memento/timegate/http://moved.test/", 302).headers["Location"]
    hop = ask(three, hop, 302).headers["Location"].removeprefix("http://localhost")

    for path in (
        f"/memento/{FIRST}/http://unknown.test/",
        "/memento/timegate/http://unknown.test/",
        "/memento/timemap/link/http://unknown.test/",
        f"/memento/{FIRST[:-1]}4/{URL}",
        "/memento/20260131120011/http://unknown.test/",
        f"/memento/{FIRST}/http://name.test/a",
        f"/memento/timemap/{FIRST}/{URL}",
        hop.replace("/http://moved.test/b", "/http://moved.test/c"),
        hop.replace(".1/", ".2/"),
        hop.replace(".1/", ".0/"),
        re.sub(r"\d~", "9~", hop),
        re.sub(r"~[0-9a-f]{32}", "~" + "0" * 32, hop),
    ):
        assert ask(three, path, 404).json["code"] in ("not_in_inventory", "no_such_snapshot", "not_found"), path
    assert ask(three, hop).data == b"b"


@pytest.mark.parametrize("stamp", ["2026", "latest", "20261331000000", FIRST + "~1.0", "00000000000000"])
def test_what_is_no_instant_is_not_found(three: World, stamp: str) -> None:
    assert ask(three, f"/memento/{stamp}/{URL}", 404).json["code"] == "not_found"


@pytest.mark.parametrize("accept", ["soon", "2026-01-31T12:00:00Z", "Sat, 99 Jan 2026 12:00:00 GMT"])
def test_what_is_no_date_is_a_bad_request(three: World, accept: str) -> None:
    assert ask(three, f"/memento/timegate/{URL}", 400, accept).json["code"] == "invalid_datetime"


def test_what_is_no_url_is_a_problem(world: World) -> None:
    assert ask(world, "/memento/timegate/ftp://name.test/", 422).json["code"] == "unsupported_scheme"


def test_a_snapshot_of_another_source_is_no_memento(services: Services, client: FlaskClient) -> None:
    target = services.records.collectable("weather", "Zürich, CH")
    services.inline.collect(target)
    found = services.records.find(target)
    assert found is not None
    assert found.snapshot is not None
    stamp = f"20260131120000123~{found.snapshot.id}.0"

    answer = client.get(f"/memento/{stamp}/http://a.test/")

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/page", "20200501100000/http://name.test/page"),
        ("http://user:secret@name.test/page#part", "20200501100000/http://name.test/page"),
        ("http://never.test/seen?a=b", "20200501100000/http://never.test/seen?a=b"),
        ("http://127.0.0.1/private", "20200501100000/http://127.0.0.1/private"),
        ("mailto:a@b.example", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_a_redirect_that_was_imported_leads_to_what_was_current_then(
    world: World, location: str, leads_to: str | None
) -> None:
    moved_away = entry(status=302, headers=[{"name": "Location", "value": location}])
    there = entry(startedDateTime="2020-05-01T10:00:01.5Z", content={"text": "there"})
    there["request"]["url"] = "http://name.test/page"
    world.load(har(moved_away, there), "site.har")

    answer = ask(world, f"/memento/20200501100000500/{moved_away['request']['url']}", 302)

    wanted = None if leads_to is None else f"http://localhost/memento/{leads_to}"
    assert answer.headers.get("Location") == wanted
    assert answer.headers["Memento-Datetime"] == "Fri, 01 May 2020 10:00:00 GMT"
    if location.endswith("/page"):
        there = ask(world, answer.headers["Location"], 302).headers["Location"]
        assert ask(world, there).text == "there"


@pytest.mark.parametrize("host", ["[2606:4700::1]", "%5B2606:4700::1%5D", "%5b2606:4700::1%5d"])
def test_brackets_of_a_host_may_be_escaped_as_clients_do_it_in_a_path(world: World, host: str) -> None:
    captured = entry(content={"text": "there"})
    captured["request"]["url"] = "http://[2606:4700::1]:8000/a[b]?c=%5B"
    world.load(har(captured), "site.har")

    assert ask(world, f"/memento/20200501100000500/http://{host}:8000/a[b]?c=%5B").text == "there"
