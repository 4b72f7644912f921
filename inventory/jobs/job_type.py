"""What a job type says of itself and of its files, and the work on one of its batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, Protocol

from inventory.jobs.line_blocks import LineBlock
from inventory.jobs.model import Batch, InputRow, Job, Row

STEP_SECONDS = 0.5
"""Seconds that a step works or pauses. Then progress is shown and the claim renewed, however long the rows take."""


class LineFormat(StrEnum):
    """What a file is made of: lines, or the entries of a document."""

    CSV = "csv"
    TEXT = "text"
    JSON = "json"
    CDX = "cdx"
    CDXJ = "cdxj"
    WORKBOOK = "workbook"
    XML = "xml"
    HAR = "har"
    HTML = "html"
    TREE = "tree"
    WARC = "warc"
    WARC_CAPTURES = "warc_captures"
    HAR_CAPTURES = "har_captures"

    @property
    def is_document(self) -> bool:
        """Whether only a parser of whole documents finds the rows."""
        return self in DOCUMENTS


DOCUMENTS = frozenset(LineFormat) - {
    LineFormat.CSV, LineFormat.TEXT, LineFormat.JSON, LineFormat.CDX, LineFormat.CDXJ,
}  # fmt: skip
JSON_LINES = {".jsonl": LineFormat.JSON, ".ndjson": LineFormat.JSON}
WORKBOOKS = dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), LineFormat.WORKBOOK)
WHOLE_LINE = "\x1f"
"""The delimiter of a table with one column: a character that no text has."""
TABLES = {".csv": LineFormat.CSV, ".tsv": LineFormat.CSV, ".txt": LineFormat.TEXT} | JSON_LINES | WORKBOOKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What an `option` of an import adds to values that lack something, which `looks_like` tells from others.

    `columns` are more names of columns that have such values, which `value` describes; those that are `vague` decide only
    where no other column has any. `advice` says how to give the option.
    """

    option: str
    looks_like: Callable[[str], object]
    columns: Sequence[str]
    value: str
    advice: str
    vague: Sequence[str] = ()


def lower(name: str) -> tuple[str, str]:
    """The name of a column in lower case, with nothing before it."""
    return "", " ".join(name.lower().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """The files of a job type. `suffixes` are those of file names, each also with `.gz` after it.

    `columns` are names of a table's column or an object's member that holds a row's value, in lower case, the surest first;
    without any a row is a whole line. `looks_like` tells such a value from others, which `value` describes; without it a
    column is found by name alone. `in_text` is the value in a line of text, without what lists write around it.
    `fits_line` tells a line that is a value with its qualifiers: of such lines a table needs no header.
    `qualifiers` are groups of names: of each group, the cell of one column is added to the value after a comma, in order.
    `spelled` is what is before the name of a column, and that name as `columns` and `qualifiers` have it.
    `recognise` is given the first lines and the options of the import. It names their shape, or raises `InvalidFile`.
    """

    suffixes: Mapping[str, LineFormat]
    columns: Sequence[str] = ()
    looks_like: Callable[[str], object] | None = None
    value: str = ""
    in_text: Callable[[str], str] | None = None
    fits_line: Callable[[str], object] | None = None
    completion: Completion | None = None
    qualifiers: Sequence[Sequence[str]] = ()
    spelled: Callable[[str], tuple[str, str]] = lower
    recognise: Callable[[Sequence[str], Mapping[str, Any]], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one step found. `rows` are new outcomes; `implicit_successes` and `checkpoint` replace the batch's.

    `again_at` is when another step can find more, possibly an instant in the past; None when every row has its outcome.
    `flush_now` has the result written at once, because finding it again would cost others something.
    """

    rows: Sequence[Row]
    implicit_successes: int = 0
    checkpoint: str | None = None
    again_at: datetime | None = None
    flush_now: bool = False


class BatchTask(Protocol):
    """The work on one batch, in memory while the claim lasts; what another worker would need is in the store."""

    def step(self, now: datetime) -> Step:
        """Do some of the work, within about a second and without waiting for other systems; all it writes is idempotent.

        It ends with the first row after `STEP_SECONDS`, so that a step is over long before a lease is.
        """

    def left(self) -> Sequence[InputRow]:
        """The rows that no step has accounted for yet: they fail if the batch is given up."""

    def close(self, now: datetime) -> Step | None:
        """End what runs in the background, once, within seconds and without raising; what it had still found, if any."""


class JobType(Protocol):
    """What jobs of one kind take, and what their rows become."""

    name: str
    """The `kind` of its jobs."""
    batch_rows: int
    """Rows of a batch at most: what one worker takes at once and holds in memory."""
    description: str = ""
    """What is done with each row, for the API's documentation."""
    file: FileRows | None = None
    """Which uploaded files become jobs of this type; None if none do."""
    options: Collection[str] = ()
    """Which options an import of this type may have."""
    takes_limits: bool = False
    """Whether its rows name targets on hosts of their own, so that it may be limited to some hosts and tags."""
    retry_member: str | None = None
    """The member of a JSON line that a failed row's input becomes when it is retried; None if it cannot be retried."""

    def input_rows(self, job: Job) -> Iterator[tuple[InputRow | LineBlock, int]]:
        """All rows of the job in order, lazily, the same each time; with each, the bytes of the file read up to its end.

        Lines that need no look at each may come as blocks.

        Raises `UnreadableFile` where the rest cannot be read; the rows before it count.
        """

    def rows_in(self, job: Job, file: BinaryIO) -> Iterator[tuple[InputRow | LineBlock, int]]:
        """What `input_rows` returns, of the beginning of a file that is not kept; of types without files nothing."""
        return iter(())

    def rejections(self, job: Job, input_rows: Sequence[InputRow]) -> Sequence[Row]:
        """The outcomes of those rows that cannot be worked on as they are, found out without any work on the others."""
        return ()

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> BatchTask:
        """The work on those rows of a batch that have no outcome yet, or on one of them.

        A type with more than one row in a batch may be given single rows, one after the other.
        """
