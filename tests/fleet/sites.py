"""The 300 sites: which there are, and what each of them answers in which week. Only volatile values are left to chance."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

FIRST, SECOND, THIRD = 1, 2, 3
"""The weeks in which the sites are collected: the magazines move after the first, and the incident is after the second."""

EDITIONS = 10
HSTS = "max-age=31536000; includeSubDomains"
TRACKER = "ads.tracker.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site of one page. `number` counts the sites of a family from 1."""

    family: str
    number: int
    host: str
    address: str
    scheme: str = "https"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}/"


def _family(name: str, count: int, domain: str, address: str, scheme: str = "https") -> Sequence[Site]:
    hosts = [f"{name}-{number:03}.{domain}" for number in range(1, count + 1)]
    return [
        Site(family=name, number=number, host=host, address=address, scheme=scheme) for number, host in enumerate(hosts, 1)
    ]


SHOPS = _family("shop", 120, "example.com", "127.0.0.2")
MAGAZINES = _family("magazine", 80, "example.org", "127.0.0.3")
OFFICES = _family("office", 60, "example.net", "127.0.0.4")
DEVICES = _family("device", 40, "lan.example", "127.0.0.5", "http")
SITES = (*SHOPS, *MAGAZINES, *OFFICES, *DEVICES)

CARELESS = SHOPS[::10]
"""Shops whose basket may travel without encryption."""
UNMOVED = MAGAZINES[:4]
"""Magazines that the migration left behind."""
TRACKED = MAGAZINES[20:60]
"""Magazines that load a script of the tracker since the incident."""
RENEWED = OFFICES[:3]
"""Offices that have new certificates since then."""
EXPIRING = OFFICES[:10]
"""Offices whose first certificates end soon."""
OLD = DEVICES[:10]
"""Devices that speak HTTP/1.0."""

SERVERS: Mapping[str, str] = {"shop": "nginx", "magazine": "Caddy", "office": "Microsoft-IIS/10.0", "device": "lighttpd/1.4"}


def answer(site: Site, week: int, now: datetime, *, validator: str | None = None) -> bytes:
    """The response of a site to a request with this validator, and perhaps a cookie."""
    if site.family == "device" and site not in OLD and validator == '"unchanging"':
        return _encoded("HTTP/1.1 304 Not Modified", [("Date", _date(now)), ("ETag", validator)], b"")
    version = "1.0" if site in OLD else "1.1"
    body = page(site, week).encode()
    lines = [*_lines(site, week), *_volatile_lines(site, now), ("Content-Length", str(len(body)))]
    return _encoded(f"HTTP/{version} 200 OK", lines, body)


def page(site: Site, week: int) -> str:
    """The HTML of a site, which changes by deploys alone. Some sites of a family have the same."""
    name = f"{site.family.title()}, edition {site.number % EDITIONS}"
    lines = ["<!doctype html>", "<html lang=en>", f"<title>{name}</title>"]
    if site.scheme == "https":
        lines.append(f"<script src=https://static.{site.host.partition('.')[2]}/app.js></script>")
    if week >= THIRD and site in TRACKED:
        lines.append(f"<script async src=https://{TRACKER}/t.js></script>")
    return "\n".join([*lines, f"<h1>{name}</h1>", ""])


def server(site: Site, week: int) -> str:
    """The value of `Server`."""
    is_moved = week >= SECOND and site not in UNMOVED
    return SERVERS[site.family] if site.family != "magazine" or is_moved else "Apache"


def has_hsts(site: Site, week: int) -> bool:
    """Shops and magazines have it; the shops lose it in the incident."""
    return site.family == "magazine" or (site.family == "shop" and week < THIRD)


def _lines(site: Site, week: int) -> Iterator[tuple[str, str]]:
    yield "Server", server(site, week)
    yield "Content-Type", "text/html; charset=utf-8"
    if has_hsts(site, week):
        yield "Strict-Transport-Security", HSTS


def _volatile_lines(site: Site, now: datetime) -> Iterator[tuple[str, str]]:
    """Lines whose values differ in each response, of every kind that there is."""
    yield "Date", _date(now)
    yield "ETag", '"unchanging"' if site.family == "device" else f'"{secrets.token_hex(16)}"'
    yield "Last-Modified", _date(now - timedelta(seconds=secrets.randbelow(3_600)))
    yield "Expires", _date(now + timedelta(seconds=secrets.randbelow(3_600)))
    yield "Age", str(secrets.randbelow(600))
    yield "X-Request-ID", str(uuid4())
    yield "traceparent", f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    yield "X-Cache", secrets.choice(["HIT", "MISS from edge"])
    yield "Server-Timing", f"app;dur={secrets.randbelow(100)}.{secrets.randbelow(10)}"
    yield "Content-Security-Policy", f"script-src 'self' 'nonce-{secrets.token_urlsafe(16)}'"
    if cookie := _cookie(site):
        until = _date(now + timedelta(days=30, seconds=secrets.randbelow(60)))
        name, attributes = cookie
        yield "Set-Cookie", f"{name}={secrets.token_urlsafe(20)}; Path=/; Expires={until}; {attributes}"


def _cookie(site: Site) -> tuple[str, str] | None:
    """The name of the cookie that a site sets, and its attributes."""
    if site.family == "shop":
        return "basket", "HttpOnly; SameSite=Lax" + ("" if site in CARELESS else "; Secure")
    return ("reader", "Secure") if site.family == "magazine" else None


def _date(instant: datetime) -> str:
    return format_datetime(instant, usegmt=True)


def _encoded(first: str, lines: Sequence[tuple[str, str]], body: bytes) -> bytes:
    head = "\r\n".join([first, *(f"{name}: {value}" for name, value in lines), "Connection: close", "", ""])
    return head.encode("latin-1") + body
