"""What tests of files do: sniff and read one from memory, as an upload would be."""

from __future__ import annotations

import io

from inventory.events.job_type import EventJobs
from inventory.imports.examining import examine
from inventory.imports.rows import read
from inventory.jobs.model import InputRow
from inventory.weather.job_type import CityJobs
from inventory.webpages.job_type import UrlJobs

FILE_ROWS = {each.name: each.file for each in (UrlJobs, CityJobs, EventJobs)}
"""The files of each job type that takes any."""


def positions(
    content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None
) -> list[tuple[InputRow, int]]:
    """All rows, each with how far in the file it ends."""
    file_rows = FILE_ROWS[kind]
    file_format = examine(io.BytesIO(content), file_rows, file_name=file_name, options={"column": column})
    return list(read(io.BytesIO(content), file_format, file_rows.in_text))


def rows(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> list[InputRow]:
    """All rows."""
    return [line for line, _ in positions(content, file_name, kind=kind, column=column)]


def texts(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> list[str]:
    """What the rows say; none may have been rejected."""
    lines = rows(content, file_name, kind=kind, column=column)
    assert [line for line in lines if line.code] == []
    return [line.text for line in lines]


def outcomes(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> list[tuple[int, str]]:
    """For each row its number, and what it says or why it was rejected."""
    return [(line.row, line.code or line.text) for line in rows(content, file_name, kind=kind, column=column)]
