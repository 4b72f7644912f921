"""Chunks of a job's file, one for each batch, so that any worker can take any batch without reading the file before it.

A chunk is a file of JSON lines, `[row, text, code, detail, reserved_rows]`, `parts/JOB/NUMBER` in the file store.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import orjson
import structlog

from inventory.errors import NotFound, UnreadableFile
from inventory.files import Files
from inventory.jobs.job_type import JobType
from inventory.jobs.model import Batch, InputRow, Job, NewBatch

log = structlog.get_logger(__name__)

UPLOADS, CHUNKS = "uploads", "parts"
FILE_LOST = "file_lost"


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

    def lines(self, job: Job, batch: Batch, job_type: JobType) -> Sequence[InputRow]:
        """The rows of a batch: from its chunk, else from the job's file; if both are gone, rows that are rejected for it."""
        try:
            lines = [_line(encoded) for encoded in BytesIO(self._files.get(chunk_name(job.id, batch.number)))]
        except (NotFound, ValueError):
            lines = []
        if _are_of(lines, batch):
            return lines
        log.warning("chunk_lost", job_id=job.id, batch=batch.number)
        lines = _read_again(job, batch, job_type)
        return lines if _are_of(lines, batch) else [_lost(batch.first_row + n) for n in range(batch.rows)]


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


def _line(encoded: bytes) -> InputRow:
    try:
        return InputRow(*orjson.loads(encoded))
    except ValueError:  # half of a surrogate pair, which JSON allows and orjson does not
        return InputRow(*json.loads(encoded))


def _are_of(lines: Sequence[InputRow], batch: Batch) -> bool:
    if not lines:
        return False
    return (len(lines), lines[0].row, lines[-1].last_row) == (batch.rows, batch.first_row, batch.last_row)


def _read_again(job: Job, batch: Batch, job_type: JobType) -> list[InputRow]:
    lines = []
    try:
        for line, _ in job_type.lines(job):
            if line.row > batch.last_row:
                break
            if line.row >= batch.first_row:
                lines.append(line)
    except (NotFound, UnreadableFile):
        lines.clear()
    return lines


def _lost(row: int) -> InputRow:
    return InputRow(row, "", FILE_LOST, "The file that this row was in is gone from the file store. Import it again.")
