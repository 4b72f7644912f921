"""Chunks of a job's file, one for each batch, so that any worker can take any batch without reading the file before it.

A chunk is a file `parts/JOB/NUMBER` in the file store: a JSON object of the numbers of its `rows`, their `texts`, and
`[code, detail, reserved_rows]` of those `others`, by position, that are not just a text. One of whole lines has the number
of the first, and then these lines as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import orjson
import structlog

from inventory.errors import NotFound, UnreadableFile
from inventory.files import Files
from inventory.jobs.job_type import JobType
from inventory.jobs.line_blocks import LineBlock, LineRows, each_row
from inventory.jobs.model import Batch, InputRow, Job, NewBatch
from inventory.json_bytes import dumps

log = structlog.get_logger(__name__)

UPLOADS, CHUNKS = "uploads", "parts"
FILE_LOST = "file_lost"
LINES = b"lines "
"""How a chunk of whole lines begins: the number of the first row follows, then LF."""


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


def upload_name(job_id: str) -> str:
    """The name of a job's file in the file store."""
    return f"{UPLOADS}/{job_id}"


def chunk_name(job_id: str, number: int) -> str:
    """The name of a batch's chunk in the file store."""
    return f"{CHUNKS}/{job_id}/{number:06d}"


def job_of(name: str) -> str:
    """The id of the job of an upload or a chunk."""
    return name.split("/")[1]


def content_of_lines(blocks: Sequence[LineBlock]) -> bytes:
    """The chunk of the lines of blocks that follow each other."""
    return b"".join([b"%s%d\n" % (LINES, blocks[0].first_row), *(block.content for block in blocks)])


def content_of_rows(rows: Sequence[int], texts: Sequence[str], others: Mapping[str, Sequence[Any]]) -> bytes:
    """The chunk of rows."""
    return dumps({"rows": rows, "texts": texts, "others": others})


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


def _input_rows(content: bytes) -> Sequence[InputRow]:
    """The rows of a chunk; `ValueError`, `LookupError` or `TypeError` if it is damaged."""
    if content.startswith(LINES):
        if b"\0" in content or not content.endswith(b"\n"):
            raise ValueError("The power failed before the disk had all of it.")
        end = content.index(b"\n")
        return LineRows.of(int(content[len(LINES) : end]), memoryview(content)[end + 1 :])
    if not content.startswith(b"{"):  # of an earlier version: a list a line
        return [InputRow(*_loads(encoded)) for encoded in BytesIO(content)]
    kept = _loads(content)
    rows = list(map(InputRow, kept["rows"], kept["texts"]))
    for position, rest in kept["others"].items():
        rows[int(position)] = InputRow(*rows[int(position)][:2], *rest)
    return rows


def _loads(encoded: bytes) -> Any:
    try:
        return orjson.loads(encoded)
    except ValueError:  # half of a surrogate pair, which JSON allows and orjson does not
        return json.loads(encoded)
