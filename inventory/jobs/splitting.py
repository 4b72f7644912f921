"""Splitting a job's file into chunks, one for each batch.

Where a chunk ends depends on the rows alone, so two workers that read the same file write the same chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from inventory.errors import NotFound, StorageUnavailable, UnreadableFile
from inventory.jobs.chunks import Chunk, Chunks
from inventory.jobs.job_type import JobType
from inventory.jobs.model import InputRow, Job, NewBatch
from inventory.json_bytes import dumps

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of a chunk, which a worker holds in memory; only a single longer row makes a longer one."""
MAX_SKIPPED = 10_000
"""Rows that a reader which resumes skips between two heartbeats; fewer if they have `MAX_BYTES` together."""
MAX_CHUNKS = 8
"""Chunks that are written in one step."""
SPLIT_SECONDS = 1.0
"""Seconds after which a step ends with the next chunk or heartbeat."""


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """How far a file was read: its chunks, last row, rows and bytes; `rows` is None where an input row may become many."""

    number: int = 0
    last_row: int = 0
    rows: int | None = 0
    bytes: int = 0

    @classmethod
    def of(cls, checkpoint: str | None) -> ReadPosition:
        """The position in a checkpoint; without one the start of the file."""
        return cls(*orjson.loads(checkpoint)) if checkpoint else cls()

    @property
    def checkpoint(self) -> str:
        """The position as JSON."""
        return orjson.dumps([self.number, self.last_row, self.rows, self.bytes]).decode()

    def after(self, batch: NewBatch) -> ReadPosition:
        """The position at the end of the next chunk."""
        rows = None if self.rows is None or batch.has_reserved_rows else self.rows + batch.rows
        return ReadPosition(batch.number, batch.last_row, rows, self.bytes + batch.bytes)


def split(
    lines: Iterable[tuple[InputRow, int]], position: ReadPosition, *, rows: int, max_bytes: int = MAX_BYTES
) -> Iterator[Chunk | None]:
    """The rows after `position` in chunks of up to `rows` rows and `max_bytes`, lazily; None is a heartbeat before them.

    Raises `UnreadableFile` where `lines` does, after the chunk of the rows before that.
    """
    building, unreadable, skipped, characters = _ChunkBuilder(position), None, 0, 0
    try:
        for line, end in lines:
            if line.row <= position.last_row:
                skipped, characters = skipped + 1, characters + len(line.text)
                if skipped == MAX_SKIPPED or characters > MAX_BYTES:
                    yield None
                    skipped = characters = 0
            else:
                encoded = dumps([line.row, line.text, line.code, line.detail, line.reserved_rows])
                if building.rows == rows or len(building.content) + len(encoded) > max_bytes:
                    yield from building.finish()
                building.add(line, encoded, end)
    except UnreadableFile as error:
        unreadable = error
    yield from building.finish()
    if unreadable is not None:
        raise unreadable


@dataclass(slots=True)
class _ChunkBuilder:
    """The chunk that is being filled. Its rows are copied, because what orjson returns keeps the 4 KB that it wrote into."""

    position: ReadPosition
    content: bytearray = field(default_factory=bytearray)
    rows: int = 0
    first_row: int = 0
    last_row: int = 0
    end: int = 0
    has_reserved_rows: bool = False

    def add(self, line: InputRow, encoded: bytes, end: int) -> None:
        if not self.rows:
            self.first_row, self.has_reserved_rows = line.row, False
        self.content += encoded
        self.content += b"\n"
        self.rows += 1
        self.has_reserved_rows |= line.reserved_rows > 1
        self.last_row, self.end = line.last_row, end

    def finish(self) -> Iterator[Chunk]:
        """The chunk, unless it is empty; then the next one begins."""
        if not self.rows:
            return
        number, size = self.position.number + 1, self.end - self.position.bytes
        batch = NewBatch(number, self.first_row, self.last_row, self.rows, size, self.has_reserved_rows)
        content = bytes(self.content)
        self.position, self.content, self.rows = self.position.after(batch), bytearray(), 0
        yield Chunk(batch, content)


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
            self._rest = split(job_type.lines(self._job), self._position, rows=job_type.batch_rows)
        until = self._ticks() + SPLIT_SECONDS
        for chunk in self._rest:
            if chunk is not None:
                self._chunks.write(self._job.id, chunk)
                self._position = self._position.after(chunk.batch)
                batches.append(chunk.batch)
            if len(batches) == MAX_CHUNKS or self._ticks() >= until:
                return True
        return False
