"""The content of a webpage's snapshot: the members `response`, `redirects`, `headers`, `cookies` and `body` of a record."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from inventory.clock import rfc3339
from inventory.records.model import Content
from inventory.upstream.body import Body
from inventory.upstream.cookies import Cookie
from inventory.upstream.decoding import Text
from inventory.upstream.fetched import Fetched, Hop, Validators
from inventory.upstream.head import Fields
from inventory.upstream.tls import TlsDetails

_NOT_UPDATED = frozenset({"content-length", "content-encoding", "content-range", "transfer-encoding", "connection"})
"""Header fields of a 304 that say nothing of the page (RFC 9111, section 3.2)."""


_SENDABLE = re.compile(r"[ -~]{1,1024}")
"""A value that may stand in a request as it is, whatever an upstream sent."""


def content_of(fetched: Fetched, kept: bytes, text: Text) -> dict[str, Any]:
    """The content of a snapshot; `kept` are the bytes of the body that are stored, `text` says how they read."""
    return {
        "response": _response(fetched, text.defects),
        "redirects": [_redirect(hop) for hop in fetched.redirects],
        "headers": _fields(fetched.final.head.fields),
        "cookies": [_cookie(cookie) for cookie in fetched.cookies],
        "body": _body(fetched.body, kept, text),
    }


def validators_of(previous: Content | None) -> Validators | None:
    """What the upstream can be asked about a page that was stored whole; None when it gave nothing to ask with."""
    if previous is None or previous["response"]["status"] != 200:
        return None
    if previous["body"]["truncated"] or previous["body"]["undecoded"] is not None:
        return None
    named = {field["name"].lower(): field["value"] for field in previous["headers"] if _SENDABLE.fullmatch(field["value"])}
    validators = Validators(previous["response"]["final_url"], named.get("etag"), named.get("last-modified"))
    return validators if validators.etag or validators.last_modified else None


def revalidated(previous: Content, fetched: Fetched) -> dict[str, Any]:
    """The content of a snapshot whose page has not changed since `previous`: its headers as the 304 updates them.

    `response` keeps the status of the page and is otherwise of this collection; `revalidation` is the 304 as it was sent.
    """
    response = _response(fetched, ())
    response["revalidation"] = {
        "status": response["status"],
        "reason": response["reason"],
        "headers": _fields(fetched.final.head.fields),
    }
    response |= {"status": previous["response"]["status"], "reason": previous["response"]["reason"], "not_modified": True}
    cookies = [_cookie(cookie) for cookie in fetched.cookies]
    if not fetched.final.cookies:
        cookies += [cookie for cookie in previous["cookies"] if cookie["set_by"] == fetched.final.url.href]
    return {
        "response": response,
        "redirects": [_redirect(hop) for hop in fetched.redirects],
        "headers": _updated(previous["headers"], fetched.final.head.fields),
        "cookies": cookies,
        "body": previous["body"],
    }


def _updated(stored: list[dict[str, str]], sent: Fields) -> list[dict[str, str]]:
    """Stored header lines; those that a 304 repeats are replaced in their place, its further ones stand at the end."""
    news: dict[str, list[dict[str, str]]] = {}
    for name, value in sent:
        if name.lower() not in _NOT_UPDATED:
            news.setdefault(name.lower(), []).append({"name": name, "value": value})
    replaced = set(news)
    updated: list[dict[str, str]] = []
    for field in stored:
        name = field["name"].lower()
        updated += news.pop(name, []) if name in replaced else [field]
    return updated + [field for fields in news.values() for field in fields]


def _response(fetched: Fetched, text_defects: tuple[str, ...]) -> dict[str, Any]:
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
        "trailers": _fields(fetched.trailers),
        "not_modified": False,
        "revalidation": None,
        "defects": [*final.head.defects, *fetched.body.defects, *text_defects],
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
