"""Writes the chunks of a job's file, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inventory.errors import NotFound, StorageUnavailable, UnreadableFile
from inventory.jobs.chunks import Chunks
from inventory.jobs.job_type import JobType
from inventory.jobs.model import Job, NewBatch, ReadPosition
from inventory.jobs.splitting import Chunk, split

MAX_CHUNKS, MAX_ROWS = 8, 10_000
"""Chunks that are written in one step, and rows after which it ends, so that other workers get some soon."""
SPLIT_SECONDS = 1.0
"""Seconds after which a step ends with the next chunk or heartbeat."""


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
