"""The content of a webpage's snapshot: the members `response`, `redirects`, `headers`, `cookies` and `body` of a record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from inventory.clock import rfc3339
from inventory.http_client.body import Body
from inventory.http_client.decoding import Text
from inventory.http_client.fetched import Fetched, Hop, Validators
from inventory.http_client.head import Fields, Head
from inventory.http_client.tls import TlsDetails
from inventory.records.model import Content
from inventory.urls import MAX_CHARACTERS
from inventory.webpages import refreshes
from inventory.webpages.bounds import FAILURE_BYTES, HEADER_BYTES, MAX_NAMES, NAME_BYTES, REFRESH_BYTES, SizeBudget, clipped
from inventory.webpages.cookies import carried, cookies_in, kept_cookies

_NOT_UPDATED = frozenset(
    {"content-length", "content-encoding", "content-range", "content-type", "transfer-encoding", "trailer", "te", "upgrade"}
    | {"connection", "keep-alive", "proxy-connection", "proxy-authenticate"}
)
"""Header fields of a 304 that are about itself, or by which the body was read already (RFC 9111, sections 3.1 and 3.2)."""

_SENDABLE = re.compile(r"[ -~]{1,1024}")
"""A value that may be sent back in a request."""


def content_of(fetched: Fetched, kept: bytes, text: Text) -> dict[str, Any]:
    """The content of a snapshot; `kept` are the bytes of the body that are stored, `text` says how to decode them."""
    defects: list[str] = []
    lines = SizeBudget(HEADER_BYTES, defects)
    headers = lines.fitting(_fields(fetched.final.head.fields), "header lines")
    response = _response(fetched, text.defects, lines, defects)
    for hop in fetched.hops:
        if hop.refusal is not None:  # there is one at most: no later request has conditions
            response["revalidation"] = _revalidation(hop.refusal, lines, defects)
    page = fetched.final.url.href
    asked_for = refreshes.of_headers(fetched.final.head.values("refresh"), page) + refreshes.of_page(kept, text, page)
    response["refresh"] = _refresh(asked_for, defects)
    content = {
        "response": response,
        "redirects": [_redirect(hop, lines) for hop in fetched.redirects],
        "headers": headers,
        "cookies": kept_cookies(cookies_in(fetched), fetched, defects),
        "body": _body(fetched.body, kept, text, defects),
    }
    response["defects"] += defects
    return content


def redirects_of(hops: Sequence[Hop]) -> list[dict[str, Any]]:
    """The redirects that a failure keeps: less of each than a snapshot keeps, because each claim reads them."""
    defects: list[str] = []
    lines = SizeBudget(FAILURE_BYTES, defects)
    found = [{**_redirect(hop, lines), "url": hop.url.href[:MAX_CHARACTERS]} for hop in hops]
    if found:
        found[-1]["defects"] += defects
    return found


def validators_of(previous: Content | None) -> Validators | None:
    """The validators of a page that was stored whole; None if the upstream sent none."""
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
    defects: list[str] = []
    lines = SizeBudget(HEADER_BYTES, defects)
    sent = fetched.final.head.fields
    headers = lines.fitting(_updated(previous["headers"], sent), "header lines, with earlier ones,")
    response = _response(fetched, (), lines, defects)
    response["revalidation"] = _revalidation(fetched.final.head, lines, defects)
    if "refresh" in previous["response"]:  # an old version did not look into the page, which is not at hand here
        header = (field["value"] for field in headers if field["name"].lower() == "refresh")
        meta = [one for one in previous["response"]["refresh"] if one["source"] == "meta"]
        response["refresh"] = _refresh(refreshes.of_headers(header, fetched.final.url.href) + meta, defects)
    response |= {"status": previous["response"]["status"], "reason": previous["response"]["reason"], "not_modified": True}
    cookies = cookies_in(fetched)
    if not fetched.final.head.values("set-cookie"):
        cookies += carried(previous, fetched)
    content = {
        "response": response,
        "redirects": [_redirect(hop, lines) for hop in fetched.redirects],
        "headers": headers,
        "cookies": kept_cookies(cookies, fetched, defects),
        "body": previous["body"],
    }
    response["defects"] += defects
    return content


def _refresh(asked_for: list[dict[str, Any]], defects: list[str]) -> list[dict[str, Any]]:
    kept, more = asked_for[: refreshes.MAX_REFRESHES], len(asked_for[refreshes.MAX_REFRESHES :])
    return SizeBudget(REFRESH_BYTES, defects).fitting(kept, "refreshes", more=more)


def _updated(stored: list[dict[str, str]], sent: Fields) -> list[dict[str, str]]:
    """Stored header lines: those that a 304 repeats are replaced where they are, its others are added at the end."""
    new: dict[str, list[dict[str, str]]] = {}
    for name, value in sent:
        if name.lower() not in _NOT_UPDATED:
            new.setdefault(name.lower(), []).append({"name": name, "value": value})
    replaced = set(new)
    updated: list[dict[str, str]] = []
    for field in stored:
        name = field["name"].lower()
        updated += new.pop(name, []) if name in replaced else [field]
    return updated + [field for fields in new.values() for field in fields]


def _response(fetched: Fetched, text_defects: tuple[str, ...], lines: SizeBudget, defects: list[str]) -> dict[str, Any]:
    final, timing = fetched.final, fetched.timing
    told = lines.fitting([*final.head.defects, *fetched.body.defects], "defects of the response")
    return {
        "status": final.head.status,
        "reason": clipped(final.head.reason, "reason phrase", defects),
        "http_version": final.head.http_version,
        "final_url": final.url.href,
        "remote_address": final.remote_address,
        "elapsed_ms": timing.elapsed_ms,
        "dns_ms": timing.dns_ms,
        "connect_ms": timing.connect_ms,
        "tls_ms": timing.tls_ms,
        "first_byte_ms": timing.first_byte_ms,
        "body_ms": timing.body_ms,
        "tls": None if final.tls is None else _tls(final.tls, defects),
        "trailers": lines.fitting(_fields(fetched.trailers), "trailers"),
        "interim": _interim(final.head, lines, defects),
        "not_modified": False,
        "revalidation": None,
        "defects": [*told, *text_defects],
    }


def _revalidation(head: Head, lines: SizeBudget, defects: list[str]) -> dict[str, Any]:
    """The answer to a request with conditions."""
    return {
        "status": head.status,
        "reason": clipped(head.reason, "reason phrase of the conditional answer", defects),
        "headers": lines.fitting(_fields(head.fields), "header lines of the conditional answer"),
    }


def _tls(tls: TlsDetails, defects: list[str]) -> dict[str, Any]:
    defects += tls.defects
    names = SizeBudget(NAME_BYTES, defects).fitting(
        list(tls.names[:MAX_NAMES]), "names of the certificate", more=len(tls.names[MAX_NAMES:])
    )
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "subject": clipped(tls.subject, "subject of the certificate", defects),
        "issuer": clipped(tls.issuer, "issuer of the certificate", defects),
        "names": names,
        "sha256": tls.sha256,
        "not_before": None if tls.not_before is None else rfc3339(tls.not_before),
        "not_after": None if tls.not_after is None else rfc3339(tls.not_after),
    }


def _redirect(hop: Hop, lines: SizeBudget) -> dict[str, Any]:
    defects: list[str] = []
    return {
        "url": hop.url.href,
        "status": hop.head.status,
        "reason": clipped(hop.head.reason, "reason phrase of a redirect", defects),
        "headers": lines.fitting(_fields(hop.head.fields), "header lines of a redirect"),
        "interim": _interim(hop.head, lines, defects),
        "defects": [*lines.fitting(list(hop.head.defects), "defects of a redirect"), *defects],
    }


def _interim(head: Head, lines: SizeBudget, defects: list[str]) -> list[dict[str, Any]]:
    """The interim responses before a head. What was wrong with them is among the defects of the response."""
    for number, each in enumerate(head.interim, 1):
        told = lines.fitting(list(each.defects), "defects of an interim response")
        defects += [f"interim response {number}: {defect}" for defect in told]
    kept = [
        {
            "status": each.status,
            "reason": clipped(each.reason, "reason phrase of an interim response", defects),
            "headers": lines.fitting(_fields(each.fields), "header lines of an interim response"),
        }
        for each in head.interim
    ]
    if head.more_interim:
        received = len(kept) + head.more_interim
        defects.append(f"{received:,} interim responses were received; the first {len(kept):,} are kept")
    return kept


def _fields(fields: Fields) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _body(received: Body, kept: bytes, text: Text, defects: list[str]) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(kept).hexdigest(),
        "size": len(kept),
        "media_type": None if text.media_type is None else clipped(text.media_type, "media type", defects),
        "charset": text.charset,
        "encoding": "base64" if text.charset is None else "text",
        "truncated": received.truncated,
        "undecoded": received.undecoded,
    }
