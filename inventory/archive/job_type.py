"""Imports of archives: each row is a snapshot of the past, which is added without fetching anything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from inventory.archive.exchanges import Rejected
from inventory.archive.imported import ArchiveReader, Imported
from inventory.clock import Clock
from inventory.errors import Unstorable
from inventory.imports.archives import ROW, Archives, label_of, labels_in
from inventory.jobs.job_type import STEP_SECONDS, FileRows, JobType, LineFormat, Step
from inventory.jobs.model import Batch, InputRow, Job, Row, RowOutcome
from inventory.limits import Limits
from inventory.records.model import Added, PastSnapshot
from inventory.records.snapshots import SnapshotService
from inventory.records.source import Source

MAX_TOGETHER, MAX_BYTES = 32, 8 * 1024 * 1024
"""Snapshots that are written in one transaction, and bytes of their bodies from which on no more are added to them."""
BEYOND_RETENTION, OUT_OF_SCOPE, UNSTORABLE = "beyond_retention", "out_of_scope", "unstorable"
DETAILS = {Added.ADDED: "Imported.", Added.KNOWN: "It was there already."}
LABEL = re.compile(r"\S+ https?://", re.IGNORECASE)

Labels = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
"""The labels that records have, by their ids."""


class ArchiveJobs(JobType):
    """The job type `archive`."""

    name = "archive"
    batch_rows = 100
    description = "each response in an archive becomes a snapshot of its date, and nothing is fetched"
    file = FileRows(
        suffixes={".warc": LineFormat.WARC_CAPTURES, ".har": LineFormat.HAR_CAPTURES},
        looks_like=LABEL.match,
        value="a response of an http or https URL",
    )
    takes_limits = True

    def __init__(
        self,
        snapshots: SnapshotService,
        source: Source,
        archives: Archives,
        *,
        keep: int,
        body_limit: int,
        index: Callable[[str], object],
        labels: Labels,
        clock: Clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`keep` is how many snapshots of a target are kept; `index` is given the id of a record whose past has changed."""
        self._snapshots, self._source, self._archives = snapshots, source, archives
        self._keep, self._body_limit = keep, body_limit
        self._index, self._labels = index, labels
        self._clock, self._ticks = clock, ticks

    def input_rows(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        return self._archives.rows(job, self.file)

    def rows_in(self, job: Job, file: BinaryIO) -> Iterator[tuple[InputRow, int]]:
        return labels_in(job, file)

    def rejections(self, job: Job, input_rows: Sequence[InputRow]) -> Sequence[Row]:
        return ArchiveBatch(self._parts(job), input_rows).rejections(job.created_at)

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> ArchiveBatch:
        return ArchiveBatch(self._parts(job), input_rows)

    def _parts(self, job: Job) -> ArchiveParts:
        return ArchiveParts(
            snapshots=self._snapshots,
            reader=ArchiveReader(source=self._source, body_limit=self._body_limit, now=self._clock()),
            keep=self._keep,
            index=self._index,
            limits=job.limits,
            labels=self._labels,
            ticks=self._ticks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveParts:
    """What a batch works with."""

    snapshots: SnapshotService
    reader: ArchiveReader
    keep: int
    index: Callable[[str], object]
    limits: Limits | None
    labels: Labels
    ticks: Callable[[], float]


class ArchiveBatch:
    """The work on one batch. After a step that raised, the next one takes the same rows, which then are there already."""

    def __init__(self, parts: ArchiveParts, input_rows: Sequence[InputRow]) -> None:
        self._parts = parts
        self._rows = input_rows
        self._done = 0

    def step(self, now: datetime) -> Step:
        """Add the next snapshots, and index what they are of."""
        rows, found, until = list[Row](), list[tuple[InputRow, Imported]](), self._parts.ticks() + STEP_SECONDS
        done, size = self._done, 0
        while done < len(self._rows) and len(found) < MAX_TOGETHER and size < MAX_BYTES:
            input_row = self._rows[done]
            done += 1
            try:
                imported = self._read(input_row)
            except Rejected as error:
                rows.append(_rejected(input_row, now, error))
            else:
                found.append((_shown(input_row), imported))
                size += len(imported.past.body)
            if self._parts.ticks() >= until:
                break
        rows += self._add(found, now)
        self._done = done
        return Step(rows, again_at=now if done < len(self._rows) else None)

    def rejections(self, now: datetime) -> Sequence[Row]:
        """The outcomes of rows that are rejected by their labels."""
        rows = list[Row]()
        for input_row in self._rows:
            try:
                self._check(input_row)
            except Rejected as error:
                rows.append(_rejected(input_row, now, error))
        return rows

    def left(self) -> Sequence[InputRow]:
        return self._rows[self._done :]

    def close(self, now: datetime) -> None:
        pass

    def _check(self, input_row: InputRow) -> None:
        """Return if a row may be imported, as far as its label tells."""
        if input_row.code is not None:
            raise Rejected(input_row.code, input_row.detail or "")
        target, _ = self._parts.reader.target(label_of(input_row.text))
        limits = self._parts.limits
        if limits is None or limits.admit_host(target.host):
            return
        labels = self._parts.labels([target.id]) if limits.tags else {}
        if not limits.admit(target.host, labels.get(target.id, ())):
            detail = "The key that began this job may not import it. `limits` of the job names what it may."
            raise Rejected(OUT_OF_SCOPE, detail)

    def _read(self, input_row: InputRow) -> Imported:
        self._check(input_row)
        label, _, text = input_row.text.partition(ROW)
        return self._parts.reader.read(label, text)

    def _add(self, found: Sequence[tuple[InputRow, Imported]], now: datetime) -> Sequence[Row]:
        """Add snapshots together, or each alone if one of them cannot be stored; the outcomes of their rows."""
        if not found:
            return ()
        try:
            added = self._added([imported for _, imported in found])
        except Unstorable as error:
            if len(found) > 1:
                return [row for each in found for row in self._add([each], now)]
            rejected = Rejected(UNSTORABLE, f"{Unstorable.public_detail}: {error}")
            return [_rejected(found[0][0], now, rejected)]
        pairs = list(zip(found, added, strict=True))
        for record_id in dict.fromkeys(imported.past.target.id for (_, imported), what in pairs if what is Added.ADDED):
            self._parts.index(record_id)
        return [_outcome(input_row, imported, what, self._parts.keep, now) for (input_row, imported), what in pairs]

    def _added(self, found: Sequence[Imported]) -> Sequence[Added]:
        """What became of each; one whose id another snapshot has gets another id."""
        added = list(self._parts.snapshots.add_past([each.past for each in found], keep=self._parts.keep))
        taken = [number for number, what in enumerate(added) if what is Added.TAKEN]
        again = self._parts.snapshots.add_past([_renamed(found[number]) for number in taken], keep=self._parts.keep)
        for number, what in zip(taken, again, strict=True):
            added[number] = what
        return added


def _renamed(imported: Imported) -> PastSnapshot:
    past = imported.past
    return replace(past, snapshot=replace(past.snapshot, id=imported.other_id))


def _shown(input_row: InputRow) -> InputRow:
    """The row as its outcome shows it: without what is in the snapshot."""
    return input_row._replace(text=label_of(input_row.text))


def _rejected(input_row: InputRow, now: datetime, error: Rejected) -> Row:
    return _shown(input_row).outcome(RowOutcome.REJECTED, now, code=error.code, detail=str(error))


def _outcome(input_row: InputRow, imported: Imported, added: Added, keep: int, now: datetime) -> Row:
    if added is Added.SURPLUS:
        detail = f"The inventory keeps {keep} snapshots of each target, and has as many later ones of this."
        return _rejected(input_row, now, Rejected(BEYOND_RETENTION, detail))
    if added is Added.TAKEN:
        return _rejected(input_row, now, Rejected(UNSTORABLE, "Another snapshot has its id."))
    record_id = imported.past.target.id
    return input_row.outcome(RowOutcome.SUCCEEDED, now, record_id=record_id, detail=DETAILS[added])
