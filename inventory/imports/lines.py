"""Lines of a file that may be bigger than memory: each with its number, its bytes, and the position where it ends."""

from __future__ import annotations

import codecs
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile
from typing import BinaryIO, TypeVar

from inventory.errors import UnreadableFile
from inventory.imports import gzipped
from inventory.imports.encodings import text_of
from inventory.imports.file_format import FileFormat
from inventory.imports.gzipped import Piece
from inventory.imports.json_array import COST_OF_PIECE, ValueSplitter
from inventory.imports.rejections import INVALID_ENCODING, LINE_TOO_LONG, rejected
from inventory.jobs.line_blocks import LineBlock
from inventory.jobs.model import LONGEST_INPUT, InputRow

READ_BYTES = 256 * 1024
MAX_LINE = 1024 * 1024
"""Bytes of a line. Of a longer one these and one more are passed on, which tells that it was longer."""

MAX_WITHOUT_LINE = 1536 * 1024 * 1024
"""Bytes without the end of a line that is not blank. After so many, which take seconds, the rest of a file is not read."""

RawLine = tuple[int, bytes, int]
"""A line's number from 1, its bytes without the end of line, and the bytes of the uploaded file up to its end."""

Split = TypeVar("Split")


def lines(file: BinaryIO, file_format: FileFormat) -> Iterator[RawLine]:
    """The lines of a file; most blank ones are only counted. `UnreadableFile` says up to which line it could be read."""
    splitter = ValueSplitter(MAX_LINE, inside=file_format.begin > 0) if file_format.array else _LineSplitter()
    yield from _split(file, file_format, splitter, splitter.split)
    yield from splitter.rest()


def lines_in_blocks(file: BinaryIO, file_format: FileFormat) -> Iterator[RawLine | tuple[LineBlock, int]]:
    """The same lines; those that are objects and fill a piece of the file are one block, with the bytes up to its end.

    Only a file in UTF-8 whose rows are its lines has such blocks.
    """
    if file_format.array or file_format.first_line > 1 or encoding_of_lines(file_format) != "utf-8":
        yield from lines_of_rows(file, file_format)
        return
    splitter = _LineSplitter()

    def split(piece: bytes, start: int, end: int) -> Iterable[RawLine | tuple[LineBlock, int]]:
        block = splitter.block(piece, start, end)
        return splitter.split(piece, start, end) if block is None else (block,)

    yield from _split(file, file_format, splitter, split)
    yield from splitter.rest()


def _split(
    file: BinaryIO,
    file_format: FileFormat,
    splitter: ValueSplitter | _LineSplitter,
    split: Callable[[bytes, int, int], Iterable[Split]],
) -> Iterator[Split]:
    """What `split` makes of the pieces of a file."""
    pieces = uploaded_pieces(file, file_format)
    if file_format.recoded:
        pieces = _recode(pieces, file_format.encoding)
    if file_format.begin:
        pieces = _after(pieces, file_format.begin)
    try:
        for piece, start, end in pieces:
            yield from split(piece, start, end)
            if splitter.unended > MAX_WITHOUT_LINE:
                raise UnreadableFile("It has more than a gigabyte in which only blank lines end.")
    except UnreadableFile as error:
        raise UnreadableFile(f"{error} The file was read up to line {splitter.number:,}.") from error


def lines_of_rows(file: BinaryIO, file_format: FileFormat) -> Iterator[RawLine]:
    """The lines without a header and what is above it."""
    return dropwhile(lambda line: line[0] < file_format.first_line, lines(file, file_format))


def uploaded_pieces(file: BinaryIO, file_format: FileFormat) -> Iterator[Piece]:
    """The bytes of a file, expanded if it is gzipped; `UnreadableFile` where it cannot be expanded."""
    return gzipped.expand(_pieces(file)) if file_format.gzipped else _pieces(file)


def _pieces(file: BinaryIO) -> Iterator[Piece]:
    position = 0
    while piece := file.read(READ_BYTES):
        yield piece, position, position + len(piece)
        position += len(piece)


def _recode(pieces: Iterable[Piece], encoding: str) -> Iterator[Piece]:
    """Text in UTF-16 or UTF-32 as UTF-8; an incomplete character at the end becomes an invalid byte."""
    decoder, end = codecs.getincrementaldecoder(encoding)("surrogatepass"), 0
    for piece, start, end in pieces:
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"After byte {start:,} it is not text in {encoding}.") from error
        yield text.encode("utf-8", "surrogatepass"), start, end
    if decoder.getstate()[0]:
        yield b"\xff", end, end


def _after(pieces: Iterable[Piece], count: int) -> Iterator[Piece]:
    """The pieces without so many bytes at their beginning."""
    for piece, start, end in pieces:
        if count <= len(piece):
            yield piece[count:], start + count * (end - start) // max(1, len(piece)), end
        count = max(0, count - len(piece))


def encoding_of_lines(file_format: FileFormat) -> str:
    """The encoding in which `lines` passes them on."""
    return "utf-8" if file_format.recoded else file_format.encoding


def text_of_line(number: int, raw: bytes, encoding: str) -> str | InputRow:
    """The line as text, or why it is not text."""
    if len(raw) > MAX_LINE:
        return rejected(number, _shown(raw, encoding), LINE_TOO_LONG, f"It is longer than {MAX_LINE:,} bytes.")
    try:
        text = raw.decode() if encoding == "utf-8" else text_of(raw, encoding)
    except UnicodeDecodeError as error:
        at = f"byte {error.start + 1} does not fit" if error.end < error.start + len(raw) else "some bytes do not fit"
        detail = f"It is not text in {encoding}: {at}."
        return rejected(number, _shown(raw, encoding), INVALID_ENCODING, detail)
    if "\0" in text:
        return rejected(number, text, INVALID_ENCODING, "It has a NUL character.")
    return text


def _shown(raw: bytes, encoding: str) -> str:
    return str(raw[: 4 * LONGEST_INPUT], encoding, "replace")


class _LineSplitter:
    """Splits pieces into lines, which may span pieces. `unended` counts the bytes since a line ended.

    A line ends with CR, LF or both, whatever the others do, and an object of JSON with NUL, too. A byte order mark may
    begin any line, because files are joined.
    """

    def __init__(self) -> None:
        self.number = self.unended = 0
        self._begun = bytearray()
        self._after_cr = False
        self._end = 0

    def split(self, piece: bytes, start: int, end: int) -> Iterator[RawLine]:
        """The lines that end in this piece."""
        self._end = end
        self.unended += COST_OF_PIECE + len(piece)
        if self._after_cr or b"\r" in piece:
            piece = self._with_line_feeds(piece)
        if b"\0" in piece:
            piece = self._without_nuls(piece)
        if not (self._begun or piece.strip()):  # nothing but blank lines; there may be a gigabyte of them
            self.number += piece.count(b"\n")
            return
        first, *others = piece.split(b"\n")
        if len(self._begun) <= MAX_LINE:
            self._begun += first[: MAX_LINE + 1 - len(self._begun)]
        if not others:
            return
        scale, offset = (end - start) / len(piece), len(first) + 1
        self.number += 1
        self.unended = 0
        yield self.number, bytes(self._begun).removeprefix(BOM_UTF8), start + int(offset * scale)
        self._begun = bytearray(others.pop())
        joined = BOM_UTF8 in piece
        for line in others:
            self.number += 1
            offset += len(line) + 1
            if joined:
                line = line.removeprefix(BOM_UTF8)  # noqa: PLW2901 - its length counts with the mark
            yield self.number, line, start + int(offset * scale)

    def block(self, piece: bytes, start: int, end: int) -> tuple[LineBlock, int] | None:
        """The lines that end in this piece, if each of them begins with `{` and ends with `}`; else None, to be split.

        Such lines are rows without another look: none is blank, too long, not UTF-8, or has a NUL character.
        """
        rest = piece.rfind(b"\n") + 1
        if not rest or self._after_cr or len(self._begun) + len(piece) > MAX_LINE:
            return None
        if b"\r" in piece or b"\0" in piece or b"\0" in self._begun:
            return None
        block = LineBlock.of(self.number + 1, bytes(self._begun) + piece[:rest])
        if block is None:
            return None
        self.number += block.rows
        self.unended = 0
        self._begun = bytearray(piece[rest:])
        self._end = end
        return block, start + int(rest * (end - start) / len(piece))

    def rest(self) -> Iterator[RawLine]:
        """The last line, if no end of line follows it."""
        if self._begun:
            self.number += 1
            yield self.number, bytes(self._begun).removeprefix(BOM_UTF8), self._end

    def _without_nuls(self, piece: bytes) -> bytes:
        """The piece with LF for each NUL after an object: so messages of GELF are separated."""
        if piece.startswith(b"\0") and self._begun.endswith(b"}"):
            piece = b"\n" + piece[1:]
        return piece.replace(b"}\0", b"}\n")

    def _with_line_feeds(self, piece: bytes) -> bytes:
        """The piece with LF for each end of line; a CR at its end waits for the next piece, which may begin with LF."""
        if self._after_cr:
            piece = b"\r" + piece
        self._after_cr = piece.endswith(b"\r")
        return (piece[:-1] if self._after_cr else piece).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
