"""How an uploaded file is laid out, and which files each kind of job takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from inventory.errors import UnsupportedFile

GZIPPED = ".gz"


class LineFormat(StrEnum):
    """What a line of the file is."""

    CSV = "csv"
    TEXT = "text"
    JSON = "json"


TABLES = {".csv": LineFormat.CSV, ".txt": LineFormat.TEXT, ".jsonl": LineFormat.JSON, ".ndjson": LineFormat.JSON}
LOGS = {".jsonl": LineFormat.JSON, ".ndjson": LineFormat.JSON}

TAKES: Mapping[str, Mapping[str, LineFormat]] = {"urls": TABLES, "cities": TABLES, "events": LOGS}
"""For each kind of job the suffixes that it takes, each also with `.gz` behind it."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How to find the rows of a file.

    Lines end with `newline`, and each is text in `encoding`; a file in UTF-16 or UTF-32 is recoded to UTF-8 as a whole. What
    is meant is, of CSV, the cell of number `column` (from 0), of JSON the member `member` of an object, or a string itself;
    without `member` it is the line as it is. Of cities, a cell or member `country` is put behind it with a comma.
    """

    form: LineFormat
    gzipped: bool = False
    encoding: str = "utf-8"
    newline: bytes = b"\n"
    delimiter: str = ","
    header: bool = False
    column: int = 0
    member: str | None = None
    country: int | str | None = None

    @property
    def recoded(self) -> bool:
        """Whether the bytes of a line are not as they are in the file."""
        return self.encoding.startswith(("utf-16", "utf-32"))


def form_of(kind: str, file_name: str) -> tuple[LineFormat, bool]:
    """The form that a file's suffix promises, and whether it is gzipped; `UnsupportedFile` if the kind does not take it."""
    name = file_name.lower()
    gzipped = name.endswith(GZIPPED)
    stem = name.removesuffix(GZIPPED)
    for suffix, form in TAKES[kind].items():
        if stem.endswith(suffix):
            return form, gzipped
    taken = ", ".join(TAKES[kind])
    raise UnsupportedFile(
        f"{file_name!r} is not taken: an import of {kind} takes {taken}, each also with {GZIPPED} behind it."
    )
