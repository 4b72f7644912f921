"""Redirects, compared with what Chromium and Firefox follow: where one of them differs is listed with the reason."""

from __future__ import annotations

import re
from typing import Any

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.transport import Request
from tests.http_client import facts
from tests.http_client.scripted import PAGE, ScriptedTransport

CASES = facts.read("browser_redirects")

TWENTY = "Fetch standard, section 4.4: 20 redirects are followed; Chromium counts the first page too"
EMPTY = "An empty Location is no redirect; Firefox reads it as the page itself"
SECURED = (
    "Fetch standard, section 4.1: a host that asked for https is called over https; Firefox did not trust its certificate"
)
DIFFERENT = "Two Location lines that differ make no redirect, but the response is kept, with a defect; browsers show nothing"
RECORDED = "A Refresh is recorded and not followed"
NO_PAGE = "A redirect to another scheme is a failure; Firefox shows an empty page for about:blank"

DIFFERING: dict[str, tuple[str, str]] = {
    # id → the browsers that differ from the inventory, and why
    "query": ("chromium", TWENTY),
    "hops20": ("chromium", TWENTY),
    "empty": ("firefox", EMPTY),
    "hsts": ("firefox", SECURED),
    "twice-empty": ("chromium firefox", DIFFERENT),
    "refresh": ("chromium firefox", RECORDED),
    "about": ("firefox", NO_PAGE),
}


def answers(case: str) -> Any:
    """What the upstream of a case sends: its response to the first page, then the rest of a chain, or a page."""
    url, lines, *_ = CASES[case]
    start = urls.parse(url).href
    first = "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode("latin-1")
    repeats = [line for line in lines if line.startswith("Location: ?")]

    def answer(request: Request) -> bytes:
        if request.url.href == start or (repeats and request.url.target.startswith("/r/start")):
            return first
        if hop := re.fullmatch("/h([0-9]+)", request.url.target):
            to = f"/h{int(hop[1]) - 1}" if int(hop[1]) > 1 else "/end"
            return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
        return PAGE

    return answer


@pytest.mark.parametrize("case", CASES)
def test_a_redirect_is_followed_as_browsers_do(case: str) -> None:
    url, _, chromium, *other = CASES[case]
    transport = ScriptedTransport(answers(case))

    try:
        Fetcher(transport, deadline=10, body_limit=1_000).fetch(urls.parse(url))
    except SourceFailure:
        failed = True
    else:
        failed = False

    asked = [[request.url.href, request.headers.get("Cookie")] for request in transport.requests[1:]]
    differing = [
        browser
        for browser, theirs in zip(["chromium", "firefox"], [chromium, *(other or [chromium])], strict=True)
        if [asked, failed] != theirs
    ]
    assert " ".join(differing) == DIFFERING.get(case, ("", ""))[0]
