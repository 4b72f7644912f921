"""Divides the rows of a job's file into chunks, one for each batch.

Where one ends depends on the file alone, so two workers that read the same file write the same chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import NotFound, StorageUnavailable, UnreadableFile
from inventory.jobs.chunks import Chunk, Chunks, content_of_lines, content_of_rows
from inventory.jobs.job_type import JobType
from inventory.jobs.line_blocks import COST_OF_ROW, LineBlock, Pairs
from inventory.jobs.model import InputRow, Job, NewBatch, ReadPosition

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of the rows of a chunk, which a worker holds in memory; only a single longer row makes a longer one."""
MAX_SKIPPED = 10_000
"""Rows that a reader which resumes skips between two heartbeats; fewer if they have `MAX_BYTES` together."""
MAX_CHUNKS, MAX_ROWS = 8, 10_000
"""Chunks that are written in one step, and rows after which it ends, so that other workers get some soon."""
SPLIT_SECONDS = 1.0
"""Seconds after which a step ends with the next chunk or heartbeat."""


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
        content = content_of_lines(self.blocks) if self.blocks else content_of_rows(self.rows, self.texts, self.others)
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


@dataclass(frozen=True, slots=True)
class Splitting:
    """The new batches of a step, and how far the file was read; at its `end`, `error` says what could not be read of it."""

    batches: Sequence[NewBatch]
    position: ReadPosition
    end: bool = False
    error: str | None = None


class FileSplitter:
    """Writes the chunks of a job's file, step by step, from where a checkpoint says."""

    def __init__(
        self,
        job: Job,
        checkpoint: str | None,
        types: Mapping[str, JobType],
        chunks: Chunks,
        note_fault: Callable[..., None],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ticks` counts seconds."""
        self._job, self._types, self._chunks = job, types, chunks
        self._note_fault, self._ticks = note_fault, ticks
        self._position = ReadPosition.of(checkpoint)
        self._rest: Iterator[Chunk | None] | None = None

    def step(self) -> Splitting:
        """Write the next chunks. `StorageUnavailable` ends the splitting: it begins again at the last checkpoint."""
        batches, error = list[NewBatch](), None
        try:
            if self._write_chunks(batches):
                return Splitting(batches, self._position)
        except UnreadableFile as failure:
            error = str(failure)
        except NotFound:  # its text names a path in the file store
            error = f"The file of the job {self._job.id} is gone from the file store. Import it again."
        except StorageUnavailable:
            raise
        except Exception as fault:  # noqa: BLE001 - the outermost edge of reading a file: noted, and the job's error
            row = self._position.last_row
            self._note_fault(fault, where="reading", row=row)
            error = f"The file was not read beyond row {row} because of an internal error in the inventory. See its log."
        return Splitting(batches, self._position, end=True, error=error)

    def _write_chunks(self, batches: list[NewBatch]) -> bool:
        """Write chunks and add their batches to `batches`; False at the end of the file."""
        if self._rest is None:
            job_type = self._types[self._job.kind]
            self._rest = split(job_type.input_rows(self._job), self._position, rows=job_type.batch_rows)
        until, rows = self._ticks() + SPLIT_SECONDS, 0
        for chunk in self._rest:
            if chunk is not None:
                self._chunks.write(self._job.id, chunk)
                self._position = self._position.after(chunk.batch)
                batches.append(chunk.batch)
                rows += chunk.batch.rows
            if len(batches) == MAX_CHUNKS or rows >= MAX_ROWS or self._ticks() >= until:
                return True
        return False
