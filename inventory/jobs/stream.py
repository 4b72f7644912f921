"""Following jobs: the messages that server-sent events and WebSockets carry alike.

Each message is the current state, read from the store, so nothing piles up for a slow client. Announcements only say when to
read it; without Redis it is read once a second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from errno import EPIPE

from inventory.clock import Clock
from inventory.errors import StorageUnavailable
from inventory.jobs.documents import Document, job_document
from inventory.jobs.model import Job, JobStatus
from inventory.jobs.ports import Jobs
from inventory.jobs.stream_slots import Client, StreamSlots
from inventory.notifier import Notifier, Wait

POLL_INTERVAL = 1.0
"""Seconds after which a job is read although nothing was announced, and a client that is gone is noticed."""
MIN_INTERVAL = 0.25
"""Seconds between two messages at least."""
HEARTBEAT = 15.0
"""Seconds of silence after which a heartbeat is due."""

_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{0,18})-([a-z]+)")


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """The state of a job that a client has received; written out, it is the id of the message that told it."""

    processed: int
    bytes_read: int
    total: int | None
    status: JobStatus

    @classmethod
    def of(cls, job: Job) -> StreamPosition:
        """The position of a job's current state."""
        return cls(job.counts.processed, job.counts.bytes_read, job.total, job.status)

    @classmethod
    def read(cls, text: str) -> StreamPosition | None:
        """The position in an id; None for a text that is not an id of ours."""
        found = _ID.fullmatch(text)
        if found is None or found[4] not in set(JobStatus):
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]) if found[3] else None, JobStatus(found[4]))

    def __str__(self) -> str:
        return f"{self.processed}-{self.bytes_read}-{'' if self.total is None else self.total}-{self.status}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to a client. `event` is `progress` or, of the last one, `end`; a client may resume after the `id`."""

    event: str
    id: str
    document: Document


class JobStream:
    """What this process streams, to as many clients as there are `slots`, while it is `serving`."""

    def __init__(
        self,
        jobs: Jobs,
        notifier: Notifier,
        *,
        slots: int,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._jobs = jobs
        self._notifier = notifier
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self.slots = StreamSlots(slots)
        self.serving: Callable[[], bool] = lambda: True

    def follow(self, job: Job, last: str, client: Client) -> Generator[Message | None, None, None]:
        """The messages to a client that has received the one with the id `last`; None where a heartbeat is due.

        They end with the job, or when the program is to stop. Raises `BrokenPipeError`, as sending would, when the client is
        gone or too slow.
        """
        sent_at = self._monotonic()
        with closing(self.messages(job, StreamPosition.read(last))) as messages:
            for message in messages:
                if not self.serving():
                    return
                if client.gone():
                    raise BrokenPipeError(EPIPE, "The client is gone.")
                if message is None and self._monotonic() < sent_at + HEARTBEAT:
                    continue
                if not client.ready():
                    raise BrokenPipeError(EPIPE, "The client does not read, or its network is gone.")
                yield message
                sent_at = self._monotonic()

    def messages(self, job: Job, received: StreamPosition | None) -> Generator[Message | None, None, None]:
        """The messages after what was `received`; None, once a second, if there is no change.

        First the current state, then progress, at most four times a second and never back, then the end, unless that was
        received. While the store is away there is no change. A job that is removed ends in its last known state.
        """
        percent = 0.0
        with self._notifier.changes_of(job.id) as wait:
            while True:
                job, over = self._read(job)
                position = StreamPosition.of(job)
                document = job_document(job, self._clock())
                if over:
                    if position != received or not job.status.finished:
                        yield Message("end", str(position), document)
                    return
                if received is None or (position != received and position.processed >= received.processed):
                    received = position
                    if document["percent"] is not None:  # bytes and rows differ a little, and no bar shall go back
                        document["percent"] = percent = max(percent, document["percent"])
                    yield Message("progress", str(position), document)
                else:
                    yield None
                self._pause(wait)

    def _read(self, job: Job) -> tuple[Job, bool]:
        """The job's current state, or the last known one if the store is away, and whether it is the end."""
        try:
            found = self._jobs.find(job.id)
        except StorageUnavailable:
            found = job
        return (job, True) if found is None else (found, found.status.finished)

    def _pause(self, wait: Wait) -> None:
        """Sleep until there may be a change, for at least `MIN_INTERVAL`."""
        since = self._monotonic()
        wait(POLL_INTERVAL)
        self._sleep(max(0.0, since + MIN_INTERVAL - self._monotonic()))


def seen_to_the_end(job: Job, last: str) -> bool:
    """Whether a client that has received the message with the id `last` knows the job's end."""
    return job.status.finished and StreamPosition.read(last) == StreamPosition.of(job)
