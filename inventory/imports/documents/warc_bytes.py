"""The bytes of a WARC file as they arrive, expanded where they are gzipped; after a broken part they go on behind it."""

from __future__ import annotations

import zlib

from inventory.imports.documents.model import READ_BYTES, Document
from inventory.imports.gzipped import CHUNK_BYTES, FIRST_BYTES, HARMLESS_BYTES, MAX_RATIO

GZIP = b"\x1f\x8b\x08"
BEGINS = b"WARC/"
LOOKED_AT = 64 * 1024
"""Compressed bytes by which it is told whether a member begins a record."""


class Broken(Exception):
    """What comes next cannot be read; `to_next_record` may find what comes after it. `is_end`: the file ends in it."""

    def __init__(self, why: str, *, is_end: bool = False) -> None:
        super().__init__(why)
        self.is_end = is_end


class WarcBytes:
    """The bytes of a file. `position` counts those that were read."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._raw = document.read(READ_BYTES)
        self._at = 0
        self._member_at = 0
        self._decoder: zlib._Decompress | None = None
        self._taken = FIRST_BYTES
        self._made = bytearray()
        self._expanded = 0
        self.position = 0
        self.is_gzipped = self._raw.startswith(GZIP)

    def line(self, limit: int) -> bytes:
        """The next line with its LF, or its first `limit` bytes; empty at the end."""
        looked = 0
        while (end := self._made.find(b"\n", looked)) < 0 and len(self._made) < limit:
            looked = len(self._made)
            if not self._more():
                break
        return self._take(min(end + 1 if end >= 0 else len(self._made), limit))

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        while len(self._made) < size and self._more():
            pass
        return self._take(min(size, len(self._made)))

    def skip(self, size: int) -> int:
        """Pass over the next bytes; how many there were."""
        left = size
        while left and (piece := self.read(min(left, CHUNK_BYTES))):
            left -= len(piece)
        return size - left

    def to_next_record(self) -> bool:
        """Go to what looks like the next record; False if there is none."""
        if self.is_gzipped:
            return self._to_next_member()
        while line := self.line(CHUNK_BYTES):
            if line.startswith(BEGINS):
                self._made[:0] = line
                self.position -= len(line)
                return True
        return False

    def _take(self, size: int) -> bytes:
        taken = bytes(self._made[:size])
        del self._made[:size]
        self.position += size
        return taken

    def _more(self) -> bool:
        """Read on; False at the end."""
        if not self.is_gzipped:
            self._made += self._raw
            has_more, self._raw = bool(self._raw), self._document.read(READ_BYTES)
            return has_more
        before = len(self._made)
        while len(self._made) == before:
            if self._at == len(self._raw) and not self._next_piece():
                if self._decoder is not None:
                    raise Broken("the gzip stream is incomplete", is_end=True)
                return False
            self._expand()
        return True

    def _next_piece(self) -> bool:
        piece = self._document.read(READ_BYTES)
        if piece:
            self._raw, self._at, self._member_at = piece, 0, -1
        return bool(piece)

    def _expand(self) -> None:
        """Expand some bytes of the piece."""
        if self._decoder is None:
            if not self._raw[self._at] and not self._raw[self._at :].strip(b"\0"):  # padding, as tapes have it
                self._at = len(self._raw)
                return
            self._decoder, self._taken, self._member_at = _decoder(), FIRST_BYTES, self._at
        given = self._raw[self._at : self._at + self._taken]
        try:
            made = self._decoder.decompress(given, CHUNK_BYTES)
        except zlib.error as error:
            self._decoder = None
            raise Broken(f"the gzip stream is broken: {error}") from error
        ended = self._decoder.eof
        self._at += len(given) - len(self._decoder.unused_data if ended else self._decoder.unconsumed_tail)
        self._taken = min(2 * self._taken, CHUNK_BYTES)
        self._decoder = None if ended else self._decoder
        self._made += made
        self._expanded += len(made)
        if self._expanded > max(HARMLESS_BYTES, MAX_RATIO * self._document.position):
            raise Broken("it expands to far more than a web archive does", is_end=True)

    def _to_next_member(self) -> bool:
        """Look for a member whose first bytes are those of a record, also in what the broken one has taken."""
        self.position += len(self._made)
        self._made.clear()
        self._decoder, start = None, self._member_at + 1
        while True:
            start = self._raw.find(GZIP, start)
            if start < 0:
                kept = self._raw[-len(GZIP) + 1 :]
                if not (piece := self._document.read(READ_BYTES)):
                    return False
                self._raw, start = kept + piece, 0
            elif _is_record(self._raw[start : start + LOOKED_AT]):
                self._at = self._member_at = start
                return True
            else:
                start += 1


def _decoder() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _is_record(member: bytes) -> bool:
    try:
        return _decoder().decompress(member, len(BEGINS)) == BEGINS
    except zlib.error:
        return False
