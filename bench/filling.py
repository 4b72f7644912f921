"""A store with many records in it, put there through its port, as workers would have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from inventory.clock import utc_now
from inventory.observations.extraction import of_snapshot
from inventory.observations.observing import of_extraction
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


def body(number: int, size: int) -> bytes:
    """The page source: `size` bytes of HTML, its own for every number, with what JSON has to escape where pages have it."""
    source = f"<!doctype html>\n<title>Page {number}</title>\n{FILLER}".encode()[:size]
    return source.decode(errors="ignore").encode().ljust(size)  # a character that was cut is padded


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


def fill(store: Store, first: int, count: int, *, size: int, indexed: bool = True) -> None:
    """Accept, claim and settle pages `first` to `first + count - 1` with `size` bytes of page source each.

    Unless `indexed` nothing is observed of them.
    """
    for start in range(first, first + count, BATCH):
        numbers = range(start, min(start + BATCH, first + count))
        accept(store, numbers)
        claims = store.records.claim_due(now=utc_now(), lease_for=LEASE, limit=len(numbers))
        if not all(store.records.settle([_stored(claim, size, indexed=indexed) for claim in claims])):
            raise RuntimeError("somebody else is working on this store")


def accept(store: Store, numbers: Sequence[int]) -> None:
    """Accept these pages, one by one."""
    for number in numbers:
        store.records.accept(Target("webpage", url(number), HOST), now=utc_now(), seen=None)


def _stored(claim: Record, size: int, *, indexed: bool) -> Stored:
    assert claim.lease is not None
    number = int(claim.target.key.rpartition("/")[2])
    source = body(number, size)
    seen = content(number, source)
    statements = of_extraction(of_snapshot(claim.target, seen)) if indexed else None
    return Stored(claim, Snapshot(claim.lease, claim.id, utc_now(), seen, seen["body"]["sha256"]), source, statements)
