"""Which of the cookies that a hop set are sent to the next one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inventory import urls
from inventory.http_client import cookies
from inventory.http_client.jar import Jar

NOW = datetime(2026, 1, 31, tzinfo=UTC)
A_TO_Q = "abcdefghijklmnopq"
"""As names of long cookies: one more than fit into a header."""

SENT: list[tuple[str, list[str], str, str | None]] = [
    # set by, lines, next URL, the header that it gets
    ("http://a.test/", ["x=1"], "http://a.test/", "x=1"),
    ("http://a.test/", ["x=1", "y=2"], "http://a.test/", "x=1; y=2"),
    ("http://a.test/", ["x=1", "x=2"], "http://a.test/", "x=2"),
    ("http://a.test/", ["x=1", "y=2", "x=3"], "http://a.test/", "x=3; y=2"),
    ("http://a.test/", ["x"], "http://a.test/", "x"),
    ("http://a.test/", ["x="], "http://a.test/", "x="),
    ("http://a.test/", ["x=1"], "http://b.test/", None),
    ("http://a.test/", ["x=1"], "http://sub.a.test/", None),
    ("http://www.a.test/", ["x=1; Domain=a.test"], "http://other.a.test/", "x=1"),
    ("http://www.a.test/", ["x=1; Domain=a.test"], "http://a.test/", "x=1"),
    ("http://www.a.test/", ["x=1; Domain=a.test"], "http://nota.test/", None),
    ("http://www.a.test/", ["x=1; Domain=a.test", "x=2"], "http://www.a.test/", "x=1; x=2"),
    ("http://a.test/", ["x=1; Domain=b.test"], "http://b.test/", None),
    ("http://a.test:1/", ["x=1"], "http://a.test:2/", "x=1"),
    ("http://a.test/", ["x=1"], "https://a.test/", "x=1"),
    ("https://a.test/", ["x=1; Secure"], "http://a.test/", None),
    ("https://a.test/", ["x=1; Secure"], "https://a.test/", "x=1"),
    ("http://a.test/", ["x=1; Path=/f"], "http://a.test/f", "x=1"),
    ("http://a.test/", ["x=1; Path=/f"], "http://a.test/f/g", "x=1"),
    ("http://a.test/", ["x=1; Path=/f/"], "http://a.test/f/g", "x=1"),
    ("http://a.test/", ["x=1; Path=/f"], "http://a.test/fg", None),
    ("http://a.test/", ["x=1; Path=/f/"], "http://a.test/f", None),
    ("http://a.test/", ["x=1; Path=/f"], "http://a.test/f?/g", "x=1"),
    ("http://a.test/", ["x=1; Path=/F"], "http://a.test/f", None),
    ("http://a.test/", ["x=1", "y=2; Path=/f"], "http://a.test/f", "y=2; x=1"),
    ("http://a.test/", ["x=1; Max-Age=0"], "http://a.test/", None),
    ("http://a.test/", ["x=1", "x=2; Max-Age=0"], "http://a.test/", None),
    ("http://a.test/", ["x=1", "x=2; Max-Age=-5"], "http://a.test/", None),
    ("http://a.test/", ["x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "http://a.test/", None),
    ("http://a.test/", ["x=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT"], "http://a.test/", "x=1"),
    ("http://a.test/", ["x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"], "http://a.test/", "x=1"),
    ("http://a.test/", ["x=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Max-Age=0"], "http://a.test/", None),
    ("http://127.0.0.1/", ["x=1; Domain=127.0.0.1"], "http://127.0.0.1/", "x=1"),
    ("http://127.0.0.1/", ["x=1; Domain=.127.0.0.1"], "http://127.0.0.1/", "x=1"),
    ("http://localhost/", ["x=1; Secure"], "http://localhost/", "x=1"),
    ("http://localhost/", ["x=1; Secure"], "https://localhost/", "x=1"),
    ("http://127.0.0.1/", ["__Host-x=1; Secure; Path=/"], "http://127.0.0.1/", "__Host-x=1"),
    ("http://[::1]/", ["x=1; Secure; Domain=[::1]"], "http://[::1]/", "x=1"),
    ("https://a.test/", ["x=1; Secure; Partitioned", "x=2; Secure"], "https://a.test/", "x=1; x=2"),
    ("https://a.test/", ["x=1; Secure; Partitioned", "x=2; Secure; Max-Age=0"], "https://a.test/", "x=1"),
    ("http://a.test/", ["x=1", "x=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=never"], "http://a.test/", "x=2"),
    (
        "http://a.test/",
        [f"{name}={'v' * 4000}" for name in A_TO_Q],
        "http://a.test/",
        "; ".join(f"{n}={'v' * 4000}" for n in A_TO_Q[:16]),
    ),
]


@pytest.mark.parametrize(
    ("set_by", "lines", "asked", "header"), SENT, ids=[f"{'|'.join(lines)[:60]} > {asked}" for _, lines, asked, _ in SENT]
)
def test_the_next_hop_gets_what_a_browser_would_send(set_by: str, lines: list[str], asked: str, header: str | None) -> None:
    jar = Jar()
    jar.keep((cookies.parse(line, urls.parse(set_by)) for line in lines), NOW)

    assert jar.header(urls.parse(asked)) == header


HTTPS = "https://www.a.test/f/page"

HIDING: list[tuple[str, str, str, bool]] = [
    # Secure cookie of HTTPS, set by, line, whether it is taken
    ("x=1; Secure", "http://www.a.test/f/", "x=2", False),
    ("x=1; Secure", "http://www.a.test/f/g", "x=2; Path=/f/g", False),
    ("x=1; Secure; Path=/", "http://www.a.test/", "x=2", False),
    ("x=1; Secure", "http://www.a.test/", "x=2; Max-Age=0; Path=/f", False),
    ("x=1; Secure; Domain=a.test", "http://www.a.test/f/", "x=2", False),
    ("x=1; Secure; Domain=a.test", "http://other.a.test/f/", "x=2", False),
    ("x=1; Secure", "http://www.a.test/f/", "x=2; Domain=a.test", False),
    ("x=1; Secure", "http://a.test/f/", "x=2", False),
    ("x=1; Secure", "http://www.a.test/", "x=2; Path=/", True),
    ("x=1; Secure", "http://www.a.test/g/", "x=2", True),
    ("x=1; Secure", "http://www.a.test/f/", "y=2", True),
    ("x=1; Secure", "http://other.a.test/f/", "x=2", True),
    ("x=1; Secure", "http://b.test/f/", "x=2", True),
    ("x=1; Secure", HTTPS, "x=2", True),
    ("x=1; Secure; Max-Age=0", "http://www.a.test/f/", "x=2", True),
    ("x=1; Secure; Partitioned", "http://www.a.test/f/", "x=2", False),
    ("x=1", "http://www.a.test/f/", "x=2", True),
]


@pytest.mark.parametrize(
    ("secure", "set_by", "line", "taken"), HIDING, ids=[f"{first} | {line} by {set_by}" for first, set_by, line, _ in HIDING]
)
def test_what_came_over_plain_http_leaves_secure_cookies_alone(secure: str, set_by: str, line: str, taken: bool) -> None:
    jar = Jar()
    jar.keep([cookies.parse(secure, urls.parse(HTTPS))], NOW)

    [recorded] = jar.keep([cookies.parse(line, urls.parse(set_by))], NOW)

    assert recorded.accepted == taken
    if not taken:
        assert recorded.reason == "not set over https, and would hide a Secure cookie of its name"
        assert jar.header(urls.parse("https://www.a.test/f/g")) == "x=1"


def test_a_cookie_that_was_refused_when_it_was_read_is_recorded_as_it_is() -> None:
    refused = cookies.parse("x=1; Secure", urls.parse("http://a.test/"))

    assert Jar().keep([refused], NOW) == (refused,)
