"""What the "Memento Compliance Audit of PyWB" (Sawood Alam, ODU WS-DL, 2020-03-26) asks of an archive, an item a test.

The items are its recommendations, as its author filed them with pywb one by one, what else its requests show of pywb at the
commit that was audited, in the four configurations of the audit, and the rules of RFC 7089 that they are about.
docs/archives.md says where we differ on purpose.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from inventory.mementos.service import NEIGHBOURS
from tests.archive.conftest import World
from tests.mementos.conftest import FIRST, HTML, SECOND, THIRD, URL, ask, links, moved, page, related

TIMEGATE, TIMEMAP = f"/memento/timegate/{URL}", f"/memento/timemap/link/{URL}"
INSTANT = "Sat, 31 Jan 2026 12:00:25 GMT"
DOCUMENT = Path(__file__).parents[2] / "docs" / "archives.md"


def varies(answer: TestResponse) -> bool:
    return "accept-datetime" in answer.headers.get("Vary", "").lower()


def mementos(answer: TestResponse) -> dict[str, str]:
    """By what it is, the stamp of each memento that the header Link names."""
    named = [(where, each["rel"].split()) for where, each in links(answer.headers["Link"]) if "datetime" in each]
    return {relation: where.split("/")[4] for where, relations in named for relation in relations if relation != "memento"}


@pytest.mark.parametrize("path", [TIMEGATE, f"/memento/{SECOND[:14]}/{URL}"])
@pytest.mark.parametrize("accept", [INSTANT, None])
def test_what_leads_to_a_memento_is_302(three: World, path: str, accept: str | None) -> None:
    """The audit's requests: pywb answered 307, where RFC 7089 (4.2.1) and its validator have 302."""
    ask(three, path, 302, accept)


@pytest.mark.parametrize("stamp", [FIRST, SECOND, THIRD])
def test_a_memento_has_one_address_and_says_no_other(three: World, stamp: str) -> None:
    """The audit's requests: pywb had a memento's `Content-Location` and its link differ from each other."""
    path = f"/memento/{stamp}/{URL}"
    answer = ask(three, path)
    at = answer.headers["Memento-Datetime"]

    assert "Content-Location" not in answer.headers
    assert [where for where, each in links(answer.headers["Link"]) if each.get("datetime") == at] == [
        f"http://localhost{path}"
    ]


def test_a_timemap_says_from_when_until_when_it_is(three: World) -> None:
    """The audit's requests: pywb had `from` alone, and neither a first memento nor a last one."""
    named = {each["rel"]: each for _, each in links(ask(three, TIMEMAP).text)}

    assert named["self"]["from"] == named["first memento"]["datetime"]
    assert named["self"]["until"] == named["last memento"]["datetime"]


def test_link_attributes_are_those_that_a_standard_defines(three: World) -> None:
    """The audit: `collection` and the like are no attributes of links (RFC 5988, RFC 7089)."""
    texts = [
        ask(three, TIMEMAP).text,
        *(ask(three, path, status).headers["Link"] for path, status in ((TIMEGATE, 302), (f"/memento/{SECOND}/{URL}", 200))),
    ]

    for text in texts:
        assert {name for _, each in links(text) for name in each} <= {"rel", "type", "datetime", "from", "until"}


def test_the_links_of_a_memento_are_those_of_its_own_page(three: World) -> None:
    """The audit: no link leads to the TimeGate or the TimeMap of another resource."""
    three.collect("http://other.test/", page(b"other"))

    for where, _ in links(ask(three, f"/memento/{SECOND}/{URL}").headers["Link"]):
        assert where == URL or where.endswith(f"/{URL}")


def test_a_memento_is_not_sent_with_the_date_of_its_page(world: World) -> None:
    """The audit: `Date` is when this answer is sent, which the server says, and not the `Date` of the page."""
    sent = b"Date: Sat, 31 Jan 2026 12:00:10 GMT\r\n"
    world.collect(URL, page(b"one").replace(HTML, sent + HTML))

    answer = ask(world, f"/memento/{FIRST}/{URL}")

    assert answer.headers["Memento-Datetime"] == "Sat, 31 Jan 2026 12:00:10 GMT"
    assert "Date" not in answer.headers, "the server adds it"


@pytest.mark.parametrize("path", [f"/memento/20260131120011000/{URL}", f"/memento/{FIRST}/http://never.test/"])
def test_what_was_not_seen_then_is_no_memento(three: World, path: str) -> None:
    """The audit: no 200 and no `Memento-Datetime` that repeats what was asked for."""
    answer = ask(three, path, 404)

    assert "Memento-Datetime" not in answer.headers


def test_a_timegate_of_a_page_that_was_never_seen_is_not_found(three: World) -> None:
    """The audit: aggregators need a 404."""
    assert "Memento-Datetime" not in ask(three, "/memento/timegate/http://never.test/", 404).headers
    assert "Memento-Datetime" not in ask(three, "/memento/timemap/link/http://never.test/", 404).headers


def test_what_only_leads_to_a_memento_does_not_vary_by_the_instant(three: World) -> None:
    """The audit: a resource between TimeGate and memento has no such `Vary`, no `Memento-Datetime`, and its page."""
    answer = ask(three, f"/memento/{SECOND[:14]}/{URL}", 302, INSTANT)

    assert not varies(answer)
    assert "Memento-Datetime" not in answer.headers
    assert related(answer.headers["Link"])["original"] == URL


def test_a_timemap_does_not_vary_by_the_instant(three: World) -> None:
    """The audit: a TimeMap is of all instants."""
    plain, asked = ask(three, TIMEMAP), ask(three, TIMEMAP, 200, INSTANT)

    assert plain.data == asked.data
    assert not varies(asked)
    assert "Memento-Datetime" not in asked.headers


@pytest.mark.parametrize(
    ("stamp", "to"),
    [
        (SECOND[:14], SECOND),
        ("20260131120019", FIRST),
        ("20260131120021", SECOND),
        ("19700101000000", FIRST),
        ("20990101000000", THIRD),
    ],
)
def test_an_address_that_is_not_exact_leads_to_the_one_that_is(three: World, stamp: str, to: str) -> None:
    """The audit: 302 to the closest memento, not 200 with a `Content-Location`, so each memento has one address."""
    answer = ask(three, f"/memento/{stamp}/{URL}", 302)

    assert answer.headers["Location"] == f"http://localhost/memento/{to}/{URL}"
    assert "Content-Location" not in answer.headers
    assert not varies(answer)


@pytest.mark.parametrize("prefer", [None, "respond-async"])
def test_a_timegate_answers_with_a_redirect(three: World, prefer: str | None) -> None:
    """The audit asks for the style of 200 as well. We have the one of 302 alone, as most archives do."""
    answer = three.client.get(TIMEGATE, headers={} if prefer is None else {"Prefer": prefer})

    assert answer.status_code == 302
    assert "Content-Location" not in answer.headers


@pytest.mark.parametrize(
    ("stamp", "around"),
    [
        (FIRST, {"first": FIRST, "next": SECOND, "last": THIRD}),
        (SECOND, {"first": FIRST, "prev": FIRST, "next": THIRD, "last": THIRD}),
        (THIRD, {"first": FIRST, "prev": SECOND, "last": THIRD}),
    ],
)
def test_mementos_and_timegates_link_to_the_mementos_around(three: World, stamp: str, around: dict[str, str]) -> None:
    """The audit: `first`, `prev`, `next` and `last`, on which many tools rely."""
    at = f"Sat, 31 Jan 2026 12:00:{stamp[12:14]} GMT"

    assert mementos(ask(three, f"/memento/{stamp}/{URL}")) == around
    assert mementos(ask(three, TIMEGATE, 302, at)) == around


def test_the_only_memento_is_the_first_and_the_last_one(world: World) -> None:
    world.collect(URL, page(b"one"))

    assert mementos(ask(world, f"/memento/{FIRST}/{URL}")) == {"first": FIRST, "last": FIRST}


def test_the_document_says_what_is_answered() -> None:
    """The audit: documents and program say the same."""
    text = DOCUMENT.read_text(encoding="utf-8")

    for said in ("`/memento/timegate/{url}`", "`/memento/timemap/link/{url}`", f"{NEIGHBOURS:,}", "302 alone", "`prev`"):
        assert said in text, said


def test_the_instant_of_each_link_is_that_of_its_memento(three: World) -> None:
    """RFC 7089, 2.2.4: `datetime` matches the `Memento-Datetime` of where the link leads."""
    named = [*links(ask(three, TIMEMAP).text), *links(ask(three, TIMEGATE, 302).headers["Link"])]

    for where, each in named:
        if "datetime" in each:
            assert "memento" in each["rel"].split()
            assert ask(three, where).headers["Memento-Datetime"] == each["datetime"]


def test_a_memento_does_not_vary_and_names_its_instant_and_its_page(three: World) -> None:
    """RFC 7089, 4.2.1: also where a program sends on the `Accept-Datetime` that it sent to the TimeGate."""
    answer = ask(three, f"/memento/{FIRST}/{URL}", 200, INSTANT)

    assert not varies(answer)
    assert answer.headers["Memento-Datetime"] == "Sat, 31 Jan 2026 12:00:10 GMT"
    assert related(answer.headers["Link"])["original"] == URL


def test_a_timegate_varies_names_its_page_and_is_no_memento(three: World) -> None:
    """RFC 7089, 4.2.1: `Vary`, `Location`, `Link` with `original`, and no `Memento-Datetime`; without an instant as well."""
    for accept in (INSTANT, None):
        answer = ask(three, TIMEGATE, 302, accept)

        assert varies(answer)
        assert "Memento-Datetime" not in answer.headers
        assert related(answer.headers["Link"])["original"] == URL
        assert re.fullmatch(rf"http://localhost/memento/\d{{17}}/{re.escape(URL)}", answer.headers["Location"])


@pytest.mark.parametrize("accept", ["yesterday", "Sat, 31 Foo 2026 12:00:00 GMT", "1769860800"])
def test_an_accept_datetime_that_is_no_date_is_a_bad_request(three: World, accept: str) -> None:
    """RFC 7089, 4.5.3."""
    ask(three, TIMEGATE, 400, accept)


def test_an_instant_outside_of_what_was_seen_leads_to_the_nearest_end(three: World) -> None:
    """RFC 7089, 4.5.2."""
    assert ask(three, TIMEGATE, 302, "Thu, 01 Jan 1970 00:00:00 GMT").headers["Location"].split("/")[4] == FIRST
    assert ask(three, TIMEGATE, 302, "Thu, 01 Jan 2099 00:00:00 GMT").headers["Location"].split("/")[4] == THIRD


def test_a_memento_of_a_redirect_is_one_and_leads_on(world: World) -> None:
    """RFC 7089, 4.5.1 and 4.5.6: a redirect that was seen has a `Memento-Datetime`, as a 404 that was seen has one."""
    world.collect(URL, moved(b"/b"), page(b"", b"404 Not Found"))

    first = ask(world, f"/memento/{FIRST}/{URL}", 302)
    last = ask(world, first.headers["Location"], 404)

    assert first.headers["Memento-Datetime"] == last.headers["Memento-Datetime"]
    assert related(last.headers["Link"])["original"] == "http://name.test/b"


def test_a_timemap_names_itself_its_page_and_its_timegate(three: World) -> None:
    """RFC 7089, 5: media type, `original`, `timegate`, and `self` with its type and the instants it covers."""
    answer = ask(three, TIMEMAP)
    named = {each["rel"]: (where, each) for where, each in links(answer.text)}

    assert answer.mimetype == "application/link-format"
    assert named["original"][0] == URL
    assert named["timegate"][0].endswith(TIMEGATE)
    assert named["self"][0].endswith(TIMEMAP)
    assert named["self"][1]["type"] == "application/link-format"
    assert {"from", "until"} <= set(named["self"][1])


@pytest.mark.parametrize("path", [TIMEGATE, TIMEMAP, f"/memento/{SECOND}/{URL}", f"/memento/{SECOND[:14]}/{URL}"])
def test_head_answers_the_headers_of_get(three: World, path: str) -> None:
    """Clients ask with HEAD, as the audit does."""
    head, got = three.client.head(path), three.client.get(path)

    own = {"X-Request-ID", "Date"}
    assert head.status_code == got.status_code
    assert [each for each in head.headers if each[0] not in own] == [each for each in got.headers if each[0] not in own]
    assert head.data == b""
