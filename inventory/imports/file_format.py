"""How to find the rows of an uploaded file: found out once, and kept with its job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from inventory.errors import UnsupportedFile
from inventory.jobs.job_type import LineFormat

GZIPPED = ".gz"
ROTATED = re.compile(r"\.log[.-][0-9][0-9._t-]*$")
"""What follows the name of a log file that was put aside, such as `app.log.1` or `access.log-20260131`."""

WAYS_OUT = {
    (".log",): "A log: import it with kind=events, or save what you look up as .txt, one a line.",
    ("bookmarks",): "Bookmarks of Chrome: name the file Bookmarks.json.",
    (".plist", ".webarchive", ".mht", ".mhtml", ".xhtml"): "A page or bookmarks of a browser: export or save them as .html.",
    (".sqlite", ".db", ".jsonlz4"): "Data of a browser: export its bookmarks as .html or .json, or its history as .csv.",
    (".yaml", ".yml", ".adoc", ".rst", ".org", ".eml", ".m3u", ".m3u8"): "Text: name it .txt if it has one address a line.",
    (".opml",): "A list of feeds: save the addresses in its xmlUrl or htmlUrl as .txt, one a line.",
    (".webloc", ".url", ".desktop"): "A shortcut to one address: save the addresses of all of them as .txt, one a line.",
    (".numbers", ".gsheet", ".fods"): "A spreadsheet: export it as .xlsx or .csv.",
    (".doc", ".docx", ".odt", ".pages", ".pdf", ".rtf"): "A text document: save it as .txt or .html.",
    (
        ".zip",
        ".tar",
        ".rar",
        ".tgz",
        ".bz2",
        ".xz",
        ".zst",
        ".7z",
        ".wacz",
    ): "An archive: unpack it, and send the files in it.",
}
"""How to import what is of another type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The table on one sheet of a workbook: the number of the sheet and of the column, from 0, and its first row, from 1."""

    number: int
    first_row: int
    column: int
    qualifiers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How to find the rows of a file.

    Lines are text in `encoding`; a file in UTF-16 or UTF-32 is recoded to UTF-8 as a whole. A row is, of CSV, cell number
    `column` (from 0); of JSON, the member `member` of an object, perhaps a path with dots, or a string itself; without
    `member` it is the whole line. The cells or members `qualifiers` are added to it after commas. Of CSV, the lines before
    `first_line` are not rows; with 0, which earlier versions kept, `header` says whether the first row is one. A row has
    at most `width` cells that are not empty, as its header has; with 0 it may have any number.

    `shape` is what was recognised, `column_name` how the header calls the column. `sheets` are those of a workbook. With
    `array` a row is an element of one array, or an object that spans lines; of an array that is within an object, `begin`
    is how many bytes are before its elements. `columns` can be asked for in place of the one that was chosen; who uploads a
    file is told them, and they are not kept.
    """

    line_format: LineFormat
    gzipped: bool = False
    encoding: str = "utf-8"
    delimiter: str = ","
    header: bool = False
    first_line: int = 0
    column: int = 0
    member: str | None = None
    qualifiers: tuple[int | str, ...] = ()
    shape: str | None = None
    column_name: str | None = None
    sheets: tuple[Sheet, ...] = ()
    array: bool = False
    width: int = 0
    begin: int = 0
    columns: tuple[str, ...] = field(default=(), compare=False)

    @property
    def recoded(self) -> bool:
        """Whether the bytes of a line differ from those in the file."""
        return self.encoding.startswith(("utf-16", "utf-32"))

    @classmethod
    def from_option(cls, option: Mapping[str, Any]) -> FileFormat:
        """The format that `as_option` made JSON-ready, in this version or an earlier one."""
        known = {field.name: option[field.name] for field in fields(cls) if field.name in option}
        known["line_format"] = LineFormat(option["line_format"])
        earlier = option.get("qualifier")  # there was at most one
        known["qualifiers"] = tuple(option.get("qualifiers") or ([] if earlier is None else [earlier]))
        known["sheets"] = tuple(
            Sheet(**{**sheet, "qualifiers": tuple(sheet["qualifiers"])}) for sheet in option.get("sheets", ())
        )
        return cls(**known)

    def as_option(self) -> Mapping[str, Any]:
        """The format, JSON-ready, to be kept among the options of its job."""
        sheets = [{**asdict(sheet), "qualifiers": list(sheet.qualifiers)} for sheet in self.sheets]
        kept = {"line_format": self.line_format.value, "qualifiers": list(self.qualifiers), "sheets": sheets}
        return {name: value for name, value in {**asdict(self), **kept}.items() if name != "columns"}


def format_of_name(file_name: str, suffixes: Mapping[str, LineFormat]) -> FileFormat:
    """The format that a file's suffix promises; `UnsupportedFile` if it is none of `suffixes`, nor one followed by `.gz`."""
    name = file_name.lower()
    stem = name.removesuffix(GZIPPED)
    if ".log" in suffixes:
        stem = ROTATED.sub(".log", stem)
    for suffix, line_format in suffixes.items():
        if stem.endswith(suffix):
            return FileFormat(line_format, gzipped=name.endswith(GZIPPED))
    logs = " Give a log of another name a name that ends with .log." if ".log" in suffixes else ""
    way_out = next((f" {text}" for others, text in WAYS_OUT.items() if stem.endswith(others)), "")
    raise UnsupportedFile(
        f"{file_name!r} is of a type that this import does not take. Send {', '.join(suffixes)}, or one of these with"
        f" {GZIPPED} after it.{way_out}{logs}"
    )
