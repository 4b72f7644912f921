"""Imports a file in memory, from its name and bytes to its events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO

from inventory.events.job_type import EventJobs
from inventory.events.model import Event
from inventory.imports import rows
from inventory.imports.file_format import FileFormat
from inventory.imports.sniffing import HEAD_BYTES, sniff
from inventory.jobs.job_type import FileRows
from inventory.jobs.model import FILE_FORMAT, Batch, InputRow, Job, Row
from tests.events.fakes import FakeEvents

NOW = datetime(2026, 2, 3, tzinfo=UTC)


class Uploaded:
    """The upload of a file in memory."""

    def __init__(self, content: bytes, file_format: FileFormat) -> None:
        self._content, self._format = content, file_format

    def rows(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow, int]]:
        return rows.read(BytesIO(self._content), self._format, file_rows.in_text)

    in_blocks = rows


def imported(content: bytes, file_name: str, options: dict[str, str]) -> tuple[FileFormat, Sequence[Event], Sequence[Row]]:
    """What a file is taken for, its events in order, and its rejected rows."""
    assert EventJobs.file is not None
    file_format = sniff(content[:HEAD_BYTES], EventJobs.file, file_name=file_name, options=options)
    events = FakeEvents()
    kind = EventJobs(events, Uploaded(content, file_format), line_delay=0.0, sleep=lambda _: None, ticks=lambda: 0.0)
    job = Job("4f" * 16, "events", NOW, options={**options, FILE_FORMAT: file_format.as_option()})
    lines = [row for row, _ in kind.input_rows(job)]
    batch = Batch(job.id, 1, 1, len(lines), len(lines), len(content), NOW, "1" * 32, 1, 1)
    step = kind.begin(job, batch, lines).step(NOW)
    return file_format, list(events.kept.values()), step.rows
