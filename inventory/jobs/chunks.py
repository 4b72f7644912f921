"""Chunks of a job's file, one for each batch, so that any worker can take any batch without reading the file before it.

A chunk is a file `parts/JOB/NUMBER` in the file store: a JSON object of the numbers of its `rows`, their `texts`, and
`[code, detail, reserved_rows]` of those `others`, by position, that are not just a text. One of whole lines has the number
of the first, and then these lines as they are. Where one ends depends on the file alone, so two workers that read the same
file write the same chunks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import orjson
import structlog

from inventory.errors import NotFound, StorageUnavailable, UnreadableFile
from inventory.files import Files
from inventory.jobs.job_type import JobType
from inventory.jobs.line_blocks import COST_OF_ROW, LineBlock, Pairs, each_row
from inventory.jobs.model import Batch, InputRow, Job, NewBatch, ReadPosition
from inventory.json_bytes import dumps

log = structlog.get_logger(__name__)

UPLOADS, CHUNKS = "uploads", "parts"
FILE_LOST = "file_lost"
MAX_BYTES = 4 * 1024 * 1024
"""Bytes of the rows of a chunk, which a worker holds in memory; only a single longer row makes a longer one."""
LINES = b"lines "
"""How a chunk of whole lines begins: the number of the first row follows, then LF."""
MAX_SKIPPED = 10_000
"""Rows that a reader which resumes skips between two heartbeats; fewer if they have `MAX_BYTES` together."""
MAX_CHUNKS, MAX_ROWS = 8, 10_000
"""Chunks that are written in one step, and rows after which it ends, so that other workers get some soon."""
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
        """Keep a chunk. It is not flushed: one that is lost when the power fails is read again from the job's file."""
        self._files.put(chunk_name(job_id, chunk.batch.number), chunk.content, durable=False)

    def input_rows(self, job: Job, batch: Batch, job_type: JobType) -> Sequence[InputRow]:
        """The rows of a batch: from its chunk, else from the job's file; if both are gone, rows that are rejected for it."""
        try:
            input_rows: Sequence[InputRow] = _input_rows(self._files.get(chunk_name(job.id, batch.number)))
        except (NotFound, ValueError, LookupError, TypeError):
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
            content = b"%s%d\n%s" % (LINES, self.first_row, b"".join(block.content for block in self.blocks))
        else:
            content = dumps({"rows": self.rows, "texts": self.texts, "others": self.others})
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


def _input_rows(content: bytes) -> Sequence[InputRow]:
    if content.startswith(LINES):
        first_row, _, lines = content.removeprefix(LINES).partition(b"\n")
        if b"\0" in lines or not lines.endswith(b"\n"):
            raise ValueError("The power failed before the disk had all of it.")
        return LineBlock(int(first_row), lines).input_rows()
    if not content.startswith(b"{"):  # of an earlier version: a list a line
        return [InputRow(*_loads(encoded)) for encoded in BytesIO(content)]
    kept = _loads(content)
    input_rows = list(map(InputRow, kept["rows"], kept["texts"]))
    for position, rest in kept["others"].items():
        input_rows[int(position)] = InputRow(*input_rows[int(position)][:2], *rest)
    return input_rows


def _loads(encoded: bytes) -> Any:
    try:
        return orjson.loads(encoded)
    except ValueError:  # half of a surrogate pair, which JSON allows and orjson does not
        return json.loads(encoded)


def _are_of(input_rows: Sequence[InputRow], batch: Batch) -> bool:
    if not input_rows:
        return False
    return (len(input_rows), input_rows[0].row, input_rows[-1].last_row) == (batch.rows, batch.first_row, batch.last_row)


def _read_again(job: Job, batch: Batch, job_type: JobType) -> list[InputRow]:
    input_rows = []
    try:
        for input_row in each_row(job_type.input_rows(job)):
            if input_row.row > batch.last_row:
                break
            if input_row.row >= batch.first_row:
                input_rows.append(input_row)
    except (NotFound, UnreadableFile):
        input_rows.clear()
    return input_rows


def _lost(row: int) -> InputRow:
    return InputRow(row, "", FILE_LOST, "The file that this row was in is gone from the file store. Import it again.")
