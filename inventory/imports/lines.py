"""Lines of a file that may be bigger than memory: each with its number, its bytes, and how far in the file it ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from inventory.errors import UnreadableFile
from inventory.imports import gzipped
from inventory.imports.file_format import FileFormat
from inventory.imports.gzipped import Piece

CHUNK = 256 * 1024
LONGEST = 1024 * 1024
"""Bytes of a line; a longer one is passed on cut behind the byte after these, which tells that it was longer."""

MOST_QUIET = 1536 * 1024 * 1024
"""Bytes without the end of a line that is not blank. After so many a file is not read on: they take seconds as it is."""
COST_OF_PIECE = 4096
"""Bytes that each piece counts more, because it takes time however small it is: a gzip member of nothing, say."""

RawLine = tuple[int, bytes, int]
"""A line's number from 1, its bytes without the end of line, and the bytes of the uploaded file up to its end."""


def lines(file: BinaryIO, layout: FileFormat) -> Iterator[RawLine]:
    """The lines of a file, most blank ones left out but counted; `UnreadableFile` says up to which line it could be read."""
    pieces = _chunks(file)
    if layout.gzipped:
        pieces = gzipped.expand(pieces)
    pieces = _recode(pieces, layout.encoding) if layout.recoded else _without_mark(pieces)
    cutter = _Cutter(layout.newline)
    try:
        for piece, start, end in pieces:
            yield from cutter.cut(piece, start, end)
            if cutter.quiet > MOST_QUIET:
                raise UnreadableFile("It has more than a gigabyte in which no line ends, but for blank ones.")
    except UnreadableFile as error:
        raise UnreadableFile(f"{error} The file was read up to line {cutter.number:,}.") from error
    yield from cutter.rest()


def _chunks(file: BinaryIO) -> Iterator[Piece]:
    position = 0
    while chunk := file.read(CHUNK):
        yield chunk, position, position + len(chunk)
        position += len(chunk)


def _without_mark(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """All but the byte order mark that a file in UTF-8 may begin with."""
    rest, begun, end = iter(pieces), b"", 0
    for piece, _, upto in rest:
        begun, end = begun + piece, upto
        if len(begun) >= len(codecs.BOM_UTF8):  # the mark is whole, if there is one
            break
        yield b"", upto, upto
    text = begun.removeprefix(codecs.BOM_UTF8)
    if text:
        yield text, end - len(text) if end == len(begun) else 0, end
    yield from rest


def _recode(pieces: Iterable[Piece], encoding: str) -> Iterator[Piece]:
    """Text in UTF-16 or UTF-32 as UTF-8, in which what is no text becomes what is no UTF-8."""
    decoder, end = codecs.getincrementaldecoder(encoding)("surrogatepass"), 0
    for piece, start, end in pieces:
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"Behind byte {start:,} it is not text in {encoding}.") from error
        yield text.encode("utf-8", "surrogatepass"), start, end
    if decoder.getstate()[0]:
        yield b"\xff", end, end


class _Cutter:
    """Cuts pieces into lines, whatever lies across two of them. `quiet` is what was read since the last one ended."""

    def __init__(self, newline: bytes) -> None:
        self.number = self.quiet = 0
        self._newline = newline
        self._begun = bytearray()
        self._end = 0

    def cut(self, piece: bytes, start: int, end: int) -> Iterator[RawLine]:
        """The lines that end in this piece."""
        self._end = end
        self.quiet += COST_OF_PIECE + len(piece)
        if not (self._begun or piece.strip()):  # nothing but blank lines, a gigabyte of them perhaps
            self.number += piece.count(self._newline)
            return
        first, *others = piece.split(self._newline)
        if len(self._begun) <= LONGEST:
            self._begun += first[: LONGEST + 1 - len(self._begun)]
        if not others:
            return
        scale, offset = (end - start) / len(piece), len(first) + 1
        self.number += 1
        self.quiet = 0
        yield self.number, bytes(self._begun), start + int(offset * scale)
        self._begun = bytearray(others.pop())
        for line in others:
            self.number += 1
            offset += len(line) + 1
            yield self.number, line, start + int(offset * scale)

    def rest(self) -> Iterator[RawLine]:
        """The last line, if no end of line is behind it."""
        if self._begun:
            self.number += 1
            yield self.number, bytes(self._begun), self._end
