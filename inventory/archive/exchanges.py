"""The responses that rows of archives have, as what `webpages` makes contents of."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from inventory import urls, web_encodings
from inventory.archive.snapshot_records import LATER
from inventory.http_client.head import Fields, Head
from inventory.http_client.media_types import extracted
from inventory.records.model import Target
from inventory.webpages import archived, kept_values
from inventory.webpages.archived import Archived

MALFORMED = "malformed_record"
VERSION = re.compile(r"(?:HTTP/|h)?([0-9])(?:\.([0-9]))?", re.IGNORECASE)
VERSIONS = {name: version for version, name in LATER.items()} | {"h2c": "2"}
"""Versions of HTTP by their names in `WARC-Protocol`: archives write their messages as those of HTTP/1.1."""
NOT_IN_A_LINE = re.compile(r"[\r\n\0]")
NOT_IN_A_NAME = re.compile(r"[\r\n\0:]")
CREDENTIALS = frozenset({"cookie", "authorization", "proxy-authorization"})
"""Lines of requests that are not kept: those of a browser are somebody's."""

Document = Mapping[str, Any]


class Rejected(Exception):
    """A row is no snapshot; `code` says why for programs, the text for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def of_warc(target: Target, at: datetime, document: Document, block: str) -> Archived:
    """The response in a block of a WARC file; `SourceFailure` if there is none."""
    head, payload = archived.read_block(decoded(block))
    named = [VERSIONS[each.strip()] for each in document.get("protocols", ()) if each.strip() in VERSIONS]
    request = document.get("request")
    return Archived(
        url=urls.known(target.key),
        at=at,
        head=replace(head, http_version=named[0]) if named else head,
        payload=payload,
        is_cut=document["is_cut"],
        request=None if request is None else _without_credentials(archived.read_request(decoded(request))),
        address=kept_values.address(document["address"]),
    )


def of_har(target: Target, at: datetime, document: Document) -> Archived:
    """The response of an entry of a HAR; `Rejected` if it is none."""
    status = document["status"]
    if not isinstance(status, int) or status == 0:
        raise Rejected(MALFORMED, "The entry has no status: it was not answered, or the browser hid the answer.")
    if not 200 <= status <= 999:
        raise Rejected(MALFORMED, f"Its status is {status}, which is not that of a final response.")
    defects: list[str] = []
    fields = _fields(document["headers"], defects)
    reason = NOT_IN_A_LINE.sub(" ", _as_sent(document["reason"][:1_000]))
    head = Head(status, reason, _version(document["version"]), fields, ())
    body, is_cut = _har_body(document, head, defects), bool(document["is_cut"])
    if body is None:
        is_cut = status not in (204, 304) and head.values("content-length") != ["0"]
        defects += ["the HAR does not have the body"] if is_cut else []
    if status == 304:
        raise Rejected(MALFORMED, "It is a 304, which says nothing without the response that it confirms.")
    return Archived(
        url=urls.known(target.key),
        at=at,
        head=Head(head.status, head.reason, head.http_version, fields, tuple(defects)),
        payload=body or b"",
        is_plain=True,
        is_cut=is_cut,
        request=_without_credentials(_fields(document["request"], [])),
        address=kept_values.address(document["address"]),
        times=_times(document),
    )


def _without_credentials(fields: Fields) -> Fields:
    return tuple((name, value) for name, value in fields if name.lower() not in CREDENTIALS)


def _fields(lines: Sequence[Sequence[str]], defects: list[str]) -> Fields:
    """Header lines. Browsers join lines of one name by line feeds."""
    found: list[tuple[str, str]] = []
    for name, joined in lines:
        if NOT_IN_A_NAME.search(name):
            defects.append(f"a header line of the HAR has a malformed name: {name[:100]!r}")
            continue
        found += [(_as_sent(name), _as_sent(value).strip(" \t\r\0")) for value in joined.split("\n")]
    return tuple(found)


def _as_sent(text: str) -> str:
    """A text as its bytes, read as latin-1."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("latin-1")
    return text


def _har_body(document: Document, head: Head, defects: list[str]) -> bytes | None:
    """The body, of which most HARs have the text."""
    text: str | None = document["text"]
    if text is None:
        return None
    if document["encoding"].lower() == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            defects.append("the body in the HAR is not base64")
            return None
    found = extracted(", ".join(head.values("content-type")))
    charset = web_encodings.lookup(found.charset) if found and found.charset else None
    if charset not in (None, "utf-8"):
        try:
            return bytes(text.encode(charset))
        except (LookupError, UnicodeEncodeError):
            defects.append(f"the body in the HAR cannot be written in its charset {charset}; it is in UTF-8")
    return text.encode("utf-8", "replace")


def _version(text: str) -> str:
    """A version of HTTP as a snapshot names it."""
    found = VERSION.match(text)
    if found is None:
        return "1.1"
    return f"{found[1]}.{found[2] or 1}" if found[1] in "01" else found[1]


def _times(document: Document) -> dict[str, float | None]:
    """Milliseconds by the names of a snapshot. `connect` of a HAR has the handshake of TLS in it."""
    took = document["timings"]
    connect, tls = took["connect"], took["ssl"]
    until_first = [each for each in (took["send"], took["wait"]) if each is not None]
    return {
        "elapsed_ms": _rounded(document["time"]),
        "dns_ms": _rounded(took["dns"]),
        "connect_ms": _rounded(connect if connect is None or tls is None else max(0.0, connect - tls)),
        "tls_ms": _rounded(tls),
        "first_byte_ms": _rounded(sum(until_first)) if until_first else None,
        "body_ms": _rounded(took["receive"]),
    }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)


def decoded(text: str) -> bytes:
    """The bytes that a row has as base64."""
    return base64.b64decode(text)
