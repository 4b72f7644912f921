"""Cookies, compared with what Chromium and Firefox keep and send: where one of them differs is listed with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import pytest

from inventory import urls
from inventory.http_client import cookies
from inventory.http_client.cookies import Cookie
from inventory.http_client.jar import Jar
from tests.http_client import facts

NOW = datetime.fromtimestamp(1_795_874_310, UTC)
"""When the browsers were asked, within so many seconds:"""
ASKED_WITHIN = 900.0
LONGEST = 400 * 86_400.0
"""Browsers cut every lifetime to this; the attributes are recorded as sent."""

CASES = facts.read("browser_cookies")

NAMELESS = "RFC 6265bis, section 5.6: without `=`, or with nothing before it, a pair is a value without a name"
TAB = "RFC 6265bis, section 5.6: a tab is no control character; Chromium refuses it, Firefox in Path alone"
CUT = "RFC 6265bis, section 5.6: a bare CR refuses the cookie; Chromium ends the line there"
BYTES = "The bytes are no UTF-8: they are recorded and sent as they are; Chromium hides them, Firefox replaces them"
NOT_ASCII = "RFC 6265bis, section 5.7: a Domain that is not ASCII refuses the cookie"
MAX_AGE = "RFC 6265bis, section 5.6.2: a Max-Age that is no number is ignored"
DATE = "RFC 6265bis, section 5.1.1: a date without day, month, year from 1601 and time as there means no expiry"

DIFFERING: dict[str, tuple[str, str]] = {
    # id → the browsers that differ from the inventory, and why
    "p22": ("firefox", NAMELESS),
    "p33": ("firefox", NAMELESS),
    "n14": ("firefox", NAMELESS),
    "n19": ("firefox", NAMELESS),
    "k01": ("chromium", TAB),
    "k18": ("chromium", TAB),
    "e46": ("chromium", TAB),
    "k10": ("chromium", CUT),
    "k12": ("chromium firefox", BYTES),
    "u05": ("chromium firefox", BYTES),
    "u07": ("chromium firefox", BYTES),
    "u10": ("chromium firefox", BYTES),
    "d29": ("chromium", NOT_ASCII),
    "m02": ("chromium", MAX_AGE),
    "m31": ("chromium", MAX_AGE),
    "m18": ("firefox", MAX_AGE),
    "e06": ("chromium", DATE),
    "e42": ("chromium firefox", DATE),
    "e21": ("firefox", DATE),
    "e22": ("firefox", DATE),
    "e23": ("firefox", DATE),
    "e24": ("firefox", DATE),
    "e38": ("firefox", DATE),
    "e44": ("firefox", DATE),
    "e57": ("firefox", DATE),
    "e58": ("firefox", DATE),
}


@pytest.mark.parametrize("case", CASES)
def test_a_cookie_is_kept_and_sent_as_browsers_do(case: str) -> None:
    url, lines, chromium, *other = CASES[case]
    jar = Jar()
    page = urls.parse(url)

    ours = stored(jar.keep((cookies.parse(line, page) for line in lines), NOW))

    differing = [
        browser
        for browser, (sent, kept) in zip(["chromium", "firefox"], [chromium, *(other or [chromium])], strict=True)
        if jar.header(page) != sent or not alike(ours, kept)
    ]
    assert " ".join(differing) == DIFFERING.get(case, ("", ""))[0]


def test_where_the_browsers_agree_the_inventory_agrees_with_them() -> None:
    both = [case for case, (browsers, _) in DIFFERING.items() if browsers == "chromium firefox" and len(CASES[case]) == 3]

    assert both == []


def stored(recorded: Sequence[Cookie]) -> list[list[Any]]:
    """What is left of the recorded cookies, as the facts have them: a later one replaces or removes its namesake."""
    left = {(one.name, one.path, one.domain, one.partitioned): one for one in recorded if one.accepted}
    return [
        [
            *map(cookies.shown, (one.name, one.value)),
            one.domain if one.host_only else f".{one.domain}",
            cookies.shown(one.path),
            "s" * one.secure + "h" * one.http_only,
            seconds_left(one),
        ]
        for one in left.values()
        if (seconds_left(one) or 1) > 0
    ]


def seconds_left(cookie: Cookie) -> float | None:
    """How long a cookie lives after `NOW`; None if its browser's session decides."""
    if cookie.max_age is not None:
        return min(cookie.max_age, LONGEST) or -1
    return None if cookie.expires is None else min((cookie.expires - NOW).total_seconds(), LONGEST)


def alike(ours: list[list[Any]], theirs: list[list[Any]]) -> bool:
    """Whether the same cookies were kept, for as long."""
    pairs = list(zip_longest(sorted(ours, key=str), sorted(theirs, key=str), fillvalue=[None]))
    return all(one[:-1] == other[:-1] and as_long(one[-1], other[-1]) for one, other in pairs)


def as_long(ours: float | None, theirs: float | None) -> bool:
    return ours == theirs or (ours is not None and theirs is not None and abs(ours - theirs) < ASKED_WITHIN)
