"""What a row of an archive becomes: a snapshot of the past, or why it becomes none."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson

from inventory import json_bytes
from inventory.archive.exchanges import MALFORMED, Document, Rejected, decoded, of_har, of_warc
from inventory.clock import rfc3339
from inventory.errors import STATUS, InvalidRequest, SourceFailure
from inventory.instants import instant_of
from inventory.records.model import CLOCKS_DIFFER, Content, PastSnapshot, Snapshot, Target
from inventory.records.source import Source
from inventory.webpages import archived, kept_content

FIRST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before the first webpage."""
INVALID_DATE, INVALID_SNAPSHOT = "invalid_date", "invalid_snapshot"
ID = re.compile("[0-9a-f]{32}")
TOLD = ("block", "original", "status", "headers", "text")
"""What makes a snapshot another one: the heads and bodies of the file."""


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
                return self._kept(target, at, document)
            content, body = self._content(target, at, document)
        except SourceFailure as error:
            raise Rejected(MALFORMED, f"The record is not a response of HTTP: {error}.") from error
        told = json_bytes.dumps([document.get(name) for name in TOLD])
        return _imported(target, at, content, body, _name(target, at, hashlib.sha256(told).hexdigest()))

    def _kept(self, target: Target, at: datetime, document: Document) -> Imported:
        """A snapshot that an inventory wrote, as it was kept there."""
        metadata, payload = document["snapshot"], decoded(document["payload"])
        snapshot_id = metadata.get("snapshot")
        if not isinstance(snapshot_id, str) or not ID.fullmatch(snapshot_id) or target.key != metadata.get("url"):
            raise Rejected(INVALID_SNAPSHOT, "Its metadata are not those of a snapshot.")
        try:
            content, body = kept_content.checked(metadata, payload)
        except kept_content.InvalidContent as error:
            raise Rejected(INVALID_SNAPSHOT, f"Its metadata are not those of a snapshot: {error}.") from error
        certificate = document.get("certificate")
        content, attachments = kept_content.attached(content, payload, None if certificate is None else decoded(certificate))
        content, body = archived.cut(content, body, self.body_limit)
        imported = _imported(target, at, content, body, _name(target, at, snapshot_id), snapshot_id)
        return replace(imported, past=replace(imported.past, attachments=attachments))

    def _content(self, target: Target, at: datetime, document: Document) -> tuple[Content, bytes]:
        """The content of a snapshot that another program wrote, and its body."""
        if "headers" in document:
            return archived.content_and_body(of_har(target, at, document), self.body_limit)
        found = of_warc(target, at, document, document["block"])
        if document.get("original") is None:
            if found.head.status == 304:
                raise Rejected(MALFORMED, "It is a 304, which says nothing without the response that it confirms.")
            return archived.content_and_body(found, self.body_limit)
        original = of_warc(target, at, document, document["original"])
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
