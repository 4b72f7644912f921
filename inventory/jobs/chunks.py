"""Parts: what a job's file is cut into, so that any worker can take up any batch without reading the file before it.

A part is a file of JSON lines, `[row, text, code, detail, span]`, `parts/JOB/NUMBER` in the file store. Where a file is cut
depends on its rows alone, so two workers that read the same file write the same parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import orjson
import structlog

from inventory.errors import NotFound, UnreadableFile
from inventory.files import Files
from inventory.jobs.job_type import JobType
from inventory.jobs.model import Batch, InputRow, Job, NewBatch
from inventory.json_bytes import dumps

log = structlog.get_logger(__name__)

UPLOADS, PARTS = "uploads", "parts"
MOST_BYTES = 4 * 1024 * 1024
"""Bytes of a part, as a worker has them in memory; only a single longer row makes a longer one."""
PASSED = 10_000
"""Lines that are passed over before a reader that resumes can say that it is alive, or fewer of `MOST_BYTES` together."""
FILE_LOST = "file_lost"


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """How far the reading of a file has come: the last cut's number and last row, and the rows and bytes up to there.

    `rows` is None where lines stand for nobody knows how many.
    """

    number: int = 0
    last_row: int = 0
    rows: int | None = 0
    bytes: int = 0

    @classmethod
    def of(cls, checkpoint: str | None) -> ReadPosition:
        """The place that a checkpoint notes; without one the start of the file."""
        return cls(*orjson.loads(checkpoint)) if checkpoint else cls()

    @property
    def checkpoint(self) -> str:
        """The place as JSON."""
        return orjson.dumps([self.number, self.last_row, self.rows, self.bytes]).decode()

    def behind(self, batch: NewBatch) -> ReadPosition:
        """The place behind the next cut."""
        rows = None if self.rows is None or batch.has_reserved_rows else self.rows + batch.rows
        return ReadPosition(batch.number, batch.last_row, rows, self.bytes + batch.bytes)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A batch to be, and its lines as they are kept."""

    batch: NewBatch
    content: bytes


def split(
    lines: Iterable[tuple[InputRow, int]], place: ReadPosition, *, rows: int, most_bytes: int = MOST_BYTES
) -> Iterator[Chunk | None]:
    """What is behind `place` as parts of up to `rows` lines and `most_bytes`, lazily; None now and then on the way there.

    Raises `UnreadableFile` where `lines` does, but the lines before that come first.
    """
    growing, unreadable, passed, characters = _Growing(place), None, 0, 0
    try:
        for line, position in lines:
            if line.row <= place.last_row:
                passed, characters = passed + 1, characters + len(line.text)
                if passed == PASSED or characters > MOST_BYTES:
                    yield None
                    passed = characters = 0
            else:
                encoded = dumps([line.row, line.text, line.code, line.detail, line.reserved_rows])
                if growing.rows == rows or len(growing.content) + len(encoded) > most_bytes:
                    yield from growing.cut_off()
                growing.add(line, encoded, position)
    except UnreadableFile as error:
        unreadable = error
    yield from growing.cut_off()
    if unreadable is not None:
        raise unreadable


@dataclass(slots=True)
class _Growing:
    """The part that is being filled; its lines are copied, because what orjson returns keeps the 4 KB that it wrote into."""

    place: ReadPosition
    content: bytearray = field(default_factory=bytearray)
    rows: int = 0
    first_row: int = 0
    last_row: int = 0
    position: int = 0
    has_reserved_rows: bool = False

    def add(self, line: InputRow, encoded: bytes, position: int) -> None:
        if not self.rows:
            self.first_row, self.has_reserved_rows = line.row, False
        self.content += encoded
        self.content += b"\n"
        self.rows += 1
        self.has_reserved_rows |= line.reserved_rows > 1
        self.last_row, self.position = line.last_row, position

    def cut_off(self) -> Iterator[Chunk]:
        """The part as it is, unless it is empty; then the next one begins."""
        if not self.rows:
            return
        bytes_read = self.position - self.place.bytes
        batch = NewBatch(self.place.number + 1, self.first_row, self.last_row, self.rows, bytes_read, self.has_reserved_rows)
        content = bytes(self.content)
        self.place, self.content, self.rows = self.place.behind(batch), bytearray(), 0
        yield Chunk(batch, content)


class Chunks:
    """The parts of all jobs in the file store. Every method may raise `StorageUnavailable`."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def write(self, job_id: str, part: Chunk) -> None:
        """Keep a part durably."""
        self._files.put(part_name(job_id, part.batch.number), part.content)

    def lines(self, job: Job, batch: Batch, kind: JobType) -> Sequence[InputRow]:
        """The lines of a batch: from its part, or from the job's file if the part is not what it was.

        If that is gone too, lines that say so: nothing can be done for them, but they are accounted for.
        """
        try:
            lines = [_line(encoded) for encoded in BytesIO(self._files.get(part_name(job.id, batch.number)))]
        except (NotFound, ValueError):
            lines = []
        if _are_of(lines, batch):
            return lines
        log.warning("part_lost", job_id=job.id, batch=batch.number)
        lines = _read_again(job, batch, kind)
        return lines if _are_of(lines, batch) else [_lost(batch.first_row + n) for n in range(batch.rows)]


def upload_name(job_id: str) -> str:
    """The name of a job's file in the file store."""
    return f"{UPLOADS}/{job_id}"


def part_name(job_id: str, number: int) -> str:
    """The name of a batch's part in the file store."""
    return f"{PARTS}/{job_id}/{number:06d}"


def job_of(name: str) -> str:
    """The id of the job that an upload or a part is of."""
    return name.split("/")[1]


def _line(encoded: bytes) -> InputRow:
    try:
        return InputRow(*orjson.loads(encoded))
    except ValueError:  # half of a surrogate pair, which JSON allows and orjson does not
        return InputRow(*json.loads(encoded))


def _are_of(lines: Sequence[InputRow], batch: Batch) -> bool:
    if not lines:
        return False
    return (len(lines), lines[0].row, lines[-1].last_row) == (batch.rows, batch.first_row, batch.last_row)


def _read_again(job: Job, batch: Batch, kind: JobType) -> list[InputRow]:
    lines = []
    try:
        for line, _ in kind.lines(job):
            if line.row > batch.last_row:
                break
            if line.row >= batch.first_row:
                lines.append(line)
    except (NotFound, UnreadableFile):
        lines.clear()
    return lines


def _lost(row: int) -> InputRow:
    return InputRow(row, "", FILE_LOST, "The file that this row was in is gone from the file store. Import it again.")
