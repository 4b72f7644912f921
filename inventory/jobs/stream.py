"""Following jobs: the messages that server-sent events and WebSockets carry alike.

What is sent is always the state as it is by then, read from the store, so nothing piles up for a client that is slow.
Announcements only say when to look; without Redis a job is looked at once a second.
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

LOOK_AGAIN = 1.0
"""Seconds after which a job is looked at although nothing was announced, and a client that is gone is noticed."""
PACE = 0.25
"""Seconds between two messages at least."""
HEARTBEAT = 15.0
"""Seconds of silence after which a sign of life is due."""

_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{0,18})-([a-z]+)")


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """How far a client has seen a job; written out, it is the id of the message that showed it."""

    processed: int
    bytes_read: int
    total: int | None
    status: JobStatus

    @classmethod
    def of(cls, job: Job) -> StreamPosition:
        """How far the job is."""
        return cls(job.counts.processed, job.counts.bytes_read, job.total, job.status)

    @classmethod
    def read(cls, text: str) -> StreamPosition | None:
        """The mark that an id is; None for a text that is not an id of ours."""
        found = _ID.fullmatch(text)
        if found is None or found[4] not in set(JobStatus):
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]) if found[3] else None, JobStatus(found[4]))

    def __str__(self) -> str:
        return f"{self.processed}-{self.bytes_read}-{'' if self.total is None else self.total}-{self.status}"


@dataclass(frozen=True, slots=True)
class Message:
    """What a client is told. `event` is `progress` or, of the last one, `end`; a client may resume behind the `id`."""

    event: str
    id: str
    document: Document


class JobStream:
    """What this process streams, to as many clients as there are `places`, while it is `serving`."""

    def __init__(
        self,
        jobs: Jobs,
        notifier: Notifier,
        *,
        places: int,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._jobs = jobs
        self._notifier = notifier
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self.places = StreamSlots(places)
        self.serving: Callable[[], bool] = lambda: True

    def follow(self, job: Job, last: str, client: Client) -> Generator[Message | None, None, None]:
        """What to tell a client that has seen the message with the id `last`; None where a sign of life is due.

        It ends behind the job's end, and before that when the program is to stop. Raises `BrokenPipeError`, as sending to it
        would, when the client is gone or too slow.
        """
        said_at = self._monotonic()
        with closing(self.messages(job, StreamPosition.read(last))) as messages:
            for message in messages:
                if not self.serving():
                    return
                if client.gone():
                    raise BrokenPipeError(EPIPE, "The client is gone.")
                if message is None and self._monotonic() < said_at + HEARTBEAT:
                    continue
                if not client.ready():
                    raise BrokenPipeError(EPIPE, "The client does not read, or its network is gone.")
                yield message
                said_at = self._monotonic()

    def messages(self, job: Job, seen: StreamPosition | None) -> Generator[Message | None, None, None]:
        """The messages behind what was seen; None for each look that found no news, of which there is one a second.

        First the state as it is, then progress, at most four times a second and never back, then the end, unless that was
        seen. A store that is away is no news. A job that is removed ends as it was last known.
        """
        percent = 0.0
        with self._notifier.changes_of(job.id) as wait:
            while True:
                job, over = self._look(job)
                mark = StreamPosition.of(job)
                document = job_document(job, self._clock())
                if over:
                    if mark != seen or not job.status.finished:
                        yield Message("end", str(mark), document)
                    return
                if seen is None or (mark != seen and mark.processed >= seen.processed):
                    seen = mark
                    if document["percent"] is not None:  # bytes and rows differ a little, and no bar shall go back
                        document["percent"] = percent = max(percent, document["percent"])
                    yield Message("progress", str(mark), document)
                else:
                    yield None
                self._pause(wait)

    def _look(self, job: Job) -> tuple[Job, bool]:
        """The job as it is, or as it was known when the store is away, and whether that is its end."""
        try:
            found = self._jobs.find(job.id)
        except StorageUnavailable:
            found = job
        return (job, True) if found is None else (found, found.status.finished)

    def _pause(self, wait: Wait) -> None:
        """Sleep until there may be news, but as long as the pace demands."""
        since = self._monotonic()
        wait(LOOK_AGAIN)
        self._sleep(max(0.0, since + PACE - self._monotonic()))


def seen_to_the_end(job: Job, last: str) -> bool:
    """Whether a client that has seen the message with the id `last` knows the job's end."""
    return job.status.finished and StreamPosition.read(last) == StreamPosition.of(job)
