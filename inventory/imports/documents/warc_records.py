"""The records of a WARC file (ISO 28500), read one by one. A record that cannot be read costs itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from inventory.imports.documents.model import Document, UnreadableDocument
from inventory.imports.documents.warc_bytes import BEGINS, Broken, WarcBytes

MAX_BLOCK = 13 * 1024 * 1024
"""Bytes of a block that are kept: the head of a response, and the largest body that an inventory may keep."""
MAX_LINE, MAX_FIELDS = 64 * 1024, 1_000
"""Bytes of a line of the header, and how many there may be."""
_LENGTH = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRecord:
    """A record: its named fields by their names in lower case, and its block, which `is_cut` if it was longer."""

    fields: Mapping[str, Sequence[str]]
    block: bytes
    is_cut: bool = False

    @property
    def kind(self) -> str:
        """Its type, in lower case."""
        return self.get("warc-type").lower()

    @property
    def uri(self) -> str:
        """What it is of."""
        return self.get("warc-target-uri").removeprefix("<").removesuffix(">")

    def get(self, name: str) -> str:
        """The first value of a field; empty without one."""
        return (self.fields.get(name) or [""])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRecord:
    """A part of the file that is not a record, and why."""

    why: str


def records(document: Document) -> Iterator[WarcRecord | BrokenRecord]:
    """All records, lazily; `UnreadableDocument` if the file is not a WARC file, or ends within a record."""
    file = WarcBytes(document)
    is_first = True
    while True:
        position = file.position
        try:
            record = _record(file)
        except Broken as error:
            what = f"{error}, at byte {position:,}" + (" of what is in it" if file.is_gzipped else "")
            if error.is_end:
                raise UnreadableDocument(f"The file ends in the middle of a record: {what}.") from None
            if is_first:
                raise UnreadableDocument(f"It is not a WARC file: {what}.") from None
            yield BrokenRecord(why=what)
            if not file.to_next_record():
                return
            continue
        if record is None:
            return
        is_first = False
        yield record


def _record(file: WarcBytes) -> WarcRecord | None:
    """The next record; None at the end."""
    line = file.line(MAX_LINE)
    while line in (b"\r\n", b"\n"):
        line = file.line(MAX_LINE)
    if not line:
        return None
    if not line.startswith(BEGINS):
        raise Broken(f"{line[:20]!r} is not the beginning of a record")
    fields = _fields(file)
    length = (fields.get("content-length") or [""])[0]
    if not _LENGTH.fullmatch(length):
        raise Broken("a record does not say how long it is")
    size = int(length)
    block = file.read(min(size, MAX_BLOCK))
    if len(block) + file.skip(size - len(block)) < size:
        raise Broken("a record is shorter than it says", is_end=True)
    return WarcRecord(fields=fields, block=block, is_cut=size > len(block))


def _fields(file: WarcBytes) -> dict[str, list[str]]:
    """The named fields of a record."""
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for _ in range(MAX_FIELDS):
        line = file.line(MAX_LINE)
        if len(line) == MAX_LINE:
            raise Broken("a line of the header of a record is too long")
        if not line.endswith(b"\n"):
            raise Broken("a record ends within its header", is_end=True)
        text = line.rstrip(b"\r\n").decode("utf-8", "replace")
        if not text:
            return fields
        name, colon, value = text.partition(":")
        if text[0] in " \t" and values:
            values[-1] = f"{values[-1]} {text.strip()}".strip()
        elif colon:
            values = fields.setdefault(name.strip().lower(), [])
            values.append(value.strip())
        else:
            raise Broken(f"{text[:40]!r} is not a named field")
    raise Broken(f"a record has more than {MAX_FIELDS:,} named fields")
