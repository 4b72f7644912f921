"""Which files a job type takes, and what says in them what a row is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class LineFormat(StrEnum):
    """What a line of the file is."""

    CSV = "csv"
    TEXT = "text"
    JSON = "json"


JSON_LINES = {".jsonl": LineFormat.JSON, ".ndjson": LineFormat.JSON}
TABLES = {".csv": LineFormat.CSV, ".txt": LineFormat.TEXT} | JSON_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRows:
    """The files of a job type. `suffixes` are those of file names, each also with `.gz` after it.

    `columns` are names of a table's column or an object's member that holds a row's value, in lower case, the surest first;
    without any a row is a whole line. `looks_like` tells such a value from others, which `value` describes; without it a
    column is found by name alone. The cell of a column in `qualifiers` is added to the value after a comma.
    """

    suffixes: Mapping[str, LineFormat]
    columns: Sequence[str] = ()
    looks_like: Callable[[str], bool] | None = None
    value: str = ""
    qualifiers: Sequence[str] = ()
