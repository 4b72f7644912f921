"""The key of a feed stands in its URL or its headers, and in nothing that strangers can read."""

from __future__ import annotations

import html
import json
import random
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_letters
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from inventory.clock import utc_now
from inventory.jobs.documents import job_document
from inventory.jobs.model import Job
from inventory.products.documents import summary_document
from inventory.products.feed_file import read
from inventory.products.feeds import Feed
from inventory.products.job_type import FeedJobs
from inventory.products.masking import MAX_LOOKED_AT, MAX_QUOTE, Mask, without_keys
from tests.growth import assert_linear
from tests.products.runs import run, running
from tests.upstreams import Answer, Upstream

KEY = "c0ffee11c0ffee22"
PATH = "/items"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def feed(folder: Path, url: str) -> Feed:
    file = folder / "feeds.yaml"
    fields = "{id: id, title: title, price: price}"
    file.write_text(f"- {{name: acme, url: '{url}', fields: {fields}, items: items, paginator: {{kind: next, next: next}}}}")
    return replace(read(file)[0], headers={"X-Api-Key": KEY}, retries=0, rate=100.0)


def page(**members: object) -> Answer:
    return Answer(headers=(("Content-Type", "application/json"),), body=json.dumps({"items": [], **members}).encode())


ANSWERS = {
    "a redirect": Answer(302, (("Location", f"{PATH}?api_key={KEY}&x=2"),)),
    "a redirect to no URL": Answer(302, (("Location", f"http://[{KEY}"),)),
    "not found": Answer(404, (("X-Key", KEY),), KEY.encode()),
    "no JSON": Answer(body=KEY.encode()),
    "items that cannot be used": page(items=[{"id": "1"}]),
    "a loop": page(next=f"{PATH}?api_key={KEY}&page=1"),
    "astray": page(next=f"http://elsewhere.test/?api_key={KEY}"),
    "no URL": page(next=f"http://[{KEY}"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_goes_wrong_with_a_feed_its_key_is_told_to_nobody(tmp_path: Path, answer: Answer) -> None:
    with Upstream() as upstream:
        upstream.script(PATH, *[answer] * 9)
        with running(tmp_path, [feed(tmp_path, upstream.url(f"{PATH}?api_key={KEY}&page=1"))]) as services:
            job = run(services)
            told = summary_document(services.products.summary())
            rows = services.jobs.rows(job.id, None, limit=99, after=0)

        assert upstream.requests[0].target == f"{PATH}?api_key={KEY}&page=1"
    assert told["errors"]
    assert told["errors"][0]["endpoint"].startswith(upstream.url(f"{PATH}?api_key=***&page=1"))
    assert KEY not in f"{json.dumps(told)} {rows} {job_document(job, job.created_at)}"


@pytest.mark.parametrize(
    ("headers", "text", "shown"),
    [
        ({"X-Api-Key": "s3cret/1"}, "a s3cret/1 b S3CRET/1 c", "a *** b *** c"),
        ({"X-Api-Key": "s3cret/1"}, "s3cret%2F1 s3cret\\/1", "*** ***"),
        ({"Authorization": "Bearer abcdefgh12"}, "token abcdefgh12, Bearer abcdefgh12", "token ***, ***"),
        ({"Authorization": f"Basic {b64encode(b'me:pass word').decode()}"}, "me:pass word pass word", "*** ***"),
        ({"Cookie": "session=abcdefgh12; theme=dark"}, "abcdefgh12 light", "*** light"),
        ({"Authorization": "Bearer s3cr3t"}, "no token s3cr3t for the bearer", "no token *** for the bearer"),
        ({"Authorization": 'Digest username="bob", response="6629fae4"'}, "6629fae4", "***"),
        ({"X-Api-Key": "a|b c=d"}, "/a|b%20c=d/x", "/***/x"),
        ({"X-Api-Key": 'ä"<&1'}, '{"key": "ä\\"<&1"} &lt; ä&quot;&lt;&amp;1', '{"key": "***"} &lt; ***'),
        ({"X-Shop": "electronics"}, "electronics", "electronics"),
        ({"X-Key": "abc"}, "abc", "abc"),
    ],
)
def test_what_a_feed_has_as_a_key_is_covered_in_any_form(headers: dict[str, str], text: str, shown: str) -> None:
    assert Mask.of("https://a.test/", headers).text(text) == shown


@given(st.text(ascii_letters + "/+=&% ", min_size=4), st.text(ascii_letters), st.text(ascii_letters))
def test_no_form_of_a_secret_is_left_in_a_text(secret: str, before: str, after: str) -> None:
    for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
        shown = Mask([secret]).text(f"{before}{form}{after}")
        assert form not in shown
        assert "***" in shown


SECRET = "s3/cr&t<+\"'=ä ö|x"
WRITTEN = {
    "twice percent-encoded": quote(quote(SECRET, safe=""), safe=""),
    "percent-encoded in part": SECRET.replace("ä", "%c3%A4").replace(" ", "+"),
    "by encodeURIComponent": quote(SECRET, safe="!'()*~"),
    "in JSON of Go": json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("&", "\\u0026").replace("<", "\\u003c"),
    "in JSON of PHP": json.dumps(SECRET)[1:-1].replace("/", "\\/").replace("'", "\\u0027").replace('\\"', "\\u0022"),
    "in HTML": html.escape(SECRET).replace("&#x27;", "&apos;").replace("&quot;", "&#34;"),
    "in JSON in HTML": html.escape(json.dumps(SECRET)[1:-1]),
    "in Python": repr(SECRET)[1:-1],
    "in base64": b64encode(SECRET.encode()).decode(),
    "in base64 of a URL": urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_is_covered_however_programs_write_it(text: str) -> None:
    assert Mask([SECRET]).text(f"a {text} b") == "a *** b"


def test_the_login_of_basic_is_covered_without_its_padding_too() -> None:
    login = b64encode(b"me:hunter22").decode()
    mask = Mask.of("https://a.test/", {"Authorization": f"Basic {login}"})

    assert mask.text(f"{login} {login.rstrip('=')} {quote(login)} hunter22") == "*** *** *** ***"


def test_a_long_text_is_looked_through_in_linear_time() -> None:
    mask = Mask(["&" * 40 + "x", "a/" * 20, "%" * 40 + "x", "\\" * 6 + "x", " " * 40 + "x", '"' * 40 + "x"])
    for part in ("&", "&amp;", "\\", "%25", "a/", "\\u0026", " ", "&quot;", '\\"', "x"):
        assert_linear(mask.text, lambda size, part=part: part * size, small=4_000)  # type: ignore[misc]


def test_a_short_secret_is_not_looked_for_in_products() -> None:
    mask = Mask(["1000", "s3cret-key"])

    assert (mask.value("id-10001"), mask.value("/x?s3cret-key"), mask.text("id-10001")) == ("id-10001", "/x?***", "id-***1")


def test_a_key_in_the_url_is_covered_in_other_texts() -> None:
    mask = Mask.of("https://a.test/x?api_key=s3%2Fcret&page=2", {})

    assert mask.text("s3/cret s3%2Fcret page=2") == "*** *** page=2"


def test_a_quotation_is_one_bounded_line_without_even_half_of_a_key() -> None:
    mask = Mask(["k" * 40])

    assert mask.quotation(b' {\n\t"a": \x00\xff 1} ') == '{ "a": \ufffd 1}'
    assert mask.quotation(b"") == ""
    assert len(mask.quotation(b"x" * 10**6)) == MAX_QUOTE + 1
    assert "k" not in mask.quotation((b"k" * 40) * 1_000)
    assert mask.quotation(b" " * (MAX_LOOKED_AT - 39) + b"k" * 40) == ""
    assert "k" not in mask.shown(" " * (MAX_LOOKED_AT - 39) + "k" * 40)
    assert mask.shown("a" + "k" * 40 + "b" * 300) == f"a***{'b' * 196}…"


def test_a_fault_of_ours_is_logged_without_the_key_of_its_feed() -> None:
    feed = replace(Feed("acme", f"http://acme.test/?key={KEY}", {}), retries=0)
    jobs = FeedJobs(None, [feed], None, None, clock=utc_now, rng=random.Random(1))  # type: ignore[arg-type]
    with capture_logs() as logged:
        jobs._note(Job("a" * 32, "products", NOW), feed, ValueError(f"not {KEY}"))
        jobs._note(Job("a" * 32, "products", NOW), feed, ValueError("not a number"))

    assert KEY not in repr(logged)
    assert [type(each["exc_info"]).__name__ for each in logged] == ["MaskedFault", "ValueError"]
    assert "ValueError: not ***" in str(logged[0]["exc_info"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/x", "https://a.test/x"),
        ("https://a.test/x?page=2&limit=20", "https://a.test/x?page=2&limit=20"),
        ("https://a.test/x?page=2&apiKey=abc&y=1", "https://a.test/x?page=2&apiKey=***&y=1"),
        ("https://a.test/x?access_token=a=b", "https://a.test/x?access_token=***"),
        ("https://a.test/x?key", "https://a.test/x?key"),
        ("https://a.test/x?", "https://a.test/x?"),
    ],
)
def test_what_may_be_a_key_is_left_out_of_a_url_that_is_shown(url: str, shown: str) -> None:
    assert without_keys(url) == shown
