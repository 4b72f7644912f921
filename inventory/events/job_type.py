"""Imports of log files: each line is an event."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import BinaryIO, NamedTuple

from inventory.events import containers, continuations, envelopes, options, recognising, w3c
from inventory.events.lines import LineReader
from inventory.events.model import Event, PlainEvent
from inventory.events.normaliser import NoEvent
from inventory.events.plain_lines import plain_event
from inventory.events.ports import Events
from inventory.imports.rows import Uploads, format_of, read
from inventory.jobs.job_type import JSON_LINES, STEP_SECONDS, FileRows, JobType, LineFormat, Step
from inventory.jobs.line_blocks import LineBlock, LineRows
from inventory.jobs.model import FILE_FORMAT, Batch, InputRow, Job, Row, RowOutcome

STEP_LINES = 5_000
"""Lines of a step without a pause: one transaction of some 30 ms."""
BATCH_ROWS = 10_000
"""Lines of a batch: a few megabytes of memory."""
CHANGED_SHAPES = frozenset({*continuations.SHAPES, *containers.SHAPES, w3c.NAME, *envelopes.NAMES})
"""Files whose events are not the lines."""
INVALID_JSON, INVALID_EVENT = "invalid_json", "invalid_event"
LOG_FILES = {".log": LineFormat.TEXT, ".json": LineFormat.JSON} | JSON_LINES


class Rejection(NamedTuple):
    """Why a line is no event."""

    code: str
    detail: str


class EventJobs(JobType):
    """The job type `events`: an invalid line is a rejected row; a line that is kept has no row of its own."""

    name = "events"
    batch_rows = BATCH_ROWS
    description = "each line is a log event"
    options = options.OPTIONS
    file = FileRows(suffixes=LOG_FILES, in_text=str, recognise=recognising.shape_of)  # the blanks before a line are kept

    def __init__(
        self,
        events: Events,
        uploads: Uploads,
        *,
        line_delay: float,
        sleep: Callable[[float], object],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`line_delay` is a pause in seconds after each line, for demonstrations; `ticks` counts seconds."""
        self._events = events
        self._uploads = uploads
        self._line_delay = line_delay
        self._sleep, self._ticks = sleep, ticks

    def input_rows(self, job: Job) -> Iterator[tuple[InputRow | LineBlock, int]]:
        if _shape(job) not in CHANGED_SHAPES:
            return self._uploads.in_blocks(job, self.file)
        return _events_of(job, self._uploads.rows(job, self.file))

    def rows_in(self, job: Job, file: BinaryIO) -> Iterator[tuple[InputRow | LineBlock, int]]:
        return _events_of(job, read(file, format_of(job), self.file.in_text))

    def rejections(self, job: Job, input_rows: Sequence[InputRow]) -> Sequence[Row]:
        reader, now = options.reader_of(job.options, job.created_at), job.created_at
        found = ((line, event_of(reader, job.id, line)) for line in input_rows)
        return [
            line.outcome(RowOutcome.REJECTED, now, code=event.code, detail=event.detail)
            for line, event in found
            if isinstance(event, Rejection)
        ]

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> EventBatch:
        reader = options.reader_of(job.options, job.created_at)
        return EventBatch(
            self._events, reader, batch, input_rows, line_delay=self._line_delay, sleep=self._sleep, ticks=self._ticks
        )


class EventBatch:
    """The work on one batch, whose checkpoint is the number of the last line that was kept or rejected.

    An event's id is its job and line, so keeping again what a dead worker kept after the checkpoint changes nothing. After a
    step that raised, the next one takes the same lines.
    """

    def __init__(
        self,
        events: Events,
        reader: LineReader,
        batch: Batch,
        lines: Sequence[InputRow],
        *,
        line_delay: float,
        sleep: Callable[[float], object],
        ticks: Callable[[], float],
    ) -> None:
        done = int(batch.checkpoint or 0)
        self._events = events
        self._reader = reader
        self._is_plain = reader.is_plain
        self._job_id = batch.job_id
        self._lines = [line for line in lines if line.row > done] if done else lines
        self._done = 0
        self._implicit_successes = batch.implicit_successes
        self._checkpoint = batch.checkpoint
        self._line_delay = line_delay
        self._step_lines = min(STEP_LINES, max(1, int(STEP_SECONDS / line_delay))) if line_delay else STEP_LINES
        self._pause = 0.0
        self._sleep, self._ticks = sleep, ticks

    def step(self, now: datetime) -> Step:
        """Keep the next events, or pause for the lines before."""
        if self._pause > 0:
            nap = min(self._pause, STEP_SECONDS)
            self._sleep(nap)
            self._pause -= nap
        if self._pause <= 0:
            return self._state(now, self._keep(self._lines[self._done : self._done + self._step_lines], now))
        return self._state(now, ())

    def left(self) -> Sequence[InputRow]:
        return self._lines[self._done :]

    def close(self, now: datetime) -> None:
        pass

    def _keep(self, lines: Sequence[InputRow], now: datetime) -> Sequence[Row]:
        """Keep the events; the outcomes of lines that are not events. It ends with the line at which the time is over."""
        plain_events = self._plain_events(lines)
        kept, rejected, until = list[Event](), list[Row](), self._ticks() + STEP_SECONDS
        if None in plain_events:  # else no line can have taken long: a batch has a few megabytes
            for at, plain in enumerate(plain_events):
                event = event_of(self._reader, self._job_id, lines[at]) if plain is None else None
                if isinstance(event, Rejection):
                    rejected.append(lines[at].outcome(RowOutcome.REJECTED, now, code=event.code, detail=event.detail))
                elif event is not None:
                    kept.append(event)
                if self._ticks() >= until:
                    lines, plain_events = lines[: at + 1], plain_events[: at + 1]
                    break
        if found := [event for event in plain_events if event is not None]:
            self._events.add_plain(self._job_id, found)
        if kept:
            self._events.add(kept)
        if lines:
            self._checkpoint = str(lines[-1].row)
        self._implicit_successes += len(kept) + len(found)
        self._done += len(lines)
        self._pause = len(lines) * self._line_delay
        return rejected

    def _plain_events(self, lines: Sequence[InputRow]) -> Sequence[PlainEvent | None]:
        """The events in lines that are as this project documents them, None for the others.

        Lines of a block become no `InputRow` (0.4 µs), and no loop is around them (0.7 µs).
        """
        if not self._is_plain:
            return [None] * len(lines)
        if isinstance(lines, LineRows):
            return list(map(plain_event, count(lines.first_row), lines.texts))
        return [plain_event(line.row, line.text) if line.code is None else None for line in lines]

    def _state(self, now: datetime, rows: Sequence[Row]) -> Step:
        over = self._done == len(self._lines) and self._pause <= 0
        return Step(rows, self._implicit_successes, self._checkpoint, None if over else now)


def event_of(reader: LineReader, job_id: str, line: InputRow) -> Event | Rejection:
    """The event in a line of a job, or why there is none."""
    if line.code is not None:
        return Rejection(line.code, line.detail or "")
    try:
        return Event(job_id, line.row, **reader.event(line.text))
    except NoEvent as error:
        return Rejection(INVALID_EVENT, str(error))
    except ValueError as error:
        return Rejection(INVALID_JSON, str(error))


def _shape(job: Job) -> str | None:
    found: str | None = (job.options.get(FILE_FORMAT) or {}).get("shape")
    return found


def _events_of(job: Job, rows: Iterator[tuple[InputRow, int]]) -> Iterator[tuple[InputRow, int]]:
    """The rows of a file with one row for each event."""
    shape = _shape(job)
    if shape in continuations.SHAPES:
        return continuations.joined(containers.joined(rows, job.created_at), job.created_at)
    if shape in containers.SHAPES:
        return containers.joined(rows, job.created_at)
    if shape == w3c.NAME:
        return w3c.opened(rows)
    return _opened(rows) if shape in envelopes.NAMES else rows


def _opened(rows: Iterator[tuple[InputRow, int]]) -> Iterator[tuple[InputRow, int]]:
    """The rows of a file whose lines may hold many events each: a row for each event, numbered in their order."""
    number = 0
    for row, end in rows:
        for text in envelopes.opened(row.text) if row.code is None else (row.text,):
            number += 1
            yield row._replace(row=number, text=text), end
