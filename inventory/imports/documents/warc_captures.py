"""The snapshots that a WARC file has: of our own files each with all its hops, of others each response by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from inventory.imports.documents import captures
from inventory.imports.documents.model import Document, DocumentKind, Entry, Found, UnreadableDocument
from inventory.imports.documents.payload_spool import PayloadSpool
from inventory.imports.documents.warc_records import BrokenRecord, WarcRecord, records

OURS = "inventory/"
"""How the name of the program begins in files of ours, in lower case."""
SNAPSHOT = "urn:inventory:snapshot:"
CERTIFICATE = "urn:inventory:certificate:"
RESPONSES = ("response", "revisit")
LABELLING = ("warc-date", "warc-target-uri")
MAX_HELD = 101
"""Responses in files of ours that wait for their metadata: more than a snapshot has hops."""
NOT_MODIFIED = "server-not-modified"
MAX_PROTOCOLS = 200
"""Characters of what a record says of the protocols of its connection."""
WHOLE, CUT = b"+", b"-"
"""Before a response of another program, while it waits for revisits."""


def read(document: Document) -> Found:
    """A label, and the snapshot as JSON, for each."""
    return DocumentKind(shape="warc", column="WARC-Target-URI"), _entries(document)


def _entries(document: Document) -> Iterator[Entry]:
    with PayloadSpool() as spool:
        reader = _Reader(spool)
        for number, each in enumerate(_cells(document, reader), 1):
            yield Entry(number=number, cells=each)


def _cells(document: Document, reader: _Reader) -> Iterator[Sequence[str]]:
    try:
        for record in records(document):
            yield from reader.add(record)
    except UnreadableDocument:  # what came before it counts
        yield from reader.end()
        raise
    yield from reader.end()


@dataclass(slots=True)
class _Held:
    """A response that waits for its request, or for the metadata of its snapshot."""

    record: WarcRecord
    request: WarcRecord | None = None


class _Reader:
    """Puts records together that belong to one snapshot."""

    def __init__(self, spool: PayloadSpool) -> None:
        self._spool = spool
        self._is_ours = False
        self._held: list[_Held] = []
        self._request: WarcRecord | None = None

    def add(self, record: WarcRecord | BrokenRecord) -> Iterator[Sequence[str]]:
        """What is complete now that this record was read."""
        if isinstance(record, BrokenRecord):
            yield from self.end()
            yield captures.rejected("", captures.MALFORMED, f"A part of the file is not a record: {record.why}.")
        elif record.kind == "warcinfo":
            yield from self.end()
            self._is_ours = _program(record.block).startswith(OURS)
        elif self._is_ours:
            yield from self._add_ours(record)
        elif record.kind == "request":
            yield from self._add_request(record)
        elif record.kind in RESPONSES and not record.uri:
            yield from self.end()
            yield captures.rejected(_label(record), captures.MALFORMED, "The record does not say of which URL it is.")
        elif record.kind in RESPONSES and _is_http(record):
            yield from self.end()
            self._held = [_Held(record, self._taken_request(record))]

    def end(self) -> Iterator[Sequence[str]]:
        """What is held, because nothing follows that belongs to it."""
        held, self._held = self._held, []
        for each in held:
            if self._is_ours:
                yield _incomplete(each)
            else:
                yield self._foreign(each.record, each.request)

    def _add_ours(self, record: WarcRecord) -> Iterator[Sequence[str]]:
        """The response of each hop comes first, then the metadata of the snapshot."""
        if record.kind in RESPONSES:
            if self._held:  # only the last one has a body
                last = self._held[-1].record
                self._held[-1] = _Held(WarcRecord(fields={name: last.fields.get(name, ()) for name in LABELLING}, block=b""))
            if len(self._held) >= MAX_HELD:
                yield _incomplete(self._held.pop(0))
            self._held.append(_Held(record))
            return
        if record.kind == "metadata" and record.uri.startswith(CERTIFICATE):
            self._spool.keep([record.get("warc-record-id")], record.block)
        if record.kind != "metadata" or not record.uri.startswith(SNAPSHOT):
            return
        document = _object(record.block)
        hops = 1 + len(document["redirects"]) if isinstance(document.get("redirects"), list) else 1
        of_snapshot = self._held[-hops:]
        self._held = self._held[:-hops]
        yield from self.end()
        yield self._ours(record, document, of_snapshot[-1].record if of_snapshot else None)

    def _ours(self, metadata: WarcRecord, document: Mapping[str, Any], last: WarcRecord | None) -> Sequence[str]:
        label = captures.label(metadata.get("warc-date"), str(document.get("url", "")))
        if last is None or last.get("warc-record-id") not in metadata.fields.get("warc-concurrent-to", ()):
            return captures.rejected(label, captures.INCOMPLETE, "The file does not have the response of this snapshot.")
        block: bytes | None = last.block
        if last.kind == "revisit":
            block = self._spool.find([last.get("warc-refers-to")])
        else:
            self._spool.keep([last.get("warc-record-id")], last.block)
        if block is None:
            return captures.rejected(label, captures.NO_ORIGINAL, captures.WITHOUT_ORIGINAL)
        payload = block.partition(b"\r\n\r\n")[2]
        certificate = self._spool.find([str(document["certificate"])]) if "certificate" in document else None
        return captures.found(
            label,
            {
                "snapshot": document,
                "payload": _base64(payload),
                "certificate": None if certificate is None else _base64(certificate),
            },
        )

    def _add_request(self, record: WarcRecord) -> Iterator[Sequence[str]]:
        """A request comes before its response or after it, as the program that wrote the file does it."""
        if self._held and self._held[-1].request is None and _belong(record, self._held[-1].record):
            self._held[-1].request = record
            yield from self.end()
        else:
            yield from self.end()
            self._request = record

    def _taken_request(self, response: WarcRecord) -> WarcRecord | None:
        request, self._request = self._request, None
        return request if request is not None and _belong(request, response) else None

    def _foreign(self, record: WarcRecord, request: WarcRecord | None) -> Sequence[str]:
        label = _label(record)
        method = "GET" if request is None else request.block[:20].partition(b" ")[0].decode("latin-1")
        if method != "GET":
            return captures.rejected(label, captures.NOT_GET, captures.without_get(method))
        document: dict[str, Any] = {
            "url": record.uri,
            "at": record.get("warc-date"),
            "block": _base64(record.block),
            "is_cut": _is_cut(record),
            "address": record.get("warc-ip-address") or None,
            "protocols": ",".join(record.fields.get("warc-protocol", ()))[:MAX_PROTOCOLS].lower().split(","),
            "request": None if request is None else _base64(request.block),
        }
        if record.kind == "revisit":
            original = self._spool.find(_names_of_original(record))
            if original is None:
                return captures.rejected(label, captures.NO_ORIGINAL, captures.WITHOUT_ORIGINAL)
            document |= _revisited(record, original)
        else:
            self._spool.keep(_names(record), (CUT if _is_cut(record) else WHOLE) + record.block)
        return captures.found(label, document)


def _revisited(record: WarcRecord, original: bytes) -> Mapping[str, Any]:
    """What a revisit has of the response that it refers to, which may be cut; that the revisit itself is says nothing.

    One without a block has all of it (ISO 28500:2017, 6.7.2).
    """
    is_cut, block = original[:1] == CUT, _base64(original[1:])
    if not record.block:
        return {"block": block, "is_cut": is_cut}
    return {"original": block, "is_cut": is_cut, "is_confirmed": record.get("warc-profile").endswith(NOT_MODIFIED)}


def _is_cut(record: WarcRecord) -> bool:
    return record.is_cut or bool(record.get("warc-truncated"))


def _incomplete(held: _Held) -> Sequence[str]:
    return captures.rejected(_label(held.record), captures.INCOMPLETE, captures.WITHOUT_METADATA)


def _names(record: WarcRecord) -> Iterator[str]:
    """What later records may call a response."""
    yield record.get("warc-record-id")
    yield f"{record.uri} {record.get('warc-date')}"
    if digest := record.get("warc-payload-digest"):
        yield digest.lower()


def _names_of_original(record: WarcRecord) -> Iterator[str]:
    """What a revisit calls the response that it refers to, the surest first."""
    if name := record.get("warc-refers-to"):
        yield name
    uri, date = record.get("warc-refers-to-target-uri") or record.uri, record.get("warc-refers-to-date")
    if date:
        yield f"{uri.removeprefix('<').removesuffix('>')} {date}"
    if digest := record.get("warc-payload-digest"):
        yield digest.lower()


def _belong(request: WarcRecord, response: WarcRecord) -> bool:
    """Whether a request is that of the response beside it."""
    if request.uri != response.uri:
        return False
    named = request.fields.get("warc-concurrent-to", ()), response.fields.get("warc-concurrent-to", ())
    if not any(named):
        return True
    return response.get("warc-record-id") in named[0] or request.get("warc-record-id") in named[1]


def _is_http(record: WarcRecord) -> bool:
    return record.uri.lower().startswith(("http://", "https://"))


def _label(record: WarcRecord) -> str:
    return captures.label(record.get("warc-date"), record.uri)


def _program(block: bytes) -> str:
    """The program that wrote the file."""
    lines = (line.partition(":") for line in block[:65_536].decode("utf-8", "replace").splitlines())
    return next((value.strip().lower() for name, _, value in lines if name.strip().lower() == "software"), "")


def _object(block: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(block)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
