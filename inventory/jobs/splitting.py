"""Divides the rows of a job's file into chunks, one for each batch.

Where one ends depends on the file alone, so two workers that read the same file write the same chunks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import UnreadableFile
from inventory.jobs import chunk_format
from inventory.jobs.line_blocks import COST_OF_ROW, LineBlock, Pairs
from inventory.jobs.model import InputRow, NewBatch, ReadPosition

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of the rows of a chunk, which a worker holds in memory; only a single longer row makes a longer one."""
MAX_SKIPPED = 10_000
"""Rows that a reader which resumes skips between two heartbeats; fewer if they have `MAX_BYTES` together."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A batch that is to be added, and its rows as they are kept."""

    batch: NewBatch
    content: bytes


def split(pairs: Pairs, position: ReadPosition, *, rows: int, max_bytes: int = MAX_BYTES) -> Iterator[Chunk | None]:
    """The rows after `position` in chunks of up to `rows` rows and `max_bytes`, lazily; None is a heartbeat before them.

    Raises `UnreadableFile` where `pairs` does, after the chunk of the rows before that.
    """
    building, unreadable = _ChunkBuilder(position), None
    try:
        for found in _after(pairs, position.last_row, rows, max_bytes):
            if found is None:
                yield None
                continue
            each, end = found
            count, size = (each.rows, each.size) if isinstance(each, LineBlock) else (1, _size(each))
            if building.count + count > rows or (building.count and building.size + size > max_bytes):
                yield from building.finish()
            if isinstance(each, LineBlock):
                building.add_block(each, end)
            else:
                building.add(each, size, end)
    except UnreadableFile as error:
        unreadable = error
    yield from building.finish()
    if unreadable is not None:
        raise unreadable


def _after(pairs: Pairs, last_row: int, rows: int, max_bytes: int) -> Iterator[tuple[InputRow | LineBlock, int] | None]:
    """What comes after a row; a block that began before it, or is too large for a chunk, row by row. None is a heartbeat."""
    skipped = characters = 0
    for each, end in pairs:
        if isinstance(each, LineBlock):
            if each.first_row > last_row and each.rows <= rows and each.size <= max_bytes:
                yield each, end
                continue
            if each.last_row > last_row:
                yield from ((row, end) for row in each.input_rows() if row.row > last_row)
                continue
            skipped, characters = skipped + each.rows, characters + len(each.content)
        elif each.row > last_row:
            yield each, end
            continue
        else:
            skipped, characters = skipped + 1, characters + len(each.text)
        if skipped >= MAX_SKIPPED or characters > MAX_BYTES:
            yield None
            skipped = characters = 0


@dataclass(slots=True)
class _ChunkBuilder:
    """The chunk that is being filled: with rows, or with `blocks` alone, which become rows if a row comes."""

    position: ReadPosition
    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    others: dict[str, Sequence[Any]] = field(default_factory=dict)
    blocks: list[LineBlock] = field(default_factory=list)
    count: int = 0
    size: int = 0
    first_row: int = 0
    last_row: int = 0
    end: int = 0
    has_reserved_rows: bool = False

    def add(self, input_row: InputRow, size: int, end: int) -> None:
        if self.blocks:
            self._take_apart()
        row, text, code, detail, reserved_rows = input_row
        if code is not None or reserved_rows > 1:
            self.others[str(len(self.rows))] = code, detail, reserved_rows
            self.has_reserved_rows |= reserved_rows > 1
        self.rows.append(row)
        self.texts.append(text)
        self._count(row, row + reserved_rows - 1, 1, size, end)

    def add_block(self, block: LineBlock, end: int) -> None:
        self.blocks.append(block)
        if self.rows or (self.count and block.first_row != self.last_row + 1):
            self._take_apart()
        self._count(block.first_row, block.last_row, block.rows, block.size, end)

    def finish(self) -> Iterator[Chunk]:
        """The chunk, unless it is empty; then the next one begins."""
        if not self.count:
            return
        number, size = self.position.number + 1, self.end - self.position.bytes
        batch = NewBatch(number, self.first_row, self.last_row, self.count, size, self.has_reserved_rows)
        if self.blocks:
            content = chunk_format.of_lines(self.blocks)
        else:
            content = chunk_format.of_rows(self.rows, self.texts, self.others)
        self.position, self.count, self.size, self.has_reserved_rows = self.position.after(batch), 0, 0, False
        self.rows, self.texts, self.others, self.blocks = [], [], {}, []
        yield Chunk(batch, content)

    def _count(self, first_row: int, last_row: int, count: int, size: int, end: int) -> None:
        if not self.count:
            self.first_row = first_row
        self.count += count
        self.size += size
        self.last_row, self.end = last_row, end

    def _take_apart(self) -> None:
        """Add the rows of all blocks to the others."""
        for block in self.blocks:
            rows = block.input_rows()
            self.rows += range(rows.first_row, rows.first_row + len(rows))
            self.texts += rows.texts
        self.blocks = []


def _size(input_row: InputRow) -> int:
    text = input_row.text
    return COST_OF_ROW + (len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))
