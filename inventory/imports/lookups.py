"""Jobs whose rows are lookups: a job ends when each row's target has what a lookup of it would answer.

The records hold all progress: a task accepts targets that need collecting and looks again until they are collected. So any
worker can take over a batch at any time, and a target is collected once, however many rows name it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, BinaryIO, Protocol

from inventory.clock import HUNDRED_YEARS
from inventory.errors import STATUS, InvalidRequest
from inventory.imports.rows import Uploads, format_of, read
from inventory.jobs.job_type import STEP_SECONDS, FileRows, JobType, Step
from inventory.jobs.model import COLUMN, Batch, InputRow, Job, Row, RowOutcome
from inventory.limits import Limits
from inventory.records.model import Record, State, Target, is_ahead
from inventory.records.service import RecordService
from inventory.records.source import Source

FRESH_FOR = "fresh_for"
MAX_FRESH_FOR = int(HUNDRED_YEARS.total_seconds())
OUT_OF_SCOPE = "out_of_scope"
"""The code of a row whose target is beyond the limits of its job."""
LABELS = "tag"
"""The option with the labels that each record of an import is given."""
POLL_INTERVAL, PER_TARGET = timedelta(seconds=0.25), timedelta(milliseconds=0.25)
"""When a batch looks at its open targets again: after the first, and the second more for each of them."""


class Verdict(Enum):
    """What becomes of a row, by the record of its target."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    OPEN = "open"
    NEEDED = "needed"


ENDS = {Verdict.SUCCEEDED: RowOutcome.SUCCEEDED, Verdict.FAILED: RowOutcome.FAILED}


def verdict(record: Record | None, *, created_at: datetime, fresh_since: datetime, now: datetime) -> Verdict:
    """What becomes of a row of a job created at `created_at`, for which a snapshot from `fresh_since` on is fresh.

    An instant that a clock noted which was ahead says nothing.
    """
    if record is None:
        return Verdict.NEEDED
    collected_at, failure = record.collected_at, record.failure
    if collected_at is not None and collected_at >= min(created_at, fresh_since) and not is_ahead(collected_at, now):
        return Verdict.SUCCEEDED
    if record.state in (State.PENDING, State.RUNNING):
        return Verdict.OPEN
    if failure is not None and failure.at >= created_at and not is_ahead(failure.at, now):
        return Verdict.FAILED
    return Verdict.NEEDED


class Targets(Protocol):
    """What finds the target that a row names; `Source` does."""

    def target(self, text: str) -> Target:
        """The target of a text; `InvalidRequest` when there can be none. No I/O."""


Labels = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
"""The labels that records have, by their ids."""
Mark = Callable[[Sequence[str]], None]
"""Gives records something, by their ids; again, it changes nothing."""


class LookupJobs(JobType):
    """Jobs that look each row up in a source, and have collected what is unknown or not fresh; a base class."""

    batch_rows = 1_000
    options: Collection[str] = (COLUMN, FRESH_FOR)
    file: FileRows

    def __init__(
        self,
        records: RecordService,
        source: Source,
        uploads: Uploads,
        *,
        fresh_for: timedelta,
        add_labels: Callable[[Sequence[str], Sequence[str]], None] | None = None,
        labels: Labels = lambda _: {},
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fresh_for` counts for jobs without an option `fresh_for`, which is in seconds; `ticks` counts seconds.

        `add_labels` gives records labels, for types with that option; `labels` says which they have, for types with limits.
        """
        self._records = records
        self._source = source
        self._uploads = uploads
        self._fresh_for = fresh_for
        self._add_labels, self._labels = add_labels, labels
        self._ticks = ticks

    def input_rows(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        return self._uploads.rows(job, self.file)

    def rows_in(self, job: Job, file: BinaryIO) -> Iterator[tuple[InputRow, int]]:
        return read(file, format_of(job), self.file.in_text)

    def rejections(self, job: Job, input_rows: Sequence[InputRow]) -> Sequence[Row]:
        return self._lookups(job, input_rows).rejections(job.created_at)

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> Lookups:
        return self._lookups(job, input_rows)

    def _lookups(self, job: Job, input_rows: Sequence[InputRow]) -> Lookups:
        seconds = job.options.get(FRESH_FOR)
        fresh_for = self._fresh_for if seconds is None else timedelta(seconds=seconds)
        return Lookups(
            self._records,
            self.targets(job.options),
            input_rows,
            created_at=job.created_at,
            fresh_for=fresh_for,
            owner=job.owner,
            describe=self.describe,
            mark=self._marking(job.options),
            limits=job.limits,
            labels=self._labels,
            ticks=self._ticks,
        )

    def _marking(self, options: Mapping[str, Any]) -> Mark | None:
        labels, add_labels = options.get(LABELS), self._add_labels
        return (lambda record_ids: add_labels(record_ids, labels)) if labels and add_labels else None

    def targets(self, options: Mapping[str, Any]) -> Targets:
        """What finds the targets of rows in a job with these options."""
        return self._source

    def describe(self, record: Record) -> str | None:
        """What a row that succeeded says of its record; nothing, unless a type has something to say."""
        return None


class Lookups:
    """The lookups of one batch. A step that raises leaves this unchanged: the next one does all of it again."""

    def __init__(
        self,
        records: RecordService,
        targets: Targets,
        input_rows: Sequence[InputRow],
        *,
        created_at: datetime,
        fresh_for: timedelta,
        owner: str = "",
        describe: Callable[[Record], str | None] = lambda _: None,
        mark: Mark | None = None,
        limits: Limits | None = None,
        labels: Labels = lambda _: {},
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._describe = describe
        self._mark = mark
        self._limits, self._labels = limits, labels
        self._records = records
        self._targets = targets
        self._created_at = created_at
        self._fresh_for = fresh_for
        self._owner = owner
        self._ticks = ticks
        self._unread = input_rows
        self._open: dict[str, Open] = {}

    def step(self, now: datetime) -> Step:
        """End the rows whose records decide them, and accept the targets that are not being collected yet."""
        # By a clock that was set back to before the job was made, no collection would be later than the job.
        self._created_at = min(self._created_at, now)
        rows, waiting, unread = self._read(now)
        fresh_since = now - self._fresh_for
        unfinished = self._unfinished(min(self._created_at, fresh_since))
        records = self._records.find_all([record_id for record_id in waiting if record_id not in unfinished])
        needed: list[tuple[Target, Record | None]] = []
        still: dict[str, Open] = {}
        for record_id, open_ in waiting.items():
            if record_id in unfinished:
                still[record_id] = open_
                continue
            record = records.get(record_id)
            found = verdict(record, created_at=self._created_at, fresh_since=fresh_since, now=now)
            if found in ENDS:
                detail = self._describe(record) if record and found is Verdict.SUCCEEDED else None
                rows += [_outcome(input_row, found, record, now, detail) for input_row in open_.input_rows]
                continue
            if found is Verdict.NEEDED:
                needed.append((open_.target, record))
            still[record_id] = open_
        if needed:
            self._records.accept_all(needed, now=now, owners=[self._owner] * len(needed))
        if self._mark is not None:
            self._mark_new(waiting, [target.id for target, _ in needed])
        self._unread, self._open = unread, still
        if unread:
            return Step(rows, again_at=now)
        due = [unfinished.get(record_id) or _due_at(records.get(record_id)) for record_id in still]
        return Step(rows, again_at=_again_at(due, now) if still else None)

    def _unfinished(self, since: datetime) -> Mapping[str, datetime | None]:
        """The open targets that are certainly still open: whole records are read of the others alone.

        Most targets of a batch are looked at a few times before they are collected.
        """
        return self._records.unfinished(list(self._open), since=since) if self._open else {}

    def _mark_new(self, waiting: Collection[str], needed: Collection[str]) -> None:
        """Mark the records of rows that were read just now, and those that were deleted and are accepted again."""
        assert self._mark is not None
        again = set(needed)
        new = [record_id for record_id in waiting if record_id not in self._open or record_id in again]
        if new:
            self._mark(new)

    def rejections(self, now: datetime) -> Sequence[Row]:
        """The outcomes of the rows that name no target, or none within limits."""
        return self._read(now)[0]

    def left(self) -> Sequence[InputRow]:
        return [*self._unread, *(input_row for open_ in self._open.values() for input_row in open_.input_rows)]

    def close(self, now: datetime) -> None:
        pass

    def _read(self, now: datetime) -> tuple[list[Row], dict[str, Open], Sequence[InputRow]]:
        """The outcomes of rows that name no target or none within limits, the open targets, and the rows that are left."""
        rows, new, until = list[Row](), dict[str, Open](), self._ticks() + STEP_SECONDS
        unread: Sequence[InputRow] = ()
        for number, input_row in enumerate(self._unread, 1):
            target = self._target(input_row, now)
            if isinstance(target, Row):
                rows.append(target)
            else:
                new.setdefault(target.id, Open(target)).input_rows.append(input_row)
            if self._ticks() >= until:
                unread = self._unread[number:]
                break
        for record_id in self._beyond_limits(new):
            rows += [_out_of_scope(input_row, now) for input_row in new.pop(record_id).input_rows]
        for record_id in new.keys() & self._open.keys():
            new[record_id] = Open(new[record_id].target, self._open[record_id].input_rows + new[record_id].input_rows)
        return rows, self._open | new, unread

    def _beyond_limits(self, new: Mapping[str, Open]) -> Sequence[str]:
        """The ids of targets that are beyond the limits of the job; the labels of those alone are read that need them."""
        limits = self._limits
        if limits is None:
            return ()
        others = [record_id for record_id, open_ in new.items() if not limits.admit_host(open_.target.host)]
        labels = self._labels(others) if others and limits.tags else {}
        return [each for each in others if not limits.admit(new[each].target.host, labels.get(each, ()))]

    def _target(self, input_row: InputRow, now: datetime) -> Target | Row:
        """The target that a row names, or why it names none."""
        if input_row.code is not None:
            return input_row.outcome(RowOutcome.REJECTED, now, code=input_row.code, detail=input_row.detail)
        try:
            return self._targets.target(input_row.text)
        except InvalidRequest as error:
            return input_row.outcome(RowOutcome.REJECTED, now, code=STATUS[type(error)][1], detail=str(error))


@dataclass(frozen=True, slots=True)
class Open:
    """A target and the rows that wait for it."""

    target: Target
    input_rows: list[InputRow] = field(default_factory=list)


def _out_of_scope(input_row: InputRow, now: datetime) -> Row:
    detail = "The key that began this job may not import it. `limits` of the job names the hosts and tags that it may."
    return input_row.outcome(RowOutcome.REJECTED, now, code=OUT_OF_SCOPE, detail=detail)


def _due_at(record: Record | None) -> datetime | None:
    return record.due_at if record is not None and record.state is State.PENDING else None


def _again_at(due: Sequence[datetime | None], now: datetime) -> datetime:
    """When any of these may have ended, by when each is due: soon, unless all of them pause."""
    soon = now + POLL_INTERVAL + PER_TARGET * len(due)
    return max(soon, min(each or soon for each in due))


def _outcome(input_row: InputRow, found: Verdict, record: Record | None, now: datetime, detail: str | None) -> Row:
    assert record is not None
    if found is Verdict.SUCCEEDED or record.failure is None:
        return input_row.outcome(ENDS[found], now, record_id=record.id, detail=detail)
    return input_row.outcome(ENDS[found], now, record_id=record.id, code=record.failure.code, detail=record.failure.detail)
