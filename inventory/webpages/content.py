"""The content of a webpage's snapshot: `response`, `redirects`, `headers`, `cookies`, `body` and `page` of a record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from threading import Lock
from typing import Any

from inventory.html_pages import page as pages
from inventory.http_client.body import Body
from inventory.http_client.decoding import Text
from inventory.http_client.fetched import Fetched, Hop, Validators
from inventory.http_client.head import Fields
from inventory.records.model import Attachment, Content
from inventory.size_budget import SizeBudget
from inventory.urls import MAX_CHARACTERS
from inventory.webpages import refreshes
from inventory.webpages.bounds import FAILURE_BYTES, HEADER_BYTES, REFRESH_BYTES, clipped
from inventory.webpages.cookies import as_answered, carried, cookies_in, kept_cookies
from inventory.webpages.hops import HopWriter, fields_of

_NOT_UPDATED = frozenset(
    {"content-length", "content-encoding", "content-range", "content-type", "transfer-encoding", "trailer", "te", "upgrade"}
    | {"connection", "keep-alive", "proxy-connection", "proxy-authenticate"}
)
"""Header fields of a 304 that are about itself, or by which the body was read already (RFC 9111, sections 3.1 and 3.2)."""

_reading_page = Lock()
"""A page of 4 MB may take 60 MB while it is read, so a process reads one at a time. It has one core for that anyway."""

_SENDABLE = re.compile(r"[ -~]{1,1024}")
"""A value that may be sent back in a request."""


def content_of(fetched: Fetched, kept: bytes, text: Text, previous: Content | None = None) -> dict[str, Any]:
    """The content of a snapshot; `kept` are the bytes of the body that are stored, `text` says how to decode them.

    What `previous`, that of the snapshot before, says of an equal page is not read again.
    """
    hops = HopWriter(HEADER_BYTES)
    defects = hops.defects
    headers = hops.headers(fields_of(fetched.final.head.fields))
    response = hops.response(fetched, text.defects)
    for hop in fetched.hops:
        if hop.refusal is not None:  # there is one at most: no later request has conditions
            response["revalidation"] = hops.refusal(hop, hop.refusal)
    url = fetched.final.url.href
    asked_for = refreshes.of_headers(fetched.final.head.values("refresh"), url) + refreshes.of_page(kept, text, url)
    response["refresh"] = _refresh(asked_for, defects)
    content: dict[str, Any] = {
        "response": response,
        "redirects": [hops.redirect(hop) for hop in fetched.redirects],
        "headers": headers,
        "cookies": kept_cookies(cookies_in(fetched), fetched, defects),
        "body": _body(fetched.body, kept, text, defects),
    }
    content["page"] = _page(kept, content, previous)
    response["defects"] += defects
    return as_answered(content)


def redirects_of(redirects: Sequence[Hop]) -> list[dict[str, Any]]:
    """The redirects that a failure keeps: less of each than a snapshot keeps, because each claim reads them."""
    hops = HopWriter(FAILURE_BYTES, request_size=None)
    found = [{**hops.redirect(each), "url": each.url.href[:MAX_CHARACTERS]} for each in redirects]
    if found:
        found[-1]["defects"] += hops.defects
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
    hops = HopWriter(HEADER_BYTES)
    defects = hops.defects
    sent = fetched.final.head.fields
    headers = hops.headers(_updated(previous["headers"], sent), "header lines, with earlier ones,")
    response = hops.response(fetched, ())
    response["revalidation"] = hops.revalidation(fetched.final.head)
    if "refresh" in previous["response"]:  # an old version did not look into the page, which is not at hand here
        header = (field["value"] for field in headers if field["name"].lower() == "refresh")
        meta = [one for one in previous["response"]["refresh"] if one["source"] == "meta"]
        response["refresh"] = _refresh(refreshes.of_headers(header, fetched.final.url.href) + meta, defects)
    response |= {"status": previous["response"]["status"], "reason": previous["response"]["reason"], "not_modified": True}
    cookies = cookies_in(fetched)
    if not fetched.final.head.values("set-cookie"):
        cookies += carried(previous, fetched)
    content: dict[str, Any] = {
        "response": response,
        "redirects": [hops.redirect(hop) for hop in fetched.redirects],
        "headers": headers,
        "cookies": kept_cookies(cookies, fetched, defects),
        "body": previous["body"],
    }
    if "page" in previous:
        content["page"] = previous["page"]
    response["defects"] += defects
    return as_answered(content)


def _page(kept: bytes, content: Content, previous: Content | None) -> dict[str, Any] | None:
    """What a page says of itself: reading it may take longer than all else of a collection."""
    if previous is not None and "page" in previous and _read_alike(previous) == _read_alike(content):
        earlier: dict[str, Any] | None = previous["page"]
        return earlier
    with _reading_page:
        page = pages.page_of(kept, content)
    return None if page is None else pages.document_of(page)


def _read_alike(content: Content) -> tuple[object, ...]:
    """What a page is read by."""
    body = content["body"]
    return body["sha256"], body["media_type"], body["charset"], body["undecoded"], content["response"]["final_url"]


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


def _body(received: Body, kept: bytes, text: Text, defects: list[str]) -> dict[str, Any]:
    described = {
        "sha256": hashlib.sha256(kept).hexdigest(),
        "size": len(kept),
        "media_type": None if text.media_type is None else clipped(text.media_type, "media type", defects),
        "charset": text.charset,
        "encoding": "base64" if text.charset is None else "text",
        "truncated": received.truncated,
        "undecoded": received.undecoded,
    }
    if (wire := received.wire) is not None:
        sha256, size = hashlib.sha256(wire.content).hexdigest(), len(wire.content)
        described["wire"] = {"sha256": sha256, "size": size, "truncated": wire.truncated}
    return described


def attachments_of(content: Content, fetched: Fetched, confirmed: Content | None = None) -> tuple[Attachment, ...]:
    """What a snapshot with this content names besides its body: the body as it was coded, and the certificate.

    A coded body that is the same decoded is kept as the body. What the snapshot brought that a 304 `confirmed` is not
    brought again.
    """
    described, tls = content["body"], fetched.final.tls
    found = []
    if "wire" in described and described["wire"]["sha256"] != described["sha256"]:
        wire = fetched.body.wire  # a 304 has none
        found.append(Attachment(described["wire"]["sha256"], None if wire is None else wire.content))
    if tls is not None and tls.der:
        before = None if confirmed is None else confirmed["response"]["tls"]
        is_kept = before is not None and before.get("sha256") == tls.sha256 and "size" in before
        found.append(Attachment(tls.sha256, None if is_kept else tls.der))
    return tuple(found)
