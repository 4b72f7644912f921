"""What jobs can do: the protocol of a kind, and of the work on one of its batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inventory.jobs.model import Batch, InputRow, Job, Row

STEP_SECONDS = 0.5
"""Seconds that a step works or pauses: then progress is visible, and the claim renewed, however long the rows take."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the work found. `rows` are new outcomes.

    `implicit_successes` and `checkpoint` are the batch's from now on. `again_at` is when another step can find more, an
    instant that may be over; None when every row has its outcome. `flush_now` has it written at once: finding it again
    would cost others something.
    """

    rows: Sequence[Row]
    implicit_successes: int = 0
    checkpoint: str | None = None
    again_at: datetime | None = None
    flush_now: bool = False


class BatchTask(Protocol):
    """The work on one batch, held in memory while the claim lasts; all that another worker would need is in the store."""

    def step(self, now: datetime) -> Step:
        """Do some of it, within about a second, and never wait for the outside; it writes nothing but idempotently.

        It ends with the first row after `STEP_SECONDS`: whatever the rows are, a step is over long before a lease is.
        """
        ...

    def left(self) -> Sequence[InputRow]:
        """The lines that no step has accounted for yet, neither by a row nor as unlisted: what fails if it is given up."""
        ...

    def close(self, now: datetime) -> Step | None:
        """End what goes on beside the steps, within seconds; what that had found still, if anything.

        Called once at the end, whichever that is: all was done, the batch is handed back, or somebody else has it. It never
        raises; a step of which `again_at` counts for nothing.
        """
        ...


class JobType(Protocol):
    """A kind of job."""

    @property
    def name(self) -> str:
        """How routes, jobs and logs call it."""
        ...

    @property
    def batch_rows(self) -> int:
        """How many rows a batch may have: what one worker takes at once, and holds in memory."""
        ...

    def lines(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        """All rows of the job in order, lazily, the same each time; with each, the bytes of the file read up to its end.

        Raises `UnreadableFile` where the rest cannot be read; the rows before it count.
        """
        ...

    def begin(self, job: Job, batch: Batch, lines: Sequence[InputRow]) -> BatchTask:
        """The work on a batch's lines: those that have no outcome yet. All of them, what a dead worker left, or one of them.

        Of a kind with more than one row in a batch, single lines may be begun and stepped, one after the other.
        """
        ...
