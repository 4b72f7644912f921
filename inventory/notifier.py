"""The bell: Redis and RQ wake the workers and the waiting. The only module of the inventory that knows either.

Everything here is best effort. The store is the truth, the scheduler rings again for what is due, so a lost bell or a dead
Redis costs time and nothing else; every method returns, within about a second, whatever Redis does. A Redis that answers but
takes no writes, because it is full, a replica or cannot save, is as good as dead.

Keys in Redis: RQ's own, under `rq:`, for the queues `collect` and `jobs`; `inventory:probe`, which is written to see whether
anything can be; the hash `inventory:faults`, which counts faults of ours by `<where> <source>`; and the channels
`inventory:settled:<record id>` and `inventory:job:<job id>`.
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
import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry
from rq.serializers import JSONSerializer

log = structlog.get_logger(__name__)

COLLECT, JOBS = "collect", "jobs"
"""RQ's queues. A worker listens to both, to the first one first: a lookup's bell is answered before a job's."""
TASKS = {COLLECT: "workers.tasks.collect", JOBS: "workers.tasks.work"}
FEW = 8
"""Bells that may wait at once: each drains whatever is due, so more would only make the queue long."""
RESULT_TTL, BRIEF_TTL = 600, 10
"""Seconds that a finished or failed bell stays visible in the dashboard: one a second of each process, and the others. RQ
keeps 5 KB of each, so that hundreds a second would fill Redis."""
BELL_TTL = 3_600
"""Seconds for which a bell waits: RQ would keep one for ever whose worker died in the moment of taking it."""
PROBE, PROBE_TTL = "inventory:probe", 60
REFUSALS = {
    "OOM": "out of memory",
    "READONLY": "it is a read-only replica",
    "MASTERDOWN": "it is a replica whose master is away",
    "NOREPLICAS": "it has too few replicas",
    "MISCONF": "it cannot save to its disk",
    "LOADING": "it is loading its data",
    "CLUSTERDOWN": "its cluster is down",
    "NOAUTH": "it wants a password",
    "WRONGPASS": "it wants another password",
    "NOPERM": "this user is not permitted to",
}
"""Why Redis takes no writes, by the code of its error."""
QUIET_FOR = 1.0
"""Seconds without another try after Redis failed, so that a burst of misses does not wait for it one by one."""
ENOUGH_FOR = 0.01
"""Seconds for which a queue of `FEW` bells is not asked again: eight take longer. A sixth of a miss was this question."""
TELL_AGAIN = 0.25
"""Seconds within which this process tells of a job's progress no more than once."""

FAULTS = "inventory:faults"

Wait = Callable[[float], None]


def connect(url: str, *, socket_timeout: float | None) -> Redis:
    """A client for the URL that connects on first use, within half a second, and never tries twice by itself."""
    return Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=socket_timeout,
        retry=Retry(NoBackoff(), 0),
    )


@dataclass(frozen=True, slots=True)
class Depths:
    """What is going on in Redis: bells that wait for a worker, by queue, and workers that listen."""

    bells: Mapping[str, int]
    workers: int


class Notifier:
    """Rings bells for workers, and tells those who wait what was settled and how jobs come on."""

    def __init__(self, redis: Redis, *, job_timeout: int) -> None:
        self._redis = redis
        self._bells = {
            name: rq.Queue(name, connection=redis, serializer=JSONSerializer, default_timeout=job_timeout) for name in TASKS
        }
        self._quiet_until = 0.0
        self._enough_until = dict.fromkeys(TASKS, 0.0)
        self._visible_from = 0.0
        self._told: dict[str, float] = {}

    def wake_worker(self, record_id: str) -> bool:
        """Wake a worker for this record, unless a few bells wait already or Redis is away; True if a bell was rung."""
        return self._wake(COLLECT, record_id)

    def wake_worker_for_job(self, job_id: str) -> bool:
        """Wake a worker for this job, as `ring` does for a record: each worker that is woken takes a part of the work."""
        return self._wake(JOBS, job_id)

    def announce(self, record_ids: Sequence[str]) -> None:
        """Tell whoever waits for these records that an outcome was settled."""
        self._publish([_record_channel(record_id) for record_id in record_ids])

    def announce_job(self, job_id: str, *, ended: bool = False) -> None:
        """Tell whoever watches this job that it came on, or ended; that it came on no more than four times a second."""
        now = time.monotonic()
        if not ended and now < self._told.get(job_id, 0.0) + TELL_AGAIN:
            return
        self._told = {job: at for job, at in self._told.items() if now < at + TELL_AGAIN} | {job_id: now}
        self._publish([_job_channel(job_id)])

    def outcomes_of(self, record_id: str) -> AbstractContextManager[Wait]:
        """Inside, `wait(seconds)` sleeps until an outcome of the record is announced or the time is up.

        Outcomes from the entry on are heard. While Redis is away, `wait` only sleeps: look again after half a second or so.
        """
        return self._listening(_record_channel(record_id))

    def changes_of(self, job_id: str) -> AbstractContextManager[Wait]:
        """The same for the progress of a job."""
        return self._listening(_job_channel(job_id))

    def ping(self) -> bool:
        """True if Redis takes a write within its timeout."""
        return self.obstacle() is None

    def obstacle(self) -> str | None:
        """Why Redis takes no writes, in words that name no address; None if it does."""
        try:
            self._redis.set(PROBE, 1, ex=PROBE_TTL)
        except RedisError as error:
            return _reason(error)
        return None

    def depths(self) -> Depths | None:
        """How many bells wait, and for how many workers; None while Redis takes no writes."""
        if not self.ping():
            return None
        try:
            return Depths(
                {name: bells.count for name, bells in self._bells.items()}, rq.Worker.count(connection=self._redis)
            )
        except RedisError:
            return None

    def count_fault(self, where: str, source: str) -> None:
        """Count a fault of ours, for all programs together. While Redis is away it is in the log alone."""
        if time.monotonic() < self._quiet_until:
            return
        try:
            self._redis.hincrby(FAULTS, f"{where} {source}")
        except RedisError as error:
            self._fell_silent(error)

    def faults(self) -> Mapping[tuple[str, str], int]:
        """How many faults there were, by where and in which source, since Redis was empty; none while it is away."""
        try:
            counted = cast("Mapping[bytes, bytes]", self._redis.hgetall(FAULTS))
        except RedisError:
            return {}
        return {_where_and_source(name.decode()): int(count) for name, count in counted.items()}

    def _wake(self, name: str, subject: str) -> bool:
        now = time.monotonic()
        if now < max(self._quiet_until, self._enough_until[name]):
            return False
        try:
            if self._bells[name].count >= FEW:
                self._enough_until[name] = now + ENOUGH_FOR
                return False
            self._bells[name].enqueue(
                TASKS[name],
                subject,
                job_id=f"{subject}-{uuid4().hex[:8]}",
                ttl=BELL_TTL,
                result_ttl=self._visible_for(now),
                failure_ttl=self._visible_for(now),
            )
        except RedisError as error:
            self._fell_silent(error)
            return False
        if now >= self._visible_from:
            self._visible_from = now + 1.0
        return True

    def _visible_for(self, now: float) -> int:
        return RESULT_TTL if now >= self._visible_from else BRIEF_TTL

    def _publish(self, channels: Sequence[str]) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for channel in channels:
                    pipeline.publish(channel, "changed")
                pipeline.execute()
        except RedisError as error:
            self._fell_silent(error)

    @contextmanager
    def _listening(self, name: str) -> Iterator[Wait]:
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            try:
                channel.subscribe(name)
            except RedisError as error:
                self._fell_silent(error)

            def wait(seconds: float) -> None:
                try:
                    if channel.subscribed and time.monotonic() >= self._quiet_until:
                        channel.get_message(timeout=seconds)
                        return
                except RedisError as error:
                    self._fell_silent(error)
                Event().wait(seconds)

            yield wait

    def _fell_silent(self, error: RedisError) -> None:
        self._quiet_until = time.monotonic() + QUIET_FOR
        log.warning("queue_unavailable", error=str(error))


def _where_and_source(name: str) -> tuple[str, str]:
    where, _, source = name.partition(" ")
    return where, source


def _reason(error: RedisError) -> str:
    code = error.status_code or str(error).partition(" ")[0]
    if code in REFUSALS:
        return f"refuses writes: {REFUSALS[code]}"
    return "refuses writes" if isinstance(error, ResponseError) else "no answer"


def _record_channel(record_id: str) -> str:
    return f"inventory:settled:{record_id}"


def _job_channel(job_id: str) -> str:
    return f"inventory:job:{job_id}"
