"""The source `webpage`: what a URL serves, as headers, cookies and page source."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from inventory.clock import Clock, rfc3339, utc_now
from inventory.errors import ForbiddenAddress
from inventory.records.model import Content, Target
from inventory.sources import Collected
from inventory.upstream import decoding, urls
from inventory.upstream.body import Body
from inventory.upstream.cookies import Cookie
from inventory.upstream.decoding import Text
from inventory.upstream.fetched import Fetched, Hop
from inventory.upstream.fetcher import Fetcher
from inventory.upstream.guard import Guard
from inventory.upstream.response import Fields
from inventory.upstream.tls import TlsDetails

COME_BACK_IN = 5.0
LONGEST_PAUSE = 3_600.0
"""Seconds: the pause after a 429 or 503 that names none, and the longest that is kept to."""


@dataclass(frozen=True, slots=True)
class Webpage:
    """Collects web pages with a fetcher; `guard` is the fetcher's, asked early where the URL already names an address."""

    fetcher: Fetcher
    guard: Guard
    clock: Clock = utc_now
    name: str = "webpage"

    def target(self, text: str) -> Target:
        """The target of a URL; `InvalidUrl` or one of its kinds when there can be none. No I/O."""
        url = urls.parse(text)
        address = url.address
        if address is not None and (reason := self.guard.verdict(address)):
            raise ForbiddenAddress(f"{url.host} is not a public address ({reason}); it may not be fetched")
        return Target(self.name, url.href, url.host)

    def collect(self, key: str) -> Collected:
        """Fetch the URL; any HTTP answer is a snapshot. `SourceFailure` when there was none."""
        fetched = self.fetcher.fetch(urls.parse(key))
        body, text = _read(fetched)
        content = {
            "response": _response(fetched, text),
            "redirects": [_redirect(hop) for hop in fetched.redirects],
            "headers": _fields(fetched.final.head.fields),
            "cookies": [_cookie(cookie) for cookie in fetched.cookies],
            "body": _body(fetched.body, body, text),
        }
        return Collected(content, body, _come_back_in(fetched.final, self.clock()))


def page_source(body: bytes, content: Content) -> str:
    """The text of a stored body as its snapshot says to read it, or base64 where it is no text."""
    described = content["body"]
    if described["encoding"] == "base64":
        return base64.b64encode(body).decode("ascii")
    return decoding.decode(body, described["charset"])


def _read(fetched: Fetched) -> tuple[bytes, Text]:
    """The bytes to keep, and how they read: a cut never splits a character."""
    body = fetched.body.content
    types = fetched.final.head.values("content-type")
    content_type = types[-1] if types else None
    if fetched.body.undecoded is not None:
        return body, Text(decoding.media_type(content_type), None)
    text = decoding.examine(body, content_type, cut=fetched.body.truncated)
    if fetched.body.truncated and text.charset is not None:
        body = decoding.whole_characters(body, text.charset)
    return body, text


def _response(fetched: Fetched, text: Text) -> dict[str, Any]:
    final, timing = fetched.final, fetched.timing
    return {
        "status": final.head.status,
        "reason": final.head.reason,
        "http_version": final.head.http_version,
        "final_url": final.url.href,
        "remote_address": final.remote_address,
        "elapsed_ms": timing.elapsed_ms,
        "dns_ms": timing.dns_ms,
        "connect_ms": timing.connect_ms,
        "tls_ms": timing.tls_ms,
        "first_byte_ms": timing.first_byte_ms,
        "body_ms": timing.body_ms,
        "tls": None if final.tls is None else _tls(final.tls),
        "not_modified": False,
        "defects": [*final.head.defects, *fetched.body.defects, *text.defects],
    }


def _tls(tls: TlsDetails) -> dict[str, Any]:
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "subject": tls.subject,
        "issuer": tls.issuer,
        "names": list(tls.names),
        "not_before": rfc3339(tls.not_before),
        "not_after": rfc3339(tls.not_after),
    }


def _redirect(hop: Hop) -> dict[str, Any]:
    return {
        "url": hop.url.href,
        "status": hop.head.status,
        "headers": _fields(hop.head.fields),
        "defects": list(hop.head.defects),
    }


def _fields(fields: Fields) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _cookie(cookie: Cookie) -> dict[str, Any]:
    return {
        "name": cookie.name,
        "value": cookie.value,
        "domain": cookie.domain,
        "host_only": cookie.host_only,
        "path": cookie.path,
        "expires": None if cookie.expires is None else rfc3339(cookie.expires),
        "max_age": cookie.max_age,
        "secure": cookie.secure,
        "http_only": cookie.http_only,
        "same_site": cookie.same_site,
        "partitioned": cookie.partitioned,
        "set_by": cookie.set_by,
        "accepted": cookie.accepted,
        "reason": cookie.reason,
    }


def _body(received: Body, kept: bytes, text: Text) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(kept).hexdigest(),
        "size": len(kept),
        "media_type": text.media_type,
        "charset": text.charset,
        "encoding": "base64" if text.charset is None else "text",
        "truncated": received.truncated,
        "undecoded": received.undecoded,
    }


def _come_back_in(final: Hop, now: datetime) -> float | None:
    """The pause that a 429 or 503 asks for: `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3)."""
    if final.head.status not in {429, 503}:
        return None
    asked = COME_BACK_IN
    for value in final.head.values("retry-after")[:1]:
        asked = float(value[:10]) if value.isascii() and value.isdigit() else _seconds_until(value, now)
    return min(max(asked, 0.0), LONGEST_PAUSE)


def _seconds_until(text: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return COME_BACK_IN
