"""How to find the rows of an uploaded file: found out once, and kept with its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from inventory.errors import UnsupportedFile
from inventory.jobs.job_type import LineFormat

GZIPPED = ".gz"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How to find the rows of a file.

    Lines end with `newline`, and each is text in `encoding`; a file in UTF-16 or UTF-32 is recoded to UTF-8 as a whole. A
    row is, of CSV, cell number `column` (from 0); of JSON, the member `member` of an object, or a string itself; without
    `member` it is the whole line. A cell or member `qualifier` is added to it after a comma.

    `shape` is what the job type recognised in the first lines, `column_name` how the header calls the column.
    """

    line_format: LineFormat
    gzipped: bool = False
    encoding: str = "utf-8"
    newline: bytes = b"\n"
    delimiter: str = ","
    header: bool = False
    column: int = 0
    member: str | None = None
    qualifier: int | str | None = None
    shape: str | None = None
    column_name: str | None = None

    @property
    def recoded(self) -> bool:
        """Whether the bytes of a line differ from those in the file."""
        return self.encoding.startswith(("utf-16", "utf-32"))

    @classmethod
    def from_option(cls, option: Mapping[str, Any]) -> FileFormat:
        """The format that `as_option` made JSON-ready."""
        line_format, newline = LineFormat(option["line_format"]), option["newline"].encode()
        return cls(**{**option, "line_format": line_format, "newline": newline})

    def as_option(self) -> Mapping[str, Any]:
        """The format, JSON-ready, to be kept among the options of its job."""
        return {**asdict(self), "line_format": self.line_format.value, "newline": self.newline.decode()}


def format_of_name(file_name: str, suffixes: Mapping[str, LineFormat]) -> FileFormat:
    """The format that a file's suffix promises; `UnsupportedFile` if it is none of `suffixes`, nor one followed by `.gz`."""
    name = file_name.lower()
    stem = name.removesuffix(GZIPPED)
    for suffix, line_format in suffixes.items():
        if stem.endswith(suffix):
            return FileFormat(line_format, gzipped=name != stem)
    raise UnsupportedFile(
        f"{file_name!r} is of a type that this import does not take. Send {', '.join(suffixes)}, or one of these with"
        f" {GZIPPED} after it."
    )
