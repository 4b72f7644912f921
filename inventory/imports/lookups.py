"""The kinds `urls` and `cities`: each row is a lookup, and a job ends when each has what a lookup of it would want to have.

All that the work knows is in the records: it accepts what is wanted, and looks again until it is there. So anybody can take
it up at any time, and however often a URL is in a file, it is collected once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from inventory.errors import STATUS, InvalidRequest
from inventory.jobs.job_type import STEP_SECONDS, Step
from inventory.jobs.model import LONGEST_INPUT, Batch, InputRow, Job, Row, RowOutcome
from inventory.records.model import Record, State, Target
from inventory.records.service import RecordService
from inventory.records.source import Source

BATCH_ROWS = 1_000
LOOK_AGAIN, FOR_EACH = timedelta(seconds=0.25), timedelta(milliseconds=0.25)
"""After which a batch looks what has become of the targets that it waits for: the more they are, the later."""


class Verdict(Enum):
    """What is to become of a row, by the record of its target."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    OPEN = "open"
    WANTED = "wanted"


ENDS = {Verdict.SUCCEEDED: RowOutcome.SUCCEEDED, Verdict.FAILED: RowOutcome.FAILED}


def verdict(record: Record | None, *, created_at: datetime, fresh_since: datetime) -> Verdict:
    """How the lookup of a job that was created then stands, if a snapshot from `fresh_since` on is fresh enough for it."""
    if record is None:
        return Verdict.WANTED
    if record.collected_at is not None and record.collected_at >= min(created_at, fresh_since):
        return Verdict.SUCCEEDED
    if record.state in (State.PENDING, State.RUNNING):
        return Verdict.OPEN
    if record.failure is not None and record.failure.at >= created_at:
        return Verdict.FAILED
    return Verdict.WANTED


class LookupLines:
    """Looks every row up in a source, and has collected what is not known or not fresh."""

    batch_rows = BATCH_ROWS

    def __init__(
        self,
        name: str,
        records: RecordService,
        source: Source,
        read: Callable[[Job], Iterator[tuple[InputRow, int]]],
        *,
        fresh_for: timedelta,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` gives the lines of a job's file; `fresh_for` counts for jobs without an option `fresh_for`, in seconds.

        `ticks` counts seconds.
        """
        self.name = name
        self._records = records
        self._source = source
        self._read = read
        self._fresh_for = fresh_for
        self._ticks = ticks

    def lines(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        """The rows of the job's file, and the bytes read up to the end of each."""
        return self._read(job)

    def begin(self, job: Job, batch: Batch, lines: Sequence[InputRow]) -> Lookups:
        """The lookups of a batch's lines."""
        asked = job.options.get("fresh_for")
        fresh_for = self._fresh_for if asked is None else timedelta(seconds=asked)
        return Lookups(self._records, self._source, lines, created_at=job.created_at, fresh_for=fresh_for, ticks=self._ticks)


class Lookups:
    """The work on one batch. A step that raises has changed nothing in here: the next one does all of it again."""

    def __init__(
        self,
        records: RecordService,
        source: Source,
        lines: Sequence[InputRow],
        *,
        created_at: datetime,
        fresh_for: timedelta,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self._source = source
        self._created_at = created_at
        self._fresh_for = fresh_for
        self._ticks = ticks
        self._unread = lines
        self._open: dict[str, Open] = {}

    def step(self, now: datetime) -> Step:
        """Look what the records of the open lines say: end the rows that can be, and accept what nobody collects."""
        rows, waiting, unread = self._read(now)
        records = self._records.find_all(list(waiting))
        wanted: list[tuple[Target, Record | None]] = []
        still: dict[str, Open] = {}
        for record_id, open_ in waiting.items():
            record = records.get(record_id)
            found = verdict(record, created_at=self._created_at, fresh_since=now - self._fresh_for)
            if found in ENDS:
                rows += [_row(line, found, record, now) for line in open_.lines]
                continue
            if found is Verdict.WANTED:
                wanted.append((open_.target, record))
            still[record_id] = open_
        if wanted:
            self._records.accept_all(wanted, now=now)
        self._unread, self._open = unread, still
        if unread:
            return Step(rows, again_at=now)
        return Step(rows, again_at=_again_at([records.get(record_id) for record_id in still], now) if still else None)

    def left(self) -> Sequence[InputRow]:
        """The lines of which no step gave the row."""
        return [*self._unread, *(line for open_ in self._open.values() for line in open_.lines)]

    def close(self, now: datetime) -> None:
        """Nothing goes on beside the steps."""

    def _read(self, now: datetime) -> tuple[list[Row], dict[str, Open], Sequence[InputRow]]:
        """The rows of lines that mean no target, what is open, and the lines that are left when the time is over."""
        rows, new, until = list[Row](), dict[str, Open](), self._ticks() + STEP_SECONDS
        unread: Sequence[InputRow] = ()
        for read, line in enumerate(self._unread, 1):
            target = self._target(line, now)
            if isinstance(target, Row):
                rows.append(target)
            else:
                new.setdefault(target.id, Open(target)).lines.append(line)
            if self._ticks() >= until:
                unread = self._unread[read:]
                break
        for record_id in new.keys() & self._open.keys():
            new[record_id] = Open(new[record_id].target, self._open[record_id].lines + new[record_id].lines)
        return rows, self._open | new, unread

    def _target(self, line: InputRow, now: datetime) -> Target | Row:
        """What a line means, or why it means nothing."""
        if line.code is not None:
            return _rejected(line, line.code, line.detail, now)
        try:
            return self._source.target(line.text)
        except InvalidRequest as error:
            return _rejected(line, STATUS[type(error)][1], str(error), now)


@dataclass(frozen=True, slots=True)
class Open:
    """A target and the lines that wait for it."""

    target: Target
    lines: list[InputRow] = field(default_factory=list)


def _again_at(records: Sequence[Record | None], now: datetime) -> datetime:
    """When any of these may have ended: soon, unless all of them pause."""
    soon = now + LOOK_AGAIN + FOR_EACH * len(records)
    pauses = [record.due_at if record and record.state is State.PENDING and record.due_at else soon for record in records]
    return max(soon, min(pauses))


def _row(line: InputRow, found: Verdict, record: Record | None, now: datetime) -> Row:
    assert record is not None
    row = Row(line.row, line.text[:LONGEST_INPUT], ENDS[found], now, record_id=record.id)
    if found is Verdict.SUCCEEDED or record.failure is None:
        return row
    return replace(row, code=record.failure.code, detail=record.failure.detail)


def _rejected(line: InputRow, code: str, detail: str | None, now: datetime) -> Row:
    return Row(line.row, line.text[:LONGEST_INPUT], RowOutcome.REJECTED, now, code=code, detail=detail)
