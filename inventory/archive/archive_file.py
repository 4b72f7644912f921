"""Writes snapshots into one file, which has the bytes that several of them share once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from inventory.archive.snapshot_records import ExportedSnapshot, Original, certificate_record, records_of
from inventory.archive.warc_record import member
from inventory.errors import NotFound
from inventory.records.model import Snapshot, Target
from inventory.records.snapshots import SnapshotService

NO_BODY = sha256().hexdigest()
DIGITS = 15
"""Hexadecimal digits of a fingerprint that are remembered: a number that Python keeps in few bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Which bytes of a snapshot are written, and whether they are coded as its header lines say."""

    sha256: str
    size: int
    is_coded: bool
    truncated: bool


def payload_of(snapshot: Snapshot) -> Payload:
    """The body as it was sent, if that is kept and has all that was decoded of it; else the body."""
    body = snapshot.content["body"]
    wire = body.get("wire")
    if wire is not None and (body["truncated"] or not wire["truncated"]):
        return Payload(sha256=wire["sha256"], size=wire["size"], is_coded=True, truncated=wire["truncated"])
    return Payload(
        sha256=snapshot.body_sha256 or NO_BODY,
        size=body["size"],
        is_coded=body["undecoded"] is not None,
        truncated=body["truncated"],
    )


class ArchiveFile:
    """One file. It remembers some 80 bytes of each certificate; with `revisits` also which payloads it has of a URL."""

    def __init__(self, snapshots: SnapshotService, *, revisits: bool) -> None:
        self._snapshots = snapshots
        self._revisits = revisits
        self._certificates: set[int] = set()
        self._originals: dict[tuple[str, str], Original] = {}

    def written(self, target: Target, snapshot: Snapshot) -> Iterator[bytes]:
        """The records of a snapshot; none of one whose body is gone since it was listed."""
        described = payload_of(snapshot)
        whose = str(snapshot.content["response"]["final_url"]), described.sha256
        earlier = self._originals.get(whose)
        payload = b"" if earlier is not None or described.sha256 == NO_BODY else self._payload(described.sha256)
        if payload is None:
            return
        der = self._new_certificate(snapshot)
        exported = ExportedSnapshot(
            target=target,
            snapshot=snapshot,
            payload=payload,
            sha256=described.sha256,
            size=described.size,
            is_coded=described.is_coded,
            truncated=described.truncated,
            has_certificate=der is not None or self._has_certificate(snapshot),
        )
        if der is not None:
            yield from member(certificate_record(exported, der))
        for record in records_of(exported, earlier):
            yield from member(record)
        if self._revisits and payload and not described.truncated:
            self._originals[whose] = exported.original

    def _payload(self, name: str) -> bytes | None:
        try:
            return self._snapshots.body(name)
        except NotFound:
            return None

    def _new_certificate(self, snapshot: Snapshot) -> bytes | None:
        """The bytes of a certificate that the file does not have yet; None if it has it, or if they are not kept."""
        tls = snapshot.content["response"]["tls"]
        if tls is None or not tls.get("size") or self._has_certificate(snapshot):
            return None
        der = self._snapshots.attachment(tls["sha256"])
        if der is not None:
            self._certificates.add(_remembered(tls["sha256"]))
        return der

    def _has_certificate(self, snapshot: Snapshot) -> bool:
        tls = snapshot.content["response"]["tls"]
        return tls is not None and "sha256" in tls and _remembered(tls["sha256"]) in self._certificates


def _remembered(fingerprint: str) -> int:
    return int(fingerprint[:DIGITS], 16)
