"""Rows that are taken one by one, after a fault in a step of their batch or a worker that was lost with it.

What is in hand is noted before it is taken: at first a few rows, and where a worker was lost with these, each of them alone.
So the row that costs a worker is known, and in the end it is the only one that it costs.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from itertools import islice

from inventory import faults
from inventory.errors import StorageUnavailable
from inventory.jobs.job_type import BatchTask, Step
from inventory.jobs.model import LONGEST_INPUT, Batch, InputRow, Row, RowOutcome

MAX_TAKES = 3
"""Times that a row is taken up without an end: with its batch, with a few others, alone. After these it is rejected."""
WITH_OTHERS = 2
"""Which time that is when they are taken with a few others."""
MAX_TOGETHER = 32
"""Rows that are noted together: noting is a transaction."""
WORKER_LOST = "worker_lost"

Begin = Callable[[Batch, Sequence[InputRow]], BatchTask]
"""What begins the work on some lines of a batch; see `Kind`."""


@dataclass(frozen=True, slots=True)
class Note:
    """How far a batch has come that is taken row by row; written out, it is the batch's checkpoint.

    `through` is the last row that was taken; those from `first` to `last` are in hand, for the `takes`-th time, or without
    these the batch is as a whole. Up to `alone_to` rows are taken alone, for the `alone_takes`-th time. `checkpoint` is what
    the kind itself has noted.
    """

    through: int = 0
    first: int = 0
    last: int = 0
    takes: int = 0
    alone_to: int = 0
    alone_takes: int = 0
    checkpoint: str | None = None

    @classmethod
    def of(cls, checkpoint: str | None) -> Note:
        """The note that a checkpoint is, or that begins around one of a kind."""
        if checkpoint is None or not is_note(checkpoint):
            return cls(checkpoint=checkpoint)
        return cls(*json.loads(checkpoint)["one_by_one"])

    def __str__(self) -> str:
        return json.dumps({"one_by_one": astuple(self)})


def is_note(checkpoint: str | None) -> bool:
    """Whether a batch's checkpoint says that its rows are taken one by one."""
    return checkpoint is not None and checkpoint.startswith('{"one_by_one"')


class OneByOne:
    """The work on lines that are taken one by one; those that wait for something then go on together.

    A step takes what is in hand, and `reach` says what has to be written before it.
    """

    def __init__(self, claim: Batch, lines: Sequence[InputRow], begin: Begin, note_fault: Callable[..., None]) -> None:
        self._lost = note = Note.of(claim.checkpoint)
        if note.last > note.alone_to:  # the worker was lost that had these in hand
            note = replace(note, alone_to=note.last, alone_takes=note.takes + 1)
        self._note = note
        self._claim = replace(claim, checkpoint=note.checkpoint)
        self._begin, self._note_fault = begin, note_fault
        self._lines = deque(line for line in lines if line.row > note.through)
        taken = [line for line in lines if line.row <= note.through]
        self._waiting = list(begin(self._claim, taken).left()) if taken else []
        self._together: BatchTask | None = None

    def reach(self) -> str:
        """Have the next lines in hand; the checkpoint that says so, and that is to be written before the next step."""
        if self._lines:
            first = self._lines[0].row
            alone = first <= self._note.alone_to
            last = first if alone else max(line.row for line in islice(self._lines, MAX_TOGETHER))
            takes = self._note.alone_takes if alone else WITH_OTHERS
            if first == self._lost.first == self._lost.last:
                takes = self._lost.takes + 1
            self._note = replace(self._note, first=first, last=last, takes=takes)
        return str(self._note)

    def step(self, now: datetime) -> Step:
        """Take the lines in hand; after the last ones, take a step with all that wait."""
        if not self._lines:
            return self._step_together(now)
        lines = [line for line in islice(self._lines, MAX_TOGETHER) if line.row <= self._note.last]
        if self._note.takes > MAX_TAKES:
            return self._taken(lines, [_lost(lines[0], now)], now)
        try:
            work = self._begin(self._claim, lines)
            step = work.step(now)
            waiting = work.left()
            work.close(now)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a row: noted, and its outcome
            if len(lines) > 1:
                return self._apart(now)
            self._note_fault(error, row=lines[0].row)
            return self._taken(lines, [failed(self._claim.job_id, lines[0], now)], now)
        if len(lines) > 1 and waiting and step.again_at is not None and step.again_at <= now:
            return self._apart(now)  # there was no time for all of them
        self._claim = replace(self._claim, implicit_successes=step.implicit_successes, checkpoint=step.checkpoint)
        self._waiting += waiting
        return self._taken(lines, step.rows, now)

    def left(self) -> Sequence[InputRow]:
        """See `BatchTask`."""
        return [*self._lines, *(self._waiting if self._together is None else self._together.left())]

    def close(self, now: datetime) -> Step:
        """See `BatchTask`; what is in hand and was not taken was not taken up."""
        self._put_down(self._note.through)
        last = None if self._together is None else self._together.close(now)
        return self._state((), now) if last is None else self._around(last)

    def _apart(self, now: datetime) -> Step:
        """Take the lines in hand again, each of them alone: what was found of them is found again."""
        self._note = replace(self._note, alone_to=self._note.last, alone_takes=self._note.takes)
        self._put_down(self._note.through)
        return self._state((), now)

    def _taken(self, lines: Sequence[InputRow], rows: Sequence[Row], now: datetime) -> Step:
        for _ in lines:
            self._lines.popleft()
        self._put_down(lines[-1].row)
        return self._state(rows, now if self._lines or self._waiting else None)

    def _step_together(self, now: datetime) -> Step:
        if self._together is None:
            self._together = self._begin(self._claim, self._waiting)
        return self._around(self._together.step(now))

    def _around(self, step: Step) -> Step:
        """A step of the lines that wait, with our note around the checkpoint."""
        self._claim = replace(self._claim, implicit_successes=step.implicit_successes, checkpoint=step.checkpoint)
        self._put_down(self._note.through)
        return replace(step, checkpoint=str(self._note))

    def _put_down(self, through: int) -> None:
        self._note = replace(self._note, through=through, first=0, last=0, takes=0, checkpoint=self._claim.checkpoint)

    def _state(self, rows: Sequence[Row], again_at: datetime | None) -> Step:
        return Step(rows, self._claim.implicit_successes, str(self._note), again_at, flush_now=True)


def failed(job_id: str, line: InputRow, now: datetime) -> Row:
    """The outcome of a line that met a fault of ours."""
    detail = f"A fault of the inventory, not of the row. The log has it under job {job_id}. Import the row again later."
    return Row(line.row, line.text[:LONGEST_INPUT], RowOutcome.FAILED, now, code=faults.INTERNAL_FAULT, detail=detail)


def _lost(line: InputRow, now: datetime) -> Row:
    detail = f"Gave up after {MAX_TAKES} attempts: each worker that took up this row crashed or ran out of time."
    return Row(line.row, line.text[:LONGEST_INPUT], RowOutcome.REJECTED, now, code=WORKER_LOST, detail=detail)
