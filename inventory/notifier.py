"""Redis and RQ: wake workers, and announce outcomes and progress.

The store is the truth, and the scheduler wakes workers again for what is due. So a lost RQ job or a dead Redis only costs
time. Every method returns within about a second, whatever Redis does.

Keys in Redis: RQ's own, under `rq:`, for the queues `messages`, `collect` and `jobs`; `inventory:probe`, which is written
to see whether anything can be; the hash `inventory:faults`, which counts internal faults by `<where> <source>`; and the
channels `inventory:settled:<record id>` and `inventory:job:<job id>`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Event
from typing import cast
from uuid import uuid4

import rq
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq.serializers import JSONSerializer

from inventory.masking import UNCONFIGURED, Masking
from inventory.redis_outage import RedisOutage, reason

MESSAGES, COLLECT, JOBS = "messages", "collect", "jobs"
"""RQ's queues. A worker listens to all, to the first one first: messages are few, and a lookup comes before a job."""
TASKS = {MESSAGES: "workers.tasks.deliver", COLLECT: "workers.tasks.collect", JOBS: "workers.tasks.work"}
MAX_WAITING = 8
"""RQ jobs that may wait in a queue if there are no more workers: each collects whatever is due, so more would only make it
long. Of many workers each may be woken by one of its own."""
COUNT_WORKERS_EVERY = 5.0
"""Seconds for which the number of workers is taken for the same."""
RESULT_TTL, BRIEF_TTL = 600, 10
"""Seconds for which the dashboard shows a finished RQ job: one each second of each process, and the others. RQ keeps 5 KB of
each, so hundreds a second would fill Redis."""
WAITING_TTL = 3_600
"""Seconds for which an RQ job waits: RQ would keep one for ever whose worker died in the moment of taking it."""
PROBE, PROBE_TTL = "inventory:probe", 60
FULL_FOR = 0.01
"""Seconds for which a full queue is not asked for its length again."""
ANNOUNCE_EVERY = 0.25
"""Seconds between two announcements of a job's progress by this process."""

HARMLESS = str.maketrans("<>", "‹›")

FAULTS, SETTLED, PROGRESS = "inventory:faults", "inventory:settled:", "inventory:job:"

Wait = Callable[[float], None]


def connect(url: str, *, socket_timeout: float | None) -> Redis:
    """A client for the URL that connects on first use, within half a second, and never tries twice by itself."""
    return Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=socket_timeout,
        retry=Retry(NoBackoff(), 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Depths:
    """What is going on in Redis: RQ jobs that wait for a worker, by queue, and workers that listen."""

    waiting: Mapping[str, int]
    workers: int


class Notifier:
    """Wakes workers, and tells those who wait what was settled and how jobs progress."""

    def __init__(
        self,
        redis: Redis,
        *,
        job_timeout: int,
        masking: Masking = UNCONFIGURED,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._ticks = ticks
        self._masking = masking
        self._queues = {
            name: rq.Queue(name, connection=redis, serializer=JSONSerializer, default_timeout=job_timeout) for name in TASKS
        }
        self._outage = RedisOutage(away="queue_unavailable", back="queue_available", ticks=ticks)
        self._full_until = dict.fromkeys(TASKS, 0.0)
        self._visible_from = 0.0
        self._workers, self._counted_until = 0, 0.0
        self._announced: dict[str, float] = {}

    def wake_worker(self, record_id: str, description: str) -> bool:
        """Have a worker collect this record, unless a few RQ jobs wait already or Redis is away; True if one was enqueued.

        `description` is what the dashboard shows of it: the URL, masked.
        """
        return self._wake(COLLECT, record_id, description)

    def wake_worker_for_job(self, job_id: str, name: str) -> bool:
        """The same for a job, whose `name` is that of its file or kind; each worker takes a part of the work."""
        return self._wake(JOBS, job_id, f"{name} (job {job_id})")

    def wake_worker_to_deliver(self, delivery_id: str, destination: str) -> bool:
        """The same for a delivery, with where it goes; a worker delivers whatever else is due, too."""
        return self._wake(MESSAGES, delivery_id, f"{destination} (delivery {delivery_id})")

    def waiting_limit(self) -> int:
        """How many RQ jobs may wait in a queue: as many as there are workers, and `MAX_WAITING` at least."""
        return self._outage.call(lambda: self._limit(self._ticks()), lambda: MAX_WAITING, writes=False)

    def announce(self, record_ids: Sequence[str]) -> None:
        """Tell those who wait for these records that an outcome was settled."""
        self._publish([SETTLED + record_id for record_id in record_ids])

    def announce_job(self, job_id: str, *, ended: bool = False) -> None:
        """Tell those who watch this job that it progressed, at most four times a second, or that it ended."""
        now = self._ticks()
        if not ended and now < self._announced.get(job_id, 0.0) + ANNOUNCE_EVERY:
            return
        self._announced = {job: at for job, at in self._announced.items() if now < at + ANNOUNCE_EVERY} | {job_id: now}
        self._publish([PROGRESS + job_id])

    def outcomes_of(self, record_id: str) -> AbstractContextManager[Wait]:
        """Inside, `wait(seconds)` sleeps until an outcome of the record is announced or the time is up.

        Outcomes from the entry on count. While Redis is away, `wait` only sleeps: look again after half a second or so.
        """
        return self._listening(SETTLED + record_id)

    def changes_of(self, job_id: str) -> AbstractContextManager[Wait]:
        """The same for the progress of a job."""
        return self._listening(PROGRESS + job_id)

    def ping(self) -> bool:
        """True if Redis takes a write within its timeout."""
        return self.obstacle() is None

    def obstacle(self) -> str | None:
        """Why Redis takes no writes, in words that name no address; None if it does. Asks in any case."""
        try:
            self._redis.set(PROBE, 1, ex=PROBE_TTL)
        except RedisError as error:
            self._outage.note(error)
            return reason(error)
        self._outage.note(None)
        return None

    def depths(self) -> Depths | None:
        """How many RQ jobs wait, and for how many workers; None while Redis takes no writes."""
        if not self.ping():
            return None
        try:
            waiting = {name: queue.count for name, queue in self._queues.items()}
            return Depths(waiting=waiting, workers=rq.Worker.count(connection=self._redis))
        except RedisError:
            return None

    def count_fault(self, where: str, source: str) -> None:
        """Count an internal fault, for all programs together; while Redis is away it is in the log alone."""
        self._outage.call(lambda: self._redis.hincrby(FAULTS, f"{where} {source}"), lambda: None)

    def faults(self) -> Mapping[tuple[str, str], int]:
        """How many faults there were, by where and in which source, since Redis was empty; none while it is away."""
        try:
            counted = cast("Mapping[bytes, bytes]", self._redis.hgetall(FAULTS))
        except RedisError:
            return {}
        names = {name: name.decode().partition(" ") for name in counted}
        return {(where, source): int(counted[name]) for name, (where, _, source) in names.items()}

    def _wake(self, name: str, subject: str, description: str) -> bool:
        now = self._ticks()
        if now < self._full_until[name]:
            return False
        return self._outage.call(lambda: self._enqueue(name, subject, description, now), lambda: False)

    def _enqueue(self, name: str, subject: str, description: str, now: float) -> bool:
        waiting = self._queues[name].count
        if waiting >= MAX_WAITING and waiting >= self._limit(now):
            self._full_until[name] = now + FULL_FOR
            return False
        visible = now >= self._visible_from
        ttl = RESULT_TTL if visible else BRIEF_TTL
        self._queues[name].enqueue(
            TASKS[name],
            subject,
            job_id=f"{subject}-{uuid4().hex[:8]}",
            description=_shown(self._masking(description)),
            ttl=WAITING_TTL,
            result_ttl=ttl,
            failure_ttl=ttl,
        )
        if visible:
            self._visible_from = now + 1.0
        return True

    def _limit(self, now: float) -> int:
        if now >= self._counted_until:
            self._workers = rq.Worker.count(connection=self._redis)
            self._counted_until = now + COUNT_WORKERS_EVERY
        return max(MAX_WAITING, self._workers)

    def _publish(self, channels: Sequence[str]) -> None:
        if not channels:
            return

        def publish() -> None:
            with self._redis.pipeline(transaction=False) as pipeline:
                for channel in channels:
                    pipeline.publish(channel, "changed")
                pipeline.execute()

        self._outage.call(publish, lambda: None, writes=False)

    @contextmanager
    def _listening(self, name: str) -> Iterator[Wait]:
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            self._outage.call(lambda: channel.subscribe(name), lambda: None, writes=False)

            def wait(seconds: float) -> None:
                try:
                    if channel.subscribed and not self._outage.is_quiet:
                        channel.get_message(timeout=seconds)
                        return
                except RedisError as error:
                    self._outage.note(error)
                Event().wait(seconds)

            yield wait


def _shown(description: str) -> str:
    """A description as the dashboard may show it: rq-dashboard 0.9 puts it into a page without escaping it.

    A file's name may have half of a surrogate pair, and whatever markup its sender likes.
    """
    return description.encode(errors="replace").decode().translate(HARMLESS)
