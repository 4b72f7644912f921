"""The chunks of a job in the file store: with them any worker takes any batch without reading the file before it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from inventory.errors import NotFound, UnreadableFile
from inventory.files import Files
from inventory.jobs import chunk_format
from inventory.jobs.file_names import chunk_name
from inventory.jobs.job_type import JobType
from inventory.jobs.line_blocks import each_row
from inventory.jobs.model import Batch, InputRow, Job
from inventory.jobs.splitting import Chunk

log = structlog.get_logger(__name__)

FILE_LOST = "file_lost"


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
            input_rows: Sequence[InputRow] = chunk_format.input_rows(self._files.get(chunk_name(job.id, batch.number)))
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
