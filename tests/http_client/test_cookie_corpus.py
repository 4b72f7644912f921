"""Cookies, compared with the public http-state corpus: where RFC 6265bis differs is listed here with the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from inventory import urls
from inventory.http_client import cookie_dates, cookies
from inventory.http_client.jar import Jar
from tests.http_client import facts

NOW = datetime(2011, 1, 1, tzinfo=UTC)
"""When the corpus was made: some of its cookies have expired since."""

SET_BY = urls.parse("http://home.example.org:8888/cookie-parser")

NAMELESS = "RFC 6265bis, section 5.6: a line without `=`, or with nothing before it, is a cookie without a name"
CONTROL = "RFC 6265bis, section 5.6: a control character refuses the cookie; it was cut there once (disabled in the corpus)"
ENCODED = "RFC 6265bis, section 5.1.4: paths are compared as they are spelled (disabled in the corpus)"
EMPTY_DOMAIN = "RFC 6265bis, section 5.7: the last Domain counts, and an empty one means this host (optional in the corpus)"

DIFFERING: dict[str, tuple[str, str]] = {
    # id → what is sent instead, and why
    "0004": ("foo", NAMELESS),
    "0021": ("a=b; x; c=d", NAMELESS),
    "0023": ("foo", NAMELESS),
    "0024": ("foo", NAMELESS),
    "0025": ("foo", NAMELESS),
    "0026": ("foo", NAMELESS),
    "0027": ("bar", NAMELESS),
    "0028": ("foo", NAMELESS),
    "CHROMIUM0009": ("BLAHHH", NAMELESS),
    "CHROMIUM0010": ('"BLA\\"HHH"', NAMELESS),
    "CHROMIUM0012": ("ABC", NAMELESS),
    "DISABLED_CHROMIUM0022": ("", CONTROL),
    "DISABLED_CHROMIUM0023": ("", CONTROL),
    "DISABLED_PATH0029": ("", ENCODED),
    "MOZILLA0012": ('test="fubar! = foo; five', NAMELESS),
    "MOZILLA0014": ("six", NAMELESS),
    "MOZILLA0015": ("seven", NAMELESS),
    "MOZILLA0016": ("eight", NAMELESS),
    "MOZILLA0017": ("eight; test=six", NAMELESS),
    "NAME0023": ("foo", NAMELESS),
    "NAME0028": ("a", NAMELESS),
    "NAME0031": ('"foo', NAMELESS),
    "NAME0032": ('"foo\\"bar', NAMELESS),
    "NAME0033": ("aaa", NAMELESS),
    "OPTIONAL_DOMAIN0042": ("foo=bar", EMPTY_DOMAIN),
}

CASES = facts.read("cookies")


@pytest.mark.parametrize("case", CASES)
def test_the_next_request_carries_the_cookies_that_the_corpus_says_or_that_the_newer_rfc_does(case: str) -> None:
    lines, asked, sent = CASES[case]
    jar = Jar()

    jar.keep((cookies.parse(line, SET_BY) for line in lines), NOW)

    expected, _ = DIFFERING.get(case, (sent, "as the corpus says"))
    assert (jar.header(urls.join(SET_BY, asked)) or "") == expected


def test_what_is_listed_as_differing_does_differ() -> None:
    assert len(CASES) == 222
    assert [case for case, (sent, _) in DIFFERING.items() if CASES[case][2] == sent] == []


@pytest.mark.parametrize(("text", "instant"), facts.read("cookie_dates").items())
def test_a_date_is_read_as_the_corpus_says(text: str, instant: str | None) -> None:
    read = cookie_dates.parse(text)

    assert (read and format_datetime(read, usegmt=True)) == instant
