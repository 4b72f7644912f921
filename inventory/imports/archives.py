"""The rows of uploaded archives: a label, which says when and of what, and after it the snapshot as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from inventory.files import Files
from inventory.imports.documents.model import Extent
from inventory.imports.documents.reader import DocumentReader
from inventory.imports.file_format import FileFormat
from inventory.imports.rejections import rejected
from inventory.imports.rows import format_of, format_of_upload
from inventory.jobs.chunks import upload_name
from inventory.jobs.job_type import FileRows
from inventory.jobs.model import InputRow, Job

ROW = "\n"
"""What is between the label of a row and the snapshot."""


class Archives:
    """The archives of all jobs. Everything may raise `StorageUnavailable`, and `NotFound` where a job's file is gone."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def rows(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow, int]]:
        """All rows in order, lazily, each with the bytes read up to its end; `UnreadableFile` where the rest cannot be."""
        file_format = format_of_upload(self._files, job, file_rows)
        with self._files.open(upload_name(job.id)) as file:
            yield from _rows(file, file_format)


def labels_in(job: Job, file: BinaryIO) -> Iterator[tuple[InputRow, int]]:
    """The same rows of the beginning of a file, without what is in the snapshots."""
    for row, end in _rows(file, format_of(job)):
        yield row._replace(text=label_of(row.text)), end


def label_of(text: str) -> str:
    """The label of a row."""
    return text.partition(ROW)[0]


def _rows(file: BinaryIO, file_format: FileFormat) -> Iterator[tuple[InputRow, int]]:
    for entry, end in DocumentReader(file, file_format, Extent()).entries():
        label, document, *why = entry.cells
        if why:
            code, detail = why
            yield rejected(entry.number, label, code, detail), end
        else:
            yield InputRow(entry.number, f"{label}{ROW}{document}"), end
