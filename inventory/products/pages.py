"""Pages of product feeds: one request each. What a page says becomes many records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from inventory import urls
from inventory.clock import Clock
from inventory.errors import SourceFailure
from inventory.http_client.body import Body
from inventory.http_client.fetched import RedirectsFailed
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.retry_after import host_pause
from inventory.products.masking import Mask, without_keys

MAX_PAGE_BYTES = 8 * 1024 * 1024
"""The longest page that is read."""
MAX_RETRY_AFTER = 40
"""Characters of a `Retry-After` that are kept."""
NO_CONTENT = 204
MAX_MEMBERS = 250_000
"""Objects and lists of a page, by its brackets. A page of more would take 30 times its bytes as objects of Python, and a
worker pulls several feeds at once."""
MAY_PASS = frozenset({408, 425, 429})
"""Statuses besides 5xx that may pass by the next request."""
UNAUTHORIZED = frozenset({401, 402, 403, 407})
"""Statuses of an upstream that wants another key, or money, whichever page it is asked for."""
PAST_THE_END = frozenset({400, 404, 416})
"""Statuses in place of a page after the last one; 204 is an empty page."""
MAX_FRACTIONS = 500_000
"""Numbers of a page that are not whole: each is kept exactly, which takes 100 bytes."""
MAX_EXPONENT = 400
NO_MASK = Mask()
DAMAGED = frozenset({"invalid_response", "incomplete_response"})
"""Failures of an answer that may be whole the next time."""


REDIRECTED = "too_many_redirects"
FOLLOWS_NONE = "The site redirects to another URL, and a feed follows no redirect: describe it with the URL at its end"


class Malformed(SourceFailure):
    """The upstream answered, but not with a page; its `Link` headers may still be useful."""

    def __init__(self, detail: str, links: tuple[str, ...], *, permanent: bool = False) -> None:
        super().__init__("malformed_page", detail, permanent=permanent)
        self.links = links


class RefusedPage(SourceFailure):
    """The upstream answered with a status that is none of a page."""

    def __init__(self, status: int, quotation: str) -> None:
        code = "unauthorized" if status in UNAUTHORIZED else "unexpected_status"
        said = f": {quotation}" if quotation else ""
        super().__init__(code, f"The site answered {status}{said}", permanent=status < 500 and status not in MAY_PASS)
        self.status = status


class Redirected(SourceFailure):
    """The upstream redirects to another URL, which only `shown` tells."""

    def __init__(self, failure: SourceFailure) -> None:
        super().__init__(REDIRECTED, FOLLOWS_NONE, permanent=True)
        hops = failure.hops if isinstance(failure, RedirectsFailed) else ()
        self._locations = hops[-1].head.values("location") if hops else []

    def shown(self, mask: Mask) -> SourceFailure:
        """The failure with the place where the redirect leads, without what may be keys."""
        location = mask.quotation(without_keys("".join(self._locations[:1])).encode())
        return SourceFailure(REDIRECTED, f"{FOLLOWS_NONE} (Location: {location})", permanent=True)


@dataclass(frozen=True, slots=True)
class PageResponse:
    """An answer as it came. `since_sent` is how many seconds before its end the request was sent.

    `pause` is for how many seconds the upstream asked not to be called, if it did, by a `retry_after` that may be longer.
    """

    status: int
    body: Body
    links: tuple[str, ...]
    pause: float | None
    since_sent: float
    retry_after: str = ""


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
            if failure.code == REDIRECTED:
                raise Redirected(failure) from failure
            raise
        head, timing = fetched.final.head, fetched.timing
        return PageResponse(
            head.status,
            fetched.body,
            tuple(_in_utf_8(value) for value in head.values("link")),
            host_pause(head, self.clock()),
            (timing.first_byte_ms + timing.body_ms) / 1000,
            ", ".join(head.values("retry-after"))[:MAX_RETRY_AFTER],
        )

    @staticmethod
    def read(response: PageResponse, mask: Mask = NO_MASK) -> Any:
        """The JSON of the page that a response holds, its fractions as `Decimal`; None where it has no content (204).

        `SourceFailure`, permanent or not, if there is none; what it quotes is covered by the `mask`.
        """
        if not 200 <= response.status < 300:
            raise RefusedPage(response.status, mask.quotation(response.body.content))
        if response.status == NO_CONTENT:
            return None
        if response.body.truncated and not response.body.abrupt_end:  # JSON that was truncated does not parse
            raise Malformed(f"The page has more than {MAX_PAGE_BYTES:,} bytes, or was cut", response.links, permanent=True)
        if response.body.content.count(b"{") + response.body.content.count(b"[") > MAX_MEMBERS:
            raise Malformed(f"The page has more than {MAX_MEMBERS:,} objects and lists", response.links, permanent=True)
        try:
            fraction = _reader_of_fractions(response.body.content)
            # Not strict: a line end or a tab as it is in a text is a mistake of many, and harmless.
            return json.loads(response.body.content, parse_int=_whole, parse_float=fraction, strict=False)
        except (ValueError, RecursionError) as error:
            detail = f"The page is not valid JSON: {_why(error)}{_other(response.body.content, mask)}"
            raise Malformed(detail, response.links) from error


def _in_utf_8(value: str) -> str:
    """The value of a header line, whose bytes were read as latin-1, as UTF-8 if it is that: a URL in it may be."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _whole(text: str) -> int | float:
    """A whole number, exactly; one of more digits than Python reads is beyond what a double holds, and infinite."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _reader_of_fractions(content: bytes) -> Callable[[str], Decimal | float]:
    """What reads the fractions of a page; they are counted only where there may be too many, as that takes time."""
    return Fractions() if sum(map(content.count, (b".", b"e", b"E"))) > MAX_FRACTIONS else _fraction


class Fractions:
    """Reads the fractions of a page exactly, up to `MAX_FRACTIONS` of them."""

    def __init__(self) -> None:
        self._left = MAX_FRACTIONS

    def __call__(self, text: str) -> Decimal | float:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"more than {MAX_FRACTIONS:,} fractions")
        return _fraction(text)


def _fraction(text: str) -> Decimal | float:
    """A fraction, exactly; one beyond what a double holds is infinite, or 0."""
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of 19 digits
        return float(text)
    return number if -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT else float(text)


def _other(content: bytes, mask: Mask) -> str:
    """How an answer begins that does not even look like JSON, such as a page for people."""
    begins = mask.quotation(content)
    return f": {begins}" if begins and begins[0] not in '{["' else ""


def _why(error: Exception) -> str:
    """What is wrong with a page, without the words of the parser."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, at character {error.pos + 1:,}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
