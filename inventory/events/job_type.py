"""The kind `events`: a job whose rows are log lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from marshmallow import ValidationError

from inventory.events.model import Event
from inventory.events.parsing import parse
from inventory.events.ports import Events
from inventory.events.schemas import LineSchema
from inventory.jobs.job_type import STEP_SECONDS, Step
from inventory.jobs.model import LONGEST_INPUT, Batch, InputRow, Job, Row, RowOutcome

STEP_LINES = 1_000
"""Lines of a step without a pause."""
BATCH_ROWS = 2_000
"""Lines of a batch: a tenth of a second of work, and a few megabytes of memory."""
INVALID_JSON, INVALID_EVENT = "invalid_json", "invalid_event"

_load = LineSchema().load_line


class EventLines:
    """Validates log lines and keeps the events; a line that is none is a rejected row, a kept one has no row of its own."""

    name = "events"
    batch_rows = BATCH_ROWS

    def __init__(
        self,
        events: Events,
        read: Callable[[Job], Iterator[tuple[InputRow, int]]],
        *,
        line_delay: float,
        sleep: Callable[[float], object],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` gives the lines of a job's file; `line_delay` is a pause in seconds that each line costs, for shows.

        `ticks` counts seconds.
        """
        self._events = events
        self._read = read
        self._line_delay = line_delay
        self._sleep, self._ticks = sleep, ticks

    def lines(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        """The lines of the job's file, and the bytes read up to the end of each."""
        return self._read(job)

    def begin(self, job: Job, batch: Batch, lines: Sequence[InputRow]) -> Validation:
        """The work on those of the lines that are behind the batch's checkpoint."""
        return Validation(self._events, batch, lines, line_delay=self._line_delay, sleep=self._sleep, ticks=self._ticks)


class Validation:
    """The work on one batch. Its checkpoint is the number of the last line that is done with.

    An event's id is its job and line, so lines that a dead worker kept behind the checkpoint are kept again, and change
    nothing. A step that raises has not moved on: the next one does the same lines.
    """

    def __init__(
        self,
        events: Events,
        batch: Batch,
        lines: Sequence[InputRow],
        *,
        line_delay: float,
        sleep: Callable[[float], object],
        ticks: Callable[[], float],
    ) -> None:
        done = int(batch.checkpoint or 0)
        self._events = events
        self._job_id = batch.job_id
        self._lines = [line for line in lines if line.row > done]
        self._done = 0
        self._unlisted = batch.implicit_successes
        self._checkpoint = batch.checkpoint
        self._line_delay = line_delay
        self._chunk = min(STEP_LINES, max(1, int(STEP_SECONDS / line_delay))) if line_delay else STEP_LINES
        self._pause = 0.0
        self._sleep, self._ticks = sleep, ticks

    def step(self, now: datetime) -> Step:
        """Keep the next events, or pause for the lines before."""
        if self._pause > 0:
            nap = min(self._pause, STEP_SECONDS)
            self._sleep(nap)
            self._pause -= nap
        if self._pause <= 0:
            return self._state(now, self._take(self._lines[self._done : self._done + self._chunk], now))
        return self._state(now, ())

    def left(self) -> Sequence[InputRow]:
        """The lines that no step has kept or rejected."""
        return self._lines[self._done :]

    def close(self, now: datetime) -> None:
        """Nothing goes on beside the steps."""

    def _take(self, lines: Sequence[InputRow], now: datetime) -> Sequence[Row]:
        """The rows of those that are none; it ends with the first line after which the time of a step is over."""
        kept, rejected, until = [], [], self._ticks() + STEP_SECONDS
        for taken, line in enumerate(lines, 1):
            outcome = _event(self._job_id, line) if line.code is None else (line.code, line.detail or "")
            if isinstance(outcome, Event):
                kept.append(outcome)
            else:
                rejected.append(_rejected(line, *outcome, now))
            if self._ticks() >= until:
                lines = lines[:taken]
                break
        if kept:
            self._events.add(kept)
        if lines:
            self._checkpoint = str(lines[-1].row)
        self._unlisted += len(kept)
        self._done += len(lines)
        self._pause = len(lines) * self._line_delay
        return rejected

    def _state(self, now: datetime, rows: Sequence[Row]) -> Step:
        over = self._done == len(self._lines) and self._pause <= 0
        return Step(rows, self._unlisted, self._checkpoint, None if over else now)


def _event(job_id: str, line: InputRow) -> Event | tuple[str, str]:
    """The event that a line is; else the code and the detail of why it is none."""
    try:
        loaded = _load(parse(line.text))
    except ValidationError as error:
        return INVALID_EVENT, _reason(error)
    except ValueError as error:
        return INVALID_JSON, str(error)
    return Event(job_id, line.row, **loaded)


def _reason(error: ValidationError) -> str:
    """What is wrong with a line and the way out, field by field."""
    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
    return " ".join(
        sentences if field == "_schema" else f"{field}: {sentences}"
        for field, sentences in ((field, " ".join(lines)) for field, lines in messages.items())
    )


def _rejected(line: InputRow, code: str, detail: str, now: datetime) -> Row:
    return Row(line.row, line.text[:LONGEST_INPUT], RowOutcome.REJECTED, now, code=code, detail=detail)
