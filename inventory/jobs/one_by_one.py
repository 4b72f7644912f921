"""Rows that are worked on one by one, after a fault in a step of their batch or after its worker was lost.

Rows are noted before they are begun: at first a few together, and where a worker was lost with these, each alone. So the row
that crashes workers is found, and only that one is rejected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from inventory import faults
from inventory.errors import StorageUnavailable
from inventory.jobs.job_type import BatchTask, Step
from inventory.jobs.model import Batch, InputRow, Row, RowOutcome, RowProgress

MAX_TAKES = 3
"""Times that a row is begun without coming to an end: with its batch, with a few others, alone. Then it is rejected."""
WITH_OTHERS = 2
"""Which of these times a row is begun with a few others."""
MAX_TOGETHER = 32
"""Rows that are noted together, because each note is a transaction."""
WORKER_LOST = "worker_lost"

Begin = Callable[[Batch, Sequence[InputRow]], BatchTask]
"""What begins the work on some rows of a batch; see `JobType.begin`."""


class OneByOne:
    """A `BatchTask` that works on rows one by one; rows that then wait for something continue together.

    Each step works on the rows in progress, and the checkpoint of `begin_next` has to be written before it.
    """

    def __init__(self, claim: Batch, input_rows: Sequence[InputRow], begin: Begin, note_fault: Callable[..., None]) -> None:
        self._lost = progress = RowProgress.of(claim.checkpoint)
        if progress.last > progress.alone_to:  # a worker was lost while these were in progress
            progress = replace(progress, alone_to=progress.last, alone_takes=progress.takes + 1)
        self._progress = progress
        self._claim = replace(claim, checkpoint=progress.checkpoint)
        self._begin, self._note_fault = begin, note_fault
        self._input_rows = deque(input_row for input_row in input_rows if input_row.row > progress.through)
        begun = [input_row for input_row in input_rows if input_row.row <= progress.through]
        self._waiting = list(begin(self._claim, begun).left()) if begun else []
        self._together: BatchTask | None = None

    def begin_next(self) -> str:
        """Note the next rows as in progress; the checkpoint that says so."""
        if self._input_rows:
            first = self._input_rows[0].row
            alone = first <= self._progress.alone_to
            last = first if alone else max(input_row.row for input_row in islice(self._input_rows, MAX_TOGETHER))
            takes = self._progress.alone_takes if alone else WITH_OTHERS
            if first == self._lost.first == self._lost.last:
                takes = self._lost.takes + 1
            self._progress = replace(self._progress, first=first, last=last, takes=takes)
        return str(self._progress)

    def step(self, now: datetime) -> Step:
        """Work on the rows in progress; after the last of them, take a step with all rows that wait."""
        if not self._input_rows:
            return self._step_together(now)
        input_rows = [
            input_row for input_row in islice(self._input_rows, MAX_TOGETHER) if input_row.row <= self._progress.last
        ]
        if self._progress.takes > MAX_TAKES:
            return self._done(input_rows, [_worker_lost(input_rows[0], now)], now)
        try:
            task = self._begin(self._claim, input_rows)
            step = task.step(now)
            waiting = task.left()
            task.close(now)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a row: noted, and its outcome
            if len(input_rows) > 1:
                return self._separate(now)
            self._note_fault(error, row=input_rows[0].row)
            return self._done(input_rows, [failed_by_fault(self._claim.job_id, input_rows[0], now)], now)
        if len(input_rows) > 1 and waiting and step.again_at is not None and step.again_at <= now:
            return self._separate(now)  # there was no time for all of them
        self._claim = replace(self._claim, implicit_successes=step.implicit_successes, checkpoint=step.checkpoint)
        self._waiting += waiting
        return self._done(input_rows, step.rows, now)

    def left(self) -> Sequence[InputRow]:
        return [*self._input_rows, *(self._waiting if self._together is None else self._together.left())]

    def close(self, now: datetime) -> Step:
        """See `BatchTask`; rows that were noted as in progress and not worked on are no longer noted."""
        self._end_progress(self._progress.through)
        last = None if self._together is None else self._together.close(now)
        return self._state((), now) if last is None else self._wrapped(last)

    def _separate(self, now: datetime) -> Step:
        """Begin the rows in progress again, each alone: what was found of them is found again."""
        self._progress = replace(self._progress, alone_to=self._progress.last, alone_takes=self._progress.takes)
        self._end_progress(self._progress.through)
        return self._state((), now)

    def _done(self, input_rows: Sequence[InputRow], rows: Sequence[Row], now: datetime) -> Step:
        for _ in input_rows:
            self._input_rows.popleft()
        self._end_progress(input_rows[-1].row)
        return self._state(rows, now if self._input_rows or self._waiting else None)

    def _step_together(self, now: datetime) -> Step:
        if self._together is None:
            self._together = self._begin(self._claim, self._waiting)
        return self._wrapped(self._together.step(now))

    def _wrapped(self, step: Step) -> Step:
        """A step of the rows that wait, with our progress around its checkpoint."""
        self._claim = replace(self._claim, implicit_successes=step.implicit_successes, checkpoint=step.checkpoint)
        self._end_progress(self._progress.through)
        return replace(step, checkpoint=str(self._progress))

    def _end_progress(self, through: int) -> None:
        self._progress = replace(
            self._progress, through=through, first=0, last=0, takes=0, checkpoint=self._claim.checkpoint
        )

    def _state(self, rows: Sequence[Row], again_at: datetime | None) -> Step:
        return Step(rows, self._claim.implicit_successes, str(self._progress), again_at, flush_now=True)


def failed_by_fault(job_id: str, input_row: InputRow, now: datetime) -> Row:
    """The outcome of a row that met an internal fault."""
    detail = f"An internal error in the inventory. The log has it under job {job_id}. Import the row again later."
    return input_row.outcome(RowOutcome.FAILED, now, code=faults.INTERNAL_FAULT, detail=detail)


def _worker_lost(input_row: InputRow, now: datetime) -> Row:
    detail = f"Gave up after {MAX_TAKES} attempts: each worker that took up this row crashed or ran out of time."
    return input_row.outcome(RowOutcome.REJECTED, now, code=WORKER_LOST, detail=detail)
