"""RQ's worker, which collects and works on jobs when RQ wakes it, and by itself while Redis is away.

It is born when Redis takes writes, listens, and dies with its pool. While Redis is away it works on what is due once a
second. A Redis that answers but refuses writes is away too: each step of RQ writes something, and such work replaces a step
that is refused. Asked to stop, it claims no more, settles what is in flight, and ends. Being asked again changes nothing,
so a signal to the whole group is as good as one to the pool.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, worker_pool
from rq.exceptions import StopRequested
from rq.job import Job
from rq.utils import now
from rq.worker import WorkerStatus

from inventory.local_stack.parent_death import die_with_parent
from inventory.redis_outage import RETRY_AFTER, RedisOutage
from inventory.store import waiting
from workers import heartbeat, tasks
from workers.presence import Presence

log = structlog.get_logger(__name__)

WORKER_TTL = 30
"""Seconds after which a worker that was killed leaves the dashboard. A Redis that swallows everything is noticed
within these, too."""
LISTEN_FOR = 2
"""Seconds for which a worker listens at a time: so long it can go unnoticed that Redis takes no writes any more."""
CLEAN_EVERY = 60
"""Seconds after which RQ removes again what it keeps of jobs that are done, and of workers that died."""

outage = RedisOutage(away="collecting_without_queue", back="queue_answers_again")
"""What this process knows of Redis; its pool never calls it, so each worker starts with its own."""


def run(*args: Any, **kwargs: Any) -> None:
    """The life of one process of the pool, with the arguments of RQ's `run_worker`."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: tasks.stopping.set())
    die_with_parent()
    collect_until_redis_answers()
    if tasks.stopping.is_set():
        return
    try:
        worker_pool.run_worker(*args, **kwargs)
    except RedisError as error:  # it went away again in this moment, or between two of RQ's precautions
        log.warning("queue_unavailable", error=str(error))
        sys.exit(1)  # the pool starts another process


def collect_until_redis_answers() -> None:
    """Work on what is due, again and again, until Redis takes writes or this worker is asked to stop."""
    notifier = tasks.services().notifier
    while not tasks.stopping.is_set():
        obstacle = notifier.obstacle()
        outage.note(None if obstacle is None else RedisError(obstacle))
        if obstacle is None:
            return
        collect_once()


def collect_once() -> None:
    """Work on what is due without RQ."""
    heartbeat.beat(tasks.services().settings.data_dir, "worker")
    tasks.work_due()
    tasks.stopping.wait(RETRY_AFTER)


class CollectWorker(SimpleWorker):
    """A worker that collects in its own process, many targets at once, and stops when what is in flight is settled."""

    max_connection_wait_time = 1.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The description of an RQ job is a URL, which no log is to have.
        ours = {"worker_ttl": WORKER_TTL, "maintenance_interval": CLEAN_EVERY, "log_job_description": False}
        super().__init__(*args, **{**kwargs, **ours})
        self._collects_alone = False
        self._presence = Presence(self)

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """RQ's work loop, without RQ's scheduler: what is due is in the store."""
        try:
            return super().work(*args, **{**kwargs, "with_scheduler": False})
        except StopRequested:
            return False
        finally:
            if not tasks.stopping.is_set():  # however often it is born only to die, something is collected
                self._collects_alone = True
                collect_once()

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between two heartbeats of an idle worker."""
        return LISTEN_FOR

    def register_birth(self) -> None:
        """Register as soon as Redis takes writes; the name is this worker's alone."""
        while True:
            try:
                self.connection.delete(self.key)
                super().register_birth()
            except RedisError as error:
                self._collect_instead(error)
            else:
                self._presence.begin()
                return

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        """RQ's heartbeat, and one for the container's health check; without Redis, collecting until it is back."""
        heartbeat.beat(tasks.services().settings.data_dir, "worker")
        is_idle = self.get_state() != WorkerStatus.BUSY
        if is_idle:
            waiting.ping_idle(tasks.services().store)
        if is_idle and tasks.stopping.is_set():
            raise StopRequested
        try:
            super().heartbeat(*args, **kwargs)
        except RedisError as error:
            self._collect_instead(error)

    def check_for_suspension(self, burst: bool) -> None:
        try:
            super().check_for_suspension(burst)
        except RedisError as error:
            self._collect_instead(error)

    def run_maintenance_tasks(self) -> None:
        """RQ's cleaning up; what Redis refuses of it is left for the next time."""
        try:
            super().run_maintenance_tasks()
        except RedisError as error:
            log.warning("queue_not_cleaned", error=str(error))
            self.last_cleaned_at = now()  # type: ignore[assignment]

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Tell the dashboard what this worker does; if Redis does not take it, the next heartbeat will notice."""
        with suppress(RedisError):
            super().set_state(state, pipeline=pipeline)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except RedisError as error:
                self._collect_instead(error)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do an RQ job; where Redis refuses what RQ notes about it, what is due is collected all the same."""
        try:
            super().execute_job(job, queue)
        except RedisError as error:
            self.set_state(WorkerStatus.IDLE)
            self._collect_instead(error)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Claim no more, settle what is in flight, then stop."""
        tasks.stopping.set()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY and not self._collects_alone:
            raise StopRequested

    def teardown(self) -> None:
        """Deregister from Redis, if it answers."""
        self._presence.end()
        if tasks.services().notifier.ping():
            super().teardown()

    def _collect_instead(self, error: RedisError) -> None:
        """Work without Redis, which refused a step or is away; `StopRequested` if this worker is asked to stop."""
        outage.note(error)
        self._collects_alone = True
        collect_once()
        collect_until_redis_answers()
        self._collects_alone = False
        if tasks.stopping.is_set():
            raise StopRequested from None
