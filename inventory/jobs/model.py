"""Bulk work: jobs, the batches that workers take, and the rows whose outcomes are counted.

A job's file is read once and split into batches; one worker at a time has the lease of a batch. A row's outcome is written
once and never changes. A batch's counts are recounted from the outcomes, so they stay exact when a worker dies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from inventory.limits import Limits, limits_of

SPLITTING = 0
"""The number of the batch that stands for splitting a job's file into the others, which count from 1."""
LONGEST_INPUT = 1_024
"""Characters of a row's input that are kept with its outcome."""
COLUMN = "column"
"""The option that names the column or member of the job's file with the rows' values."""
FILE_FORMAT = "file_format"
"""The option that keeps what was found out about the job's file when it was uploaded. Clients do not send it."""
LIMITS = "limits"
"""The option that keeps what the key that made the job was limited to. Clients do not send it."""


class JobStatus(StrEnum):
    """The status of a job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether nothing changes any more."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class RowOutcome(StrEnum):
    """How a row ended. `rejected`: it could never have been worked on as it is; `failed`: it may be retried."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by outcome, and the bytes of the file that the finished batches stand for."""

    succeeded: int = 0
    failed: int = 0
    rejected: int = 0
    bytes_read: int = 0

    @property
    def processed(self) -> int:
        """Rows that have an outcome."""
        return self.succeeded + self.failed + self.rejected


@dataclass(frozen=True, slots=True)
class Job:
    """Bulk work with many rows. `id` is 32 hexadecimal digits; `total`, in rows, is None until all of the file was read.

    `kind` is the name of its `JobType`, which gives the JSON-ready `options` their meaning. `error` is a sentence when
    something stopped the job, or part of its file could not be read. `file_size` and `counts.bytes_read` are bytes of the
    file as uploaded; a job without a file has None for the file's fields. `owner` is the id of the key that made the job, ""
    without one.
    """

    id: str
    kind: str
    created_at: datetime
    file_name: str | None = None
    file_size: int | None = None
    sha256: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    status: JobStatus = JobStatus.QUEUED
    started_at: datetime | None = None
    finished_at: datetime | None = None
    total: int | None = None
    counts: Counts = Counts()
    error: str | None = None
    owner: str = ""

    @property
    def label(self) -> str:
        """What people call it: the name of its file, else its kind."""
        return self.file_name or self.kind

    @property
    def limits(self) -> Limits | None:
        """What its rows are limited to."""
        return limits_of(self.options.get(LIMITS))

    @property
    def dedup_key(self) -> str:
        """The same for two jobs that would do the same: kind, bytes if any, options. No two unfinished jobs share it."""
        options = ",".join(f"{name}={self.options[name]}" for name in sorted(self.options) if name != FILE_FORMAT)
        return f"{self.kind} {self.sha256 or ''} {options}"


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that is to be added: its number from 1, the numbers of its first and last row, and its bytes of the file.

    A row has the number of the line where it begins, so there may be fewer `rows` than numbers. With `has_reserved_rows` an
    input row may become many rows, and how many is known only at the end.
    """

    number: int
    first_row: int
    last_row: int
    rows: int
    bytes: int
    has_reserved_rows: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A claimed part of a job. `lease` and `fence` together are the right to change it; the lease ends at `due_at`.

    `checkpoint` is the job type's own JSON text on how far it came. `implicit_successes` counts the rows that succeeded
    without an outcome of their own. `attempt` counts the claims since the batch last advanced.
    """

    job_id: str
    number: int
    first_row: int
    last_row: int
    rows: int
    bytes: int
    due_at: datetime
    lease: str
    fence: int
    attempt: int
    implicit_successes: int = 0
    checkpoint: str | None = None


class InputRow(NamedTuple):
    """One row as it was read, before it has an outcome; `code` and `detail` say why it cannot be worked on, if so.

    One that becomes many rows reserves `reserved_rows` numbers for them, its own first. It is a tuple because there are
    millions of them, and a frozen dataclass takes three times as long to make.
    """

    row: int
    text: str
    code: str | None = None
    detail: str | None = None
    reserved_rows: int = 1

    @property
    def last_row(self) -> int:
        """The last number that is reserved for it."""
        return self.row + self.reserved_rows - 1

    def outcome(
        self,
        outcome: RowOutcome,
        now: datetime,
        *,
        record_id: str | None = None,
        code: str | None = None,
        detail: str | None = None,
    ) -> Row:
        """The row that this one became."""
        return Row(self.row, self.text[:LONGEST_INPUT], outcome, now, record_id, code, detail)


@dataclass(frozen=True, slots=True)
class Row:
    """A row's outcome, and why. `row` is the line where it begins, from 1, `input` at most `LONGEST_INPUT` characters."""

    row: int
    input: str
    outcome: RowOutcome
    finished_at: datetime
    record_id: str | None = None
    code: str | None = None
    detail: str | None = None


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
        return cls(*json.loads(checkpoint)) if checkpoint else cls()

    @property
    def checkpoint(self) -> str:
        """The position as JSON."""
        return json.dumps([self.number, self.last_row, self.rows, self.bytes])

    def after(self, batch: NewBatch) -> ReadPosition:
        """The position at the end of the next chunk."""
        rows = None if self.rows is None or batch.has_reserved_rows else self.rows + batch.rows
        return ReadPosition(batch.number, batch.last_row, rows, self.bytes + batch.bytes)


@dataclass(frozen=True, slots=True)
class RowProgress:
    """How far a batch has come whose rows are worked on one by one; written out, it is the batch's checkpoint.

    `through` is the last row that was worked on. Those from `first` to `last` are in progress, for the `takes`-th time; if
    there are none, the whole batch is. Rows up to `alone_to` are begun alone, for the `alone_takes`-th time. `checkpoint` is
    that of the job type.
    """

    through: int = 0
    first: int = 0
    last: int = 0
    takes: int = 0
    alone_to: int = 0
    alone_takes: int = 0
    checkpoint: str | None = None

    @classmethod
    def of(cls, checkpoint: str | None) -> RowProgress:
        """The progress in a checkpoint, or a new one around a job type's checkpoint."""
        if checkpoint is None or not is_row_progress(checkpoint):
            return cls(checkpoint=checkpoint)
        return cls(*json.loads(checkpoint)["one_by_one"])

    def __str__(self) -> str:
        return json.dumps({"one_by_one": astuple(self)})


def is_row_progress(checkpoint: str | None) -> bool:
    """Whether a batch's checkpoint says that its rows are worked on one by one."""
    return checkpoint is not None and checkpoint.startswith('{"one_by_one"')
