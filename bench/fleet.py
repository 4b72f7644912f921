"""A fleet of targets that were collected many times: what each collection of each of them shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from inventory.observations import cookies
from inventory.observations.extraction import of_failure
from inventory.observations.model import Statement
from inventory.records.model import Target

START = datetime(2026, 1, 1, tzinfo=UTC)
COLLECTIONS = 10
EVERY = timedelta(days=1)
BETWEEN = timedelta(milliseconds=50)
"""Two targets of one collection."""
DEPLOYED = 9
"""The collection that finds HSTS removed from one of `DEPLOYED_EVERY` targets that had it: from 41,000 of a million."""
DEPLOYED_EVERY = 11
UNIQUE = frozenset({"url", "final.url", "path", "title", "body.sha256"})
"""Fields that no two targets show the same value of."""

_SERVERS = ("nginx", "nginx/1.24.0", "nginx/1.25.3", "Apache", "Apache/2.4.57 (Debian)", "cloudflare", "Microsoft-IIS/10.0")
_CACHING = ("no-store", "no-cache", "max-age=0", "max-age=60", "public, max-age=3600", "private", "max-age=86400")
_COOKIE = {"domain": "x", "host_only": True, "path": "/", "secure": True, "http_only": True, "accepted": True}
_SHARED = (
    *(
        Statement(field, value)
        for field, value in (
            *(("scheme", "https"), ("reason", "OK"), ("media_type", "text/html"), ("charset", "utf-8"), ("redirects", "0")),
            *(("header.content-type", "text/html; charset=utf-8"), ("header.connection", "keep-alive")),
            *(("header.vary", "Accept-Encoding"), ("tls.version", "TLSv1.3"), ("header.accept-ranges", "bytes")),
            ("header.x-content-type-options", "nosniff"),
        )
    ),
    *cookies.statements_of({"name": "SID", "same_site": "Lax", **_COOKIE}),
    *(
        Statement(f"header.{name}", value, volatile=True)
        for name, value in (
            *(("date", "{date}"), ("etag", '"{hex:32}"'), ("content-length", "{number}"), ("age", "{number}")),
            ("x-request-id", "{uuid}"),
        )
    ),
)


def target(number: int) -> Target:
    """One of twenty targets of a host, one of a hundred of a domain."""
    host = f"h{number // 20}.d{number // 100}.example"
    return Target("webpage", f"https://{host}/page/{number}", host)


def collected_at(number: int, collection: int) -> datetime:
    """When a target was collected."""
    return START + collection * EVERY + number * BETWEEN


def lasting(number: int) -> list[Statement]:
    """What every collection of a target shows."""
    which, dice = target(number), _dice(number)
    host = number // 20
    found = [
        *of_failure(which, None),
        *_SHARED,
        Statement("final.url", which.key),
        Statement("final.host", which.host),
        Statement("ip", f"192.0.{host >> 8 & 255}.{host & 255}"),
        Statement("http_version", "2" if dice & 1 else "1.1"),
        Statement("header.cache-control", _CACHING[dice >> 1 & 7 if dice >> 1 & 7 < 7 else 0]),
        Statement("tls.issuer", f"Issuer {host % 5}"),
        Statement("tls.subject", which.host),
        Statement("tls.name", which.host),
        Statement("script.host", f"cdn{dice >> 4 & 31}.example"),
        Statement("link.host", which.host),
        Statement("image.host", f"img{dice >> 9 & 3}.example"),
        Statement("script.inline", str(dice >> 11 & 7)),
    ]
    if dice >> 14 & 1:
        found.append(Statement("header.x-powered-by", f"PHP/8.{dice >> 15 & 3}"))
    if dice >> 17 & 15 == 0:
        found.append(Statement("header.content-security-policy", f"default-src 'self' cdn{host % 5_000}.example"))
    return found


def passing(number: int, collection: int) -> Sequence[Statement]:
    """What a collection of a target shows, and not every one has shown; the same list while nothing changes."""
    return _passing(
        number,
        body=_changes(number, 10, 1)[collection],
        server=(_dice(number) >> 21) + _changes(number, 100, 2)[collection],
        renewed=_changes(number // 20, 200, 3)[collection],
        is_down=collection > 0 and _dice(number * COLLECTIONS + collection) % 100 == 0,
        has_hsts=number % 20 < 9 and not (collection >= DEPLOYED and number % DEPLOYED_EVERY == 0),
    )


@lru_cache(maxsize=64)
def _passing(number: int, *, body: int, server: int, renewed: int, is_down: bool, has_hsts: bool) -> Sequence[Statement]:
    found = [
        Statement("body.sha256", hashlib.sha256(b"%d %d" % (number, body)).hexdigest()),
        Statement("title", f"Page {number}, edition {body // 3}"),
        Statement("header.server", _SERVERS[server % len(_SERVERS)]),
        Statement("status", "503" if is_down else "200"),
        Statement("tls.sha256", hashlib.sha256(b"%d %d" % (number // 20, renewed)).hexdigest()),
        Statement("tls.not_after", f"2026-{1 + (number // 20) % 12:02}-{1 + renewed:02}T00:00:00Z"),
    ]
    return [*found, Statement("header.strict-transport-security", "max-age=31536000")] if has_hsts else found


def _dice(number: int) -> int:
    """Bits that look random."""
    mixed = (number + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return mixed ^ mixed >> 31


@lru_cache(maxsize=1_000)
def _changes(number: int, every: int, salt: int) -> Sequence[int]:
    """How often something that one of so many collections changes has changed by each of them."""
    changed = (_dice(number * 64 + each + salt * 0x1000003D) % every == 0 for each in range(1, COLLECTIONS))
    return list(accumulate(changed, initial=0))


def latest(number: int) -> tuple[int, float]:
    """The size of the body, and the milliseconds that it took."""
    return _dice(number) % 100_000, _dice(number) % 5_000 / 10


def statements(number: int, collection: int) -> Iterator[Statement]:
    """All that a collection of a target shows, for a settlement."""
    yield from lasting(number)
    yield from passing(number, collection)
    for name, value in zip(("body.size", "elapsed_ms"), latest(number), strict=True):
        yield Statement(name, str(value))
