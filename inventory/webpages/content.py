"""The content of a webpage's snapshot: the members `response`, `redirects`, `headers`, `cookies` and `body` of a record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from inventory.clock import rfc3339
from inventory.http_client.body import Body
from inventory.http_client.cookies import MAX_COOKIES, Cookie
from inventory.http_client.decoding import Text
from inventory.http_client.fetched import Fetched, Hop, Validators
from inventory.http_client.head import Fields
from inventory.http_client.tls import TlsDetails
from inventory.records.model import Content
from inventory.webpages.bounds import (
    COOKIE_BYTES,
    HEADER_BYTES,
    MAX_NAMES,
    NAME_BYTES,
    Room,
    clipped,
)

_NOT_UPDATED = frozenset({"content-length", "content-encoding", "content-range", "transfer-encoding", "connection"})
"""Header fields of a 304 that say nothing of the page (RFC 9111, section 3.2)."""


_SENDABLE = re.compile(r"[ -~]{1,1024}")
"""A value that may stand in a request as it is, whatever an upstream sent."""


def content_of(fetched: Fetched, kept: bytes, text: Text) -> dict[str, Any]:
    """The content of a snapshot; `kept` are the bytes of the body that are stored, `text` says how they read."""
    cut: list[str] = []
    lines = Room(HEADER_BYTES, cut)
    headers = lines.fitting(_fields(fetched.final.head.fields), "header lines")
    response = _response(fetched, text.defects, lines, cut)
    content = {
        "response": response,
        "redirects": [_redirect(hop, lines) for hop in fetched.redirects],
        "headers": headers,
        "cookies": _bounded(_cookies(fetched), cut, more=sum(hop.unread_cookies for hop in fetched.hops)),
        "body": _body(fetched.body, kept, text, cut),
    }
    response["defects"] += cut
    return content


def cookies_of(content: Content) -> list[Mapping[str, Any]]:
    """The cookies of a stored content, each with the URL of the hop that set it.

    What is stored is the number of the hop, because a long URL in each of many cookies was most of a snapshot; old snapshots
    have the URL.
    """
    if not content["cookies"]:
        return []
    hops = [*(hop["url"] for hop in content["redirects"]), content["response"]["final_url"]]
    return [_with_url(cookie, hops) for cookie in content["cookies"]]


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
    cut: list[str] = []
    lines = Room(HEADER_BYTES, cut)
    sent = fetched.final.head.fields
    headers = lines.fitting(_updated(previous["headers"], sent), "header lines, with those of before,")
    response = _response(fetched, (), lines, cut)
    response["revalidation"] = {
        "status": response["status"],
        "reason": response["reason"],
        "headers": lines.fitting(_fields(sent), "header lines of the 304"),
    }
    response |= {"status": previous["response"]["status"], "reason": previous["response"]["reason"], "not_modified": True}
    cookies = _cookies(fetched)
    if not fetched.final.cookies:
        cookies += _carried(previous, fetched)
    content = {
        "response": response,
        "redirects": [_redirect(hop, lines) for hop in fetched.redirects],
        "headers": headers,
        "cookies": _bounded(cookies, cut, more=sum(hop.unread_cookies for hop in fetched.hops)),
        "body": previous["body"],
    }
    response["defects"] += cut
    return content


def _carried(previous: Content, fetched: Fetched) -> list[dict[str, Any]]:
    """The cookies that the page itself set before; not those of redirects, which were asked again and set them again."""
    by_the_page = (len(previous["redirects"]), previous["response"]["final_url"])
    number = len(fetched.redirects)
    return [{**cookie, "set_by": number} for cookie in previous["cookies"] if cookie["set_by"] in by_the_page]


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


def _response(fetched: Fetched, text_defects: tuple[str, ...], lines: Room, cut: list[str]) -> dict[str, Any]:
    final, timing = fetched.final, fetched.timing
    return {
        "status": final.head.status,
        "reason": clipped(final.head.reason, "reason phrase", cut),
        "http_version": final.head.http_version,
        "final_url": final.url.href,
        "remote_address": final.remote_address,
        "elapsed_ms": timing.elapsed_ms,
        "dns_ms": timing.dns_ms,
        "connect_ms": timing.connect_ms,
        "tls_ms": timing.tls_ms,
        "first_byte_ms": timing.first_byte_ms,
        "body_ms": timing.body_ms,
        "tls": None if final.tls is None else _tls(final.tls, cut),
        "trailers": lines.fitting(_fields(fetched.trailers), "trailers"),
        "not_modified": False,
        "revalidation": None,
        "defects": [*final.head.defects, *fetched.body.defects, *text_defects],
    }


def _tls(tls: TlsDetails, cut: list[str]) -> dict[str, Any]:
    names = Room(NAME_BYTES, cut).fitting(
        list(tls.names[:MAX_NAMES]), "names of the certificate", more=len(tls.names[MAX_NAMES:])
    )
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "subject": clipped(tls.subject, "subject of the certificate", cut),
        "issuer": clipped(tls.issuer, "issuer of the certificate", cut),
        "names": names,
        "not_before": rfc3339(tls.not_before),
        "not_after": rfc3339(tls.not_after),
    }


def _redirect(hop: Hop, lines: Room) -> dict[str, Any]:
    return {
        "url": hop.url.href,
        "status": hop.head.status,
        "headers": lines.fitting(_fields(hop.head.fields), "header lines of a redirect"),
        "defects": list(hop.head.defects),
    }


def _fields(fields: Fields) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _cookies(fetched: Fetched) -> list[dict[str, Any]]:
    return [_cookie(cookie, number) for number, hop in enumerate(fetched.hops) for cookie in hop.cookies]


def _bounded(cookies: list[dict[str, Any]], cut: list[str], *, more: int) -> list[dict[str, Any]]:
    more += max(0, len(cookies) - MAX_COOKIES)
    return Room(COOKIE_BYTES, cut).fitting(cookies[:MAX_COOKIES], "cookies", more=more)


def _with_url(cookie: Mapping[str, Any], hops: list[str]) -> Mapping[str, Any]:
    set_by = cookie["set_by"]
    return cookie if isinstance(set_by, str) else {**cookie, "set_by": hops[set_by]}


def _cookie(cookie: Cookie, number: int) -> dict[str, Any]:
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
        "set_by": number,
        "accepted": cookie.accepted,
        "reason": cookie.reason,
    }


def _body(received: Body, kept: bytes, text: Text, cut: list[str]) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(kept).hexdigest(),
        "size": len(kept),
        "media_type": None if text.media_type is None else clipped(text.media_type, "media type", cut),
        "charset": text.charset,
        "encoding": "base64" if text.charset is None else "text",
        "truncated": received.truncated,
        "undecoded": received.undecoded,
    }
