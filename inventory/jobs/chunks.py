"""Chunks of a job's file, one for each batch, so that any worker can take any batch without reading the file before it.

A chunk is a file of JSON lines, `[row, text, code, detail, reserved_rows]`, `parts/JOB/NUMBER` in the file store. Where one
ends depends on the rows alone, so two workers that read the same file write the same chunks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import orjson
import structlog

from inventory.errors import NotFound, StorageUnavailable, UnreadableFile
from inventory.files import Files
from inventory.jobs.job_type import JobType
from inventory.jobs.model import Batch, InputRow, Job, NewBatch, ReadPosition
from inventory.json_bytes import dumps

log = structlog.get_logger(__name__)

UPLOADS, CHUNKS = "uploads", "parts"
FILE_LOST = "file_lost"
MAX_BYTES = 4 * 1024 * 1024
"""Bytes of a chunk, which a worker holds in memory; only a single longer row makes a longer one."""
MAX_SKIPPED = 10_000
"""Rows that a reader which resumes skips between two heartbeats; fewer if they have `MAX_BYTES` together."""
MAX_CHUNKS = 8
"""Chunks that are written in one step."""
SPLIT_SECONDS = 1.0
"""Seconds after which a step ends with the next chunk or heartbeat."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A batch that is to be added, and its rows as they are kept."""

    batch: NewBatch
    content: bytes


class Chunks:
    """The chunks of all jobs in the file store. Every method may raise `StorageUnavailable`."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def write(self, job_id: str, chunk: Chunk) -> None:
        """Keep a chunk durably."""
        self._files.put(chunk_name(job_id, chunk.batch.number), chunk.content)

    def input_rows(self, job: Job, batch: Batch, job_type: JobType) -> Sequence[InputRow]:
        """The rows of a batch: from its chunk, else from the job's file; if both are gone, rows that are rejected for it."""
        try:
            input_rows = [_input_row(encoded) for encoded in BytesIO(self._files.get(chunk_name(job.id, batch.number)))]
        except (NotFound, ValueError):
            input_rows = []
        if _are_of(input_rows, batch):
            return input_rows
        log.warning("chunk_lost", job_id=job.id, batch=batch.number)
        input_rows = _read_again(job, batch, job_type)
        return input_rows if _are_of(input_rows, batch) else [_lost(batch.first_row + n) for n in range(batch.rows)]


def unread_rows(batch: Batch) -> Sequence[InputRow]:
    """The rows of a batch that cannot be read. Their numbers are guessed where the file has blank lines."""
    return [InputRow(batch.first_row + number, "") for number in range(batch.rows)]


def upload_name(job_id: str) -> str:
    """The name of a job's file in the file store."""
    return f"{UPLOADS}/{job_id}"


def chunk_name(job_id: str, number: int) -> str:
    """The name of a batch's chunk in the file store."""
    return f"{CHUNKS}/{job_id}/{number:06d}"


def job_of(name: str) -> str:
    """The id of the job of an upload or a chunk."""
    return name.split("/")[1]


def split(
    input_rows: Iterable[tuple[InputRow, int]], position: ReadPosition, *, rows: int, max_bytes: int = MAX_BYTES
) -> Iterator[Chunk | None]:
    """The rows after `position` in chunks of up to `rows` rows and `max_bytes`, lazily; None is a heartbeat before them.

    Raises `UnreadableFile` where `input_rows` does, after the chunk of the rows before that.
    """
    building, unreadable, skipped, characters = _ChunkBuilder(position), None, 0, 0
    try:
        for input_row, end in input_rows:
            if input_row.row <= position.last_row:
                skipped, characters = skipped + 1, characters + len(input_row.text)
                if skipped == MAX_SKIPPED or characters > MAX_BYTES:
                    yield None
                    skipped = characters = 0
            else:
                encoded = dumps([input_row.row, input_row.text, input_row.code, input_row.detail, input_row.reserved_rows])
                if building.rows == rows or len(building.content) + len(encoded) > max_bytes:
                    yield from building.finish()
                building.add(input_row, encoded, end)
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

    def add(self, input_row: InputRow, encoded: bytes, end: int) -> None:
        if not self.rows:
            self.first_row, self.has_reserved_rows = input_row.row, False
        self.content += encoded
        self.content += b"\n"
        self.rows += 1
        self.has_reserved_rows |= input_row.reserved_rows > 1
        self.last_row, self.end = input_row.last_row, end

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
            self._rest = split(job_type.input_rows(self._job), self._position, rows=job_type.batch_rows)
        until = self._ticks() + SPLIT_SECONDS
        for chunk in self._rest:
            if chunk is not None:
                self._chunks.write(self._job.id, chunk)
                self._position = self._position.after(chunk.batch)
                batches.append(chunk.batch)
            if len(batches) == MAX_CHUNKS or self._ticks() >= until:
                return True
        return False


def _input_row(encoded: bytes) -> InputRow:
    try:
        return InputRow(*orjson.loads(encoded))
    except ValueError:  # half of a surrogate pair, which JSON allows and orjson does not
        return InputRow(*json.loads(encoded))


def _are_of(input_rows: Sequence[InputRow], batch: Batch) -> bool:
    if not input_rows:
        return False
    return (len(input_rows), input_rows[0].row, input_rows[-1].last_row) == (batch.rows, batch.first_row, batch.last_row)


def _read_again(job: Job, batch: Batch, job_type: JobType) -> list[InputRow]:
    input_rows = []
    try:
        for input_row, _ in job_type.input_rows(job):
            if input_row.row > batch.last_row:
                break
            if input_row.row >= batch.first_row:
                input_rows.append(input_row)
    except (NotFound, UnreadableFile):
        input_rows.clear()
    return input_rows


def _lost(row: int) -> InputRow:
    return InputRow(row, "", FILE_LOST, "The file that this row was in is gone from the file store. Import it again.")
