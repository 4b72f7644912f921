"""What readers of documents are given and what they find; shared by the program that reads and the one that asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

READ_BYTES = 256 * 1024
MAX_TEXT = 16 * 1024
"""Characters of an entry; of a longer one these and one more are passed on, which tells that it was longer."""
MAX_SAMPLE_TEXT, MAX_COLUMNS = 256, 1_000
"""Characters and cells of a row of a sheet that are passed on to find out its columns."""


class UnreadableDocument(Exception):
    """The rest of the document cannot be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """What a document turned out to be: its shape, the encoding of its text, and what its values are called in it."""

    shape: str
    encoding: str = "utf-8"
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a document: the sheet that it is on, its number from 1, and its cells; most have one, the value."""

    number: int
    cells: Sequence[str]
    sheet: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Which rows of a workbook are wanted: so many of each sheet as a `sample`, or all with `columns` of some sheets."""

    sample: int | None = None
    columns: Mapping[int, Sequence[int]] | None = None


class Document:
    """The bytes of a document as they arrive, and what of it is wanted; `on_read` is told how many were read, each time."""

    def __init__(self, file: BinaryIO, extent: Extent, on_read: Callable[[int], None]) -> None:
        self._file, self._on_read = file, on_read
        self.extent = extent
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes: up to `size`, or all that are left."""
        pieces, left = list[bytes](), size
        while left and (piece := self._file.read(min(left, READ_BYTES) if left > 0 else READ_BYTES)):
            self.position += len(piece)
            self._on_read(self.position)
            pieces.append(piece)
            if size >= 0:
                break
        return b"".join(pieces)


Found = tuple[DocumentKind, Iterator[Entry]]
