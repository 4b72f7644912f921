"""What the beginning of a file would be imported as: its format and first rows. Nothing is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice

from inventory.errors import InvalidFile, UnreadableFile, UnsupportedFile
from inventory.imports.columns import SeveralColumns
from inventory.imports.detection import detect
from inventory.imports.file_format import FileFormat, format_of_name
from inventory.imports.sniffing import HEAD_BYTES
from inventory.jobs.job_type import JobType
from inventory.jobs.line_blocks import LineBlock, each_row
from inventory.jobs.model import FILE_FORMAT, InputRow, Job, Row

MAX_ROWS = 50
"""Rows that are shown."""
FITTING = 0.5
"""A type of which a larger share of the rows is good is not doubted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would be imported as. `job` is the one that it would become, without its file.

    `file_format` is None where only the whole file tells it. `rejected` are those of the rows that cannot be worked on.
    `is_whole`: the file has no other rows. `error` says why the rest of a whole file cannot be read.
    """

    job: Job
    file_format: FileFormat | None
    rows: Sequence[InputRow] = ()
    rejected: Sequence[Row] = ()
    is_whole: bool = False
    error: str | None = None

    @property
    def good(self) -> int:
        """How many of the rows would be worked on."""
        return len(self.rows) - len(self.rejected)

    @property
    def share(self) -> float:
        """The share of good rows: how well the kind of the job fits the file."""
        return self.good / len(self.rows) if self.rows else 0.0


def preview_of(job: Job, job_type: JobType, head: bytes) -> Preview:
    """The preview of a file whose first `HEAD_BYTES` bytes are `head` (fewer are the whole file).

    Raises `UnsupportedFile` and `InvalidFile` where an upload of it would.
    """
    assert job_type.file is not None
    is_whole, file_name = len(head) < HEAD_BYTES, job.file_name or ""
    try:
        found = detect(BytesIO(head), job_type.file, file_name=file_name, options=job.options)
    except InvalidFile:
        if is_whole or not format_of_name(file_name, job_type.file.suffixes).line_format.is_document:
            raise
        return Preview(job=job, file_format=None)  # the end may be what it lacks
    job = replace(job, options={**job.options, FILE_FORMAT: found.as_option()})
    rows, is_end, error = _first_rows(job_type.rows_in(job, BytesIO(head)))
    if not is_whole:
        rows, is_end, error = rows[: len(rows) - is_end], False, None  # the last one may be cut
    rejected = job_type.rejections(job, rows)
    return Preview(job=job, file_format=found, rows=rows, rejected=rejected, is_whole=is_end, error=error)


def best_of(job: Job, job_types: Sequence[JobType], head: bytes) -> Preview:
    """The preview as a job of the type that fits the file best; those are asked first that take the fewest files.

    If none takes it, it raises what the first of `job_types` does that takes files of its name. That several columns have
    values is an answer, too.
    """
    found, errors = list[Preview](), dict[str, InvalidFile | UnsupportedFile]()
    for job_type in sorted(job_types, key=_strictness, reverse=True):
        try:
            found.append(preview_of(replace(job, kind=job_type.name), job_type, head))
        except SeveralColumns:
            raise
        except (InvalidFile, UnsupportedFile) as error:
            errors[job_type.name] = error
        else:
            if found[-1].share > FITTING:
                return found[-1]
    if found:
        return max(found, key=lambda each: each.share)
    raise min((errors[each.name] for each in job_types), key=lambda error: isinstance(error, UnsupportedFile))


def _strictness(job_type: JobType) -> tuple[bool, bool]:
    """Types that recognise their files come first, then those that recognise values, then those that take any text."""
    assert job_type.file is not None
    return job_type.file.recognise is not None, job_type.file.looks_like is not None


def _first_rows(rows: Iterator[tuple[InputRow | LineBlock, int]]) -> tuple[list[InputRow], bool, str | None]:
    """The first rows, whether there are no others, and why the rest cannot be read."""
    found = list[InputRow]()
    try:
        found.extend(islice(each_row(rows), MAX_ROWS + 1))
    except UnreadableFile as error:
        return found, True, str(error)
    return found[:MAX_ROWS], len(found) <= MAX_ROWS, None
