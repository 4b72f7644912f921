"""What the kinds of jobs read: the rows of an uploaded file, wherever the file store keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.errors import InvalidFile, UnreadableFile, UnsupportedFile
from inventory.files import Files
from inventory.imports import rows
from inventory.imports.file_format import FileFormat
from inventory.jobs.chunks import upload_name
from inventory.jobs.model import InputRow, Job


class Uploads:
    """The files of all jobs. Everything may raise `StorageUnavailable`, and `NotFound` where a job's file is gone."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def rows(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        """All rows in order, lazily, and the bytes read up to the end of each; `UnreadableFile` where the rest cannot be."""
        layout = self._layout(job)
        with self._files.open(upload_name(job.id)) as file:
            yield from rows.read(file, layout)

    def _layout(self, job: Job) -> FileFormat:
        """How the file is laid out: what was found when it was uploaded is found again."""
        with self._files.open(upload_name(job.id)) as file:
            head = file.read(rows.HEAD)
        try:
            return rows.examine(head, kind=job.kind, file_name=job.file_name or "", column=job.options.get("column"))
        except (InvalidFile, UnsupportedFile) as error:
            raise UnreadableFile(str(error)) from error
