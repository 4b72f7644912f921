"""A store with many records in it, put there through its port, as workers would have."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any

from inventory.clock import utc_now
from inventory.observations.extraction import of_snapshot
from inventory.records.model import Record, Snapshot, Stored, Target
from inventory.store import Store
from inventory.webpages.cookies import as_answered
from tests.end_to_end.stack import API

HOST = "pages.example"
LOOKUP = f"{API}?url=https%3A%2F%2F{HOST}%2Fpage%2F"
"""The path of a lookup, but for the number of the page."""
BATCH = 10
"""Small enough for a slow server: a call of the MongoDB store ends within 4 s."""
LEASE = timedelta(hours=1)
HEADERS = [{"name": f"X-Header-{n}", "value": f"value of header {n}, of a usual length"} for n in range(12)]
COOKIE = {
    "domain": HOST, "host_only": True, "path": "/", "expires": None, "max_age": 3600, "secure": True, "http_only": True,
    "same_site": "Lax", "partitioned": False, "set_by": f"https://{HOST}/", "accepted": True, "reason": None,
}  # fmt: skip


def url(number: int) -> str:
    """The URL of a numbered page."""
    return f"https://{HOST}/page/{number}"


def body(number: int, size: int, *, varied: bool = False) -> bytes:
    """The page source: `size` bytes of HTML, its own for every number, with what JSON has to escape where pages have it.

    A `varied` one is compressed as pages usually are, to a third or a fourth. Any other repeats a line, and is compressed to
    almost nothing.
    """
    text = _prose(number, size) if varied else FILLER
    source = f"<!doctype html>\n<title>Page {number}</title>\n{text}".encode()[:size]
    return source.decode(errors="ignore").encode().ljust(size)  # a character that was cut is padded


def _prose(number: int, size: int) -> str:
    """Paragraphs of words that are as frequent as words of a language, with links of their own."""
    rng = random.Random(number)
    words = rng.choices(WORDS, cum_weights=FREQUENCIES, k=size // 6 + 20)
    lines = (words[at : at + 20] for at in range(0, len(words), 20))
    return "".join(
        f'<p class="text">{" ".join(line)} <a href="/größer/{line[0]}-{rng.randrange(10_000)}">more</a></p>\n'
        for line in lines
    )


LETTERS = random.Random(1)
WORDS = ["".join(LETTERS.choices("etaoinshrdlcumwfgypbvk", k=LETTERS.randint(2, 11))) for _ in range(5_000)]
FREQUENCIES = list(accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))
FILLER = '<p class="text">Lorem ipsum dolor sit amet, <a href="/größer">consectetur</a> adipiscing elit.</p>\n' * 1000


def content(number: int, source: bytes) -> dict[str, Any]:
    """What a collection of the page would have seen: 15 header lines, three of them cookies."""
    cookies = [{"name": f"cookie{n}", "value": f"{number:032x}"} | COOKIE for n in range(3)]
    lines = [{"name": "Set-Cookie", "value": f"{each['name']}={each['value']}; Secure; HttpOnly"} for each in cookies]
    seen: dict[str, Any] = {
        "response": {
            "status": 200, "reason": "OK", "http_version": "1.1", "final_url": url(number), "remote_address": "192.0.2.1",
            "elapsed_ms": 123.4, "dns_ms": 1.2, "connect_ms": 10.1, "tls_ms": 20.2, "first_byte_ms": 80.3, "body_ms": 9.4,
            "tls": None, "trailers": [], "interim": [], "not_modified": False, "revalidation": None, "defects": [],
        },
        "redirects": [],
        "headers": HEADERS + lines,
        "cookies": cookies,
        "body": {
            "sha256": hashlib.sha256(source).hexdigest(), "size": len(source), "media_type": "text/html",
            "charset": "utf-8", "encoding": "text", "truncated": False, "undecoded": None,
        },
    }  # fmt: skip
    return as_answered(seen)


def fill(
    store: Store, first: int, count: int, *, size: int, indexed: bool = True, varied: bool = False, batch: int = BATCH
) -> None:
    """Accept, claim and settle pages `first` to `first + count - 1` with `size` bytes of page source each (see `body`).

    Unless `indexed` nothing is observed of them. `batch` is how many are written at once.
    """
    for start in range(first, first + count, batch):
        numbers = range(start, min(start + batch, first + count))
        accept(store, numbers)
        claims = store.records.claim_due(now=utc_now(), lease_for=LEASE, limit=len(numbers))
        if not all(
            store.records.settle(
                [_stored(claim, body(_number(claim), size, varied=varied), indexed=indexed) for claim in claims]
            )
        ):
            raise RuntimeError("somebody else is working on this store")


def accept(store: Store, numbers: Sequence[int]) -> None:
    """Accept these pages."""
    store.records.accept_each([(Target("webpage", url(number), HOST), None) for number in numbers], now=utc_now())


def _number(claim: Record) -> int:
    return int(claim.target.key.rpartition("/")[2])


def _stored(claim: Record, source: bytes, *, indexed: bool) -> Stored:
    assert claim.lease is not None
    seen = content(_number(claim), source)
    statements = of_snapshot(claim.target, seen) if indexed else None
    return Stored(claim, Snapshot(claim.lease, claim.id, utc_now(), seen, seen["body"]["sha256"]), source, statements)
