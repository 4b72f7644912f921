"""Pages of product feeds: one request each. What a page says becomes many records."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inventory import urls
from inventory.clock import Clock
from inventory.errors import SourceFailure
from inventory.http_client.body import Body
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.retry_after import host_pause

MAX_PAGE_BYTES = 8 * 1024 * 1024
"""The longest page that is read."""
MAX_MEMBERS = 250_000
"""Objects and lists of a page, by its brackets. A page of more would take 30 times its bytes as objects of Python, and a
worker pulls several feeds at once."""
MAY_PASS = frozenset({408, 425, 429})
"""Statuses besides 5xx that may pass by the next request."""
DAMAGED = frozenset({"invalid_response", "incomplete_response"})
"""Failures of an answer that may be whole the next time."""

KEY = re.compile("key|token|secret|pass|pwd|auth|sign|appid|credential", re.IGNORECASE)
"""What is part of the name of a parameter whose value may be a key."""


def without_keys(url: str) -> str:
    """The URL of a page as anybody may see it: what may be the key of a feed is left out."""
    path, question_mark, query = url.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    return (
        path
        + question_mark
        + "&".join(f"{name}{is_}{'***' if is_ and KEY.search(name) else value}" for name, is_, value in pairs)
    )


class Malformed(SourceFailure):
    """The upstream answered, but not with a page; its `Link` headers may still be useful."""

    def __init__(self, detail: str, links: tuple[str, ...], *, permanent: bool = False) -> None:
        super().__init__("malformed_page", detail, permanent=permanent)
        self.links = links


@dataclass(frozen=True, slots=True)
class PageResponse:
    """An answer as it came. `since_sent` is how many seconds before its end the request was sent.

    `pause` is for how many seconds the upstream asked not to be called, if it did.
    """

    status: int
    body: Body
    links: tuple[str, ...]
    pause: float | None
    since_sent: float


@dataclass(frozen=True, slots=True)
class Pages:
    """Gets pages. One call is one request: `fetcher` follows no redirect and sends nothing twice."""

    fetcher: Fetcher
    clock: Clock

    def get(self, url: str, headers: Mapping[str, str]) -> PageResponse:
        """What a URL answers; `SourceFailure` if it does not, permanent or not."""
        try:
            fetched = self.fetcher.fetch(urls.parse(url), {"Accept": "application/json", **headers})
        except SourceFailure as failure:
            if failure.code in DAMAGED:
                raise SourceFailure(failure.code, str(failure)) from failure
            raise
        head, timing = fetched.final.head, fetched.timing
        return PageResponse(
            head.status,
            fetched.body,
            tuple(head.values("link")),
            host_pause(head, self.clock()),
            (timing.first_byte_ms + timing.body_ms) / 1000,
        )

    @staticmethod
    def read(response: PageResponse) -> Any:
        """The JSON of the page that a response holds; `SourceFailure` if there is none, permanent or not."""
        if response.status >= 500 or response.status in MAY_PASS:
            raise SourceFailure("unexpected_status", f"The site answered {response.status}")
        if not 200 <= response.status < 300:
            raise SourceFailure("unexpected_status", f"The site answered {response.status}", permanent=True)
        if response.body.truncated and not response.body.cut:  # JSON that was cut does not parse
            raise Malformed(f"The page has more than {MAX_PAGE_BYTES:,} bytes, or was cut", response.links, permanent=True)
        if response.body.content.count(b"{") + response.body.content.count(b"[") > MAX_MEMBERS:
            raise Malformed(f"The page has more than {MAX_MEMBERS:,} objects and lists", response.links, permanent=True)
        try:
            return json.loads(response.body.content, parse_int=_whole)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"The page is not valid JSON: {_why(error)}", response.links) from error


def _whole(text: str) -> int | float:
    """A whole number, exactly; one of more digits than Python reads is beyond what a double holds, and infinite."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _why(error: Exception) -> str:
    """What is wrong with a page, without the words of the parser."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, at character {error.pos + 1:,}"
    return "nested too deeply" if isinstance(error, RecursionError) else "not text in UTF-8"
