"""What a row of an archive becomes: a snapshot of the past, or why it becomes none."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import orjson

from inventory import json_bytes, urls, web_encodings
from inventory.clock import rfc3339
from inventory.errors import STATUS, InvalidRequest, SourceFailure
from inventory.http_client.head import Fields, Head
from inventory.http_client.media_types import extracted
from inventory.instants import instant_of
from inventory.records.model import CLOCKS_DIFFER, Content, PastSnapshot, Snapshot, Target
from inventory.records.source import Source
from inventory.webpages import archived, kept_content
from inventory.webpages.archived import Archived

FIRST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before the first webpage."""
INVALID_DATE, INVALID_SNAPSHOT, MALFORMED = "invalid_date", "invalid_snapshot", "malformed_record"
VERSION = re.compile(r"(?:HTTP/|h)?([0-9])(?:\.([0-9]))?", re.IGNORECASE)
NOT_IN_A_LINE = re.compile(r"[\r\n\0]")
ID = re.compile("[0-9a-f]{32}")
TOLD = ("block", "original", "status", "headers", "text")
"""What makes a snapshot another one: the heads and bodies of the file."""
CREDENTIALS = frozenset({"cookie", "authorization", "proxy-authorization"})
"""Lines of requests that are not kept: those of a browser are somebody's."""

Document = Mapping[str, Any]


class Rejected(Exception):
    """A row is no snapshot; `code` says why for programs, the text for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A snapshot of the past; `other_id` is for where another one has its id."""

    past: PastSnapshot
    other_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReader:
    """Makes snapshots of rows. At most `body_limit` bytes of a body are kept; what is later than `now` is rejected."""

    source: Source
    body_limit: int
    now: datetime

    def target(self, label: str) -> tuple[Target, datetime]:
        """What a row is of, and when it was; `Rejected` if it is no snapshot."""
        at, _, url = label.partition(" ")
        instant = instant_of(at)
        if instant is None or not FIRST <= instant <= self.now + CLOCKS_DIFFER:
            what = "is not an instant" if instant is None else "is before the first webpage or in the future"
            raise Rejected(INVALID_DATE, f"The date {at!r} {what}.")
        try:
            return self.source.target(url), instant
        except InvalidRequest as error:
            raise Rejected(STATUS[type(error)][1], str(error)) from error

    def read(self, label: str, text: str) -> Imported:
        """The snapshot of a row; `Rejected` if it is none."""
        target, at = self.target(label)
        document = orjson.loads(text)
        try:
            if "snapshot" in document:
                return self._kept(target, at, document["snapshot"], _bytes(document["payload"]))
            content, body = self._content(target, at, document)
        except SourceFailure as error:
            raise Rejected(MALFORMED, f"The record is not a response of HTTP: {error}.") from error
        told = json_bytes.dumps([document.get(name) for name in TOLD])
        return _imported(target, at, content, body, _name(target, at, hashlib.sha256(told).hexdigest()))

    def _kept(self, target: Target, at: datetime, metadata: Document, payload: bytes) -> Imported:
        """A snapshot that an inventory wrote, as it was kept there."""
        snapshot_id = metadata.get("snapshot")
        if not isinstance(snapshot_id, str) or not ID.fullmatch(snapshot_id) or target.key != metadata.get("url"):
            raise Rejected(INVALID_SNAPSHOT, "Its metadata are not those of a snapshot.")
        try:
            content = kept_content.checked(metadata, payload)
        except kept_content.InvalidContent as error:
            raise Rejected(INVALID_SNAPSHOT, f"Its metadata are not those of a snapshot: {error}.") from error
        content, body = archived.cut(content, payload, self.body_limit)
        return _imported(target, at, content, body, _name(target, at, snapshot_id), snapshot_id)

    def _content(self, target: Target, at: datetime, document: Document) -> tuple[Content, bytes]:
        """The content of a snapshot that another program wrote, and its body."""
        if "headers" in document:
            return archived.content_and_body(_of_har(target, at, document), self.body_limit)
        found = _of_warc(target, at, document, document["block"])
        if document.get("original") is None:
            if found.head.status == 304:
                raise Rejected(MALFORMED, "It is a 304, which says nothing without the response that it confirms.")
            return archived.content_and_body(found, self.body_limit)
        original = _of_warc(target, at, document, document["original"])
        if found.head.status == 304 or document["is_confirmed"]:
            return archived.confirmed(found, original, self.body_limit)
        return archived.with_body_of(found, original, self.body_limit)


def _imported(
    target: Target, at: datetime, content: Content, body: bytes, other_id: str, own_id: str | None = None
) -> Imported:
    digest = hashlib.sha256(body).hexdigest()
    snapshot = Snapshot(own_id or other_id, target.id, at, content, digest)
    return Imported(past=PastSnapshot(target=target, snapshot=snapshot, body=body), other_id=other_id)


def _name(target: Target, at: datetime, digest: str) -> str:
    """The id of a snapshot that is the same each time it is imported."""
    return hashlib.sha256(f"{target.id} {rfc3339(at)} {digest}".encode()).hexdigest()[:32]


def _of_warc(target: Target, at: datetime, document: Document, block: str) -> Archived:
    head, payload = archived.read_block(_bytes(block))
    request = document.get("request")
    return Archived(
        url=urls.known(target.key),
        at=at,
        head=head,
        payload=payload,
        is_cut=document["is_cut"],
        request=None if request is None else _without_credentials(archived.read_request(_bytes(request))),
        address=_address(document["address"]),
    )


def _of_har(target: Target, at: datetime, document: Document) -> Archived:
    status = document["status"]
    if not isinstance(status, int) or not 200 <= status <= 999:
        raise Rejected(MALFORMED, "The entry has no status: it was not answered, or the browser hid the answer.")
    defects: list[str] = []
    fields = _fields(document["headers"], defects)
    head = Head(status, document["reason"][:1_000], _version(document["version"]), fields, ())
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
        address=_address(document["address"]),
        times=_times(document),
    )


def _without_credentials(fields: Fields) -> Fields:
    return tuple((name, value) for name, value in fields if name.lower() not in CREDENTIALS)


def _address(text: str | None) -> str | None:
    """An address of the server; None of what is none."""
    try:
        return str(ip_address(text)) if text else None
    except ValueError:
        return None


def _fields(lines: Sequence[Sequence[str]], defects: list[str]) -> Fields:
    """Header lines. Browsers join lines of one name by line feeds."""
    found: list[tuple[str, str]] = []
    for name, joined in lines:
        if NOT_IN_A_LINE.search(name):
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


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
