"""The rows of uploaded files, wherever the file store keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.errors import InvalidFile, UnreadableFile, UnsupportedFile
from inventory.files import Files
from inventory.imports import rows
from inventory.imports.examining import examine
from inventory.imports.file_format import FileFormat
from inventory.jobs.chunks import upload_name
from inventory.jobs.job_type import FileRows
from inventory.jobs.model import FILE_FORMAT, InputRow, Job


class Uploads:
    """The files of all jobs. Everything may raise `StorageUnavailable`, and `NotFound` where a job's file is gone."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def rows(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow, int]]:
        """All rows in order, lazily, each with the bytes read up to its end; `UnreadableFile` where the rest cannot be."""
        kept = job.options.get(FILE_FORMAT)
        file_format = self._format_of(job, file_rows) if kept is None else FileFormat.from_option(kept)
        with self._files.open(upload_name(job.id)) as file:
            yield from rows.read(file, file_format, file_rows.in_text)

    def _format_of(self, job: Job, file_rows: FileRows) -> FileFormat:
        """The format of a file that we wrote for a retry, or that a version before this one received."""
        try:
            with self._files.open(upload_name(job.id)) as file:
                return examine(file, file_rows, file_name=job.file_name or "", options=job.options)
        except (InvalidFile, UnsupportedFile) as error:
            raise UnreadableFile(str(error)) from error
