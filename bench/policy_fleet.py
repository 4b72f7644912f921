"""A fleet to be judged by policies: pages of some hundred sites, whose headers repeat within a site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bench.filling import COOKIE, LEASE
from inventory import json_bytes
from inventory.clock import utc_now
from inventory.observations.extraction import of_snapshot
from inventory.records.model import Record, Snapshot, Stored, Target
from inventory.store import Store
from inventory.webpages.cookies import as_answered

SITES = 500
NONCE_EVERY = 20
"""One page of so many has a nonce in its policy, which no other page has."""
REDIRECT_EVERY = 3
BATCH = 2_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SERVERS = ("nginx", "nginx/1.25.3", "Apache", "Apache/2.4.57 (Debian)", "cloudflare", "Microsoft-IIS/10.0")
_CSP = ("default-src 'self'", "default-src 'self'; object-src 'none'; frame-ancestors 'self'", "upgrade-insecure-requests")


def url(number: int) -> str:
    """The URL of a numbered page."""
    return f"https://www.s{number % SITES}.example/page/{number}"


def content(number: int) -> Mapping[str, Any]:
    """What a collection of a page would have seen: some 15 header lines, two cookies, and a redirect of some pages."""
    site, final = number % SITES, url(number)
    lines = [*_varying(number), *_of_site(site)]
    cookies = [COOKIE | {"name": f"c{n}_{site}", "value": f"{number:032x}", "set_by": final} for n in range(2)]
    lines += [("Set-Cookie", f"{each['name']}={each['value']}; Secure; HttpOnly") for each in cookies]
    response = {
        "status": 200, "reason": "OK", "http_version": "1.1", "final_url": final, "remote_address": "192.0.2.1",
        "elapsed_ms": 100 + number % 997 / 10, "dns_ms": 1.2, "connect_ms": 10.1, "tls_ms": 20.2, "first_byte_ms": 80.3,
        "body_ms": 9.4, "tls": _certificate(site), "trailers": [], "interim": [], "not_modified": False,
        "revalidation": None, "defects": [],
    }  # fmt: skip
    body = {
        "sha256": f"{number:064x}", "size": 20_000 + number % 1_000, "media_type": "text/html", "charset": "utf-8",
        "encoding": "text", "truncated": False, "undecoded": None,
    }  # fmt: skip
    hop = {"url": _before(number), "status": 301, "headers": _members([("Location", final), ("Server", "nginx")])}
    seen = {
        "response": response,
        "redirects": [hop | {"defects": []}] if number % REDIRECT_EVERY == 0 else [],
        "headers": _members(lines),
        "cookies": cookies,
        "body": body,
        "page": {"title": f"Page {number}", "generators": [], "hosts": {"script": [f"cdn{site % 40}.example"]},
                 "inline_scripts": site % 5, "defects": []},
    }  # fmt: skip
    return as_answered(seen)


def exported(number: int) -> bytes:
    """The document of a page's snapshot, as a line of JSON."""
    seen = dict(content(number))
    del seen["ready"]
    return json_bytes.dumps({"id": f"{number:032x}", "url": target(number).key, **seen}) + b"\n"


def fill(store: Store, count: int) -> None:
    """Collect pages 0 to `count - 1`, as workers would; without page sources, which no policy asks for."""
    numbers = iter(range(count))
    while some := list(islice(numbers, BATCH)):
        store.records.accept_each([(target(number), None) for number in some], now=utc_now())
        claims = store.records.claim_due(now=utc_now(), lease_for=LEASE, limit=len(some))
        if not all(store.records.settle([_stored(claim) for claim in claims])):
            raise RuntimeError("somebody else is working on this store")


def target(number: int) -> Target:
    """A page as it is asked for: one that redirects is an http URL."""
    return Target(
        "webpage", _before(number) if number % REDIRECT_EVERY == 0 else url(number), f"www.s{number % SITES}.example"
    )


def _before(number: int) -> str:
    return url(number).replace("https:", "http:", 1)


def _stored(claim: Record) -> Stored:
    assert claim.lease is not None
    seen = content(int(claim.target.key.rpartition("/")[2]))
    return Stored(claim, Snapshot(claim.lease, claim.id, utc_now(), seen, None), None, of_snapshot(claim.target, seen))


def _varying(number: int) -> Iterator[tuple[str, str]]:
    yield "Date", f"{_NOW + timedelta(seconds=number):%a, %d %b %Y %H:%M:%S} GMT"
    yield "ETag", f'"{number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFF:012x}"'
    yield "Content-Length", str(20_000 + number % 1_000)
    if number % NONCE_EVERY == 0:
        yield "Content-Security-Policy", f"script-src 'nonce-{number:024x}' 'strict-dynamic'; object-src 'none'"


def _of_site(site: int) -> Iterator[tuple[str, str]]:
    yield from (("Content-Type", "text/html; charset=utf-8"), ("Connection", "keep-alive"), ("Vary", "Accept-Encoding"))
    yield "Server", _SERVERS[site % len(_SERVERS)]
    yield "Cache-Control", f"max-age={site % 7 * 60}"
    yield "Accept-Ranges", "bytes"
    if site % 2:
        yield "Strict-Transport-Security", f"max-age={31_536_000 >> site % 3}"
    if site % 3:
        yield "X-Content-Type-Options", "nosniff"
    if site % 4 == 0:
        yield "Content-Security-Policy", f"{_CSP[site % 3]}; img-src cdn{site % 40}.example"
    if site % 5 < 3:
        yield "Referrer-Policy", "strict-origin-when-cross-origin" if site % 5 else "unsafe-url"
    if site % 7 == 0:
        yield "X-Powered-By", f"PHP/8.{site % 4}"
    yield "X-Frame-Options", "SAMEORIGIN"


def _certificate(site: int) -> Mapping[str, object]:
    return {
        "version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "issuer": f"Issuer {site % 5}",
        "subject": f"www.s{site}.example", "names": [f"www.s{site}.example"], "sha256": f"{site:064x}",
        "not_before": "2025-12-01T00:00:00.000Z", "not_after": f"2027-{site % 12 + 1:02}-{site % 28 + 1:02}T00:00:00.000Z",
    }  # fmt: skip


def _members(lines: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in lines]
