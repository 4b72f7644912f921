"""The worker that RQ's pool runs: it collects and works on jobs when a bell rings, and by itself while Redis is away.

Lifecycle: it is born when Redis takes writes, listens for bells, and dies with its pool. While Redis is away, at the start
or later, it looks for due work once a second and says so in one line each time it begins and ends. A Redis that answers but
refuses writes is away, too: each step of RQ writes something, and in place of one that is refused there is such work. Asked
to stop, it claims no more, settles what is in flight, and ends; being asked again changes nothing, so a signal to the whole
group is as good as one to the pool.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.utils import now
from rq.worker import WorkerStatus

from inventory.errors import StorageUnavailable
from inventory.local_stack.parent_death import die_with_parent
from workers import tasks
from workers.presence import Presence

log = structlog.get_logger(__name__)

WORKER_TTL = 30
"""Seconds after which a worker that died without a word leaves the dashboard; a Redis that swallows everything is noticed
within these, too."""
LISTEN_FOR = 2
"""Seconds for which a worker listens at a time: so long it can go unnoticed that Redis takes no bells any more."""
CLEAN_EVERY = 60
"""Seconds after which what RQ keeps of bells that were answered, and of workers that died, is cleaned up again."""
PING = 0.5
"""Seconds in which the store has to answer a worker that has nothing to do."""
LOOK_AGAIN = 1.0
"""Seconds between two looks for due work while Redis is away."""


class CollectWorker(SimpleWorker):
    """A worker that collects in its own process, many targets at once, and stops when what is in flight is settled."""

    log_job_description = False
    max_connection_wait_time = 1.0
    pulse: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._alone = False
        self._presence = Presence(self)
        if kwargs.get("prepare_for_work", True):
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: tasks.stopping.set())
            die_with_parent()
            self._collect_without_bells()
            if tasks.stopping.is_set():
                sys.exit(0)
        try:
            super().__init__(*args, **{**kwargs, "worker_ttl": WORKER_TTL, "maintenance_interval": CLEAN_EVERY})
        except RedisError as error:  # it went away again in this moment; the pool begins anew
            log.warning("queue_unavailable", error=str(error))
            sys.exit(1)

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """RQ's work loop, without RQ's scheduler: what is due is in the store."""
        try:
            return super().work(*args, **{**kwargs, "with_scheduler": False})
        except StopRequested:
            return False
        except RedisError as error:  # between two of RQ's own precautions; the pool begins anew
            log.warning("queue_unavailable", error=str(error))
            return False
        finally:
            if not tasks.stopping.is_set():  # however often it is born only to die, something is collected
                self._alone = True
                self._collect_once()

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between two signs of life of a worker that has nothing to do."""
        return LISTEN_FOR

    def register_birth(self) -> None:
        """Be born as soon as Redis takes it down, under a name that nobody else has."""
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
        """RQ's sign of life, and one for the container's health check; without Redis, collecting until it is back."""
        self.pulse()
        if self.get_state() != WorkerStatus.BUSY:
            with suppress(StorageUnavailable):  # a store whose log is lost is let go of also by who has nothing to do
                tasks.services().store.ping(PING)
        if tasks.stopping.is_set() and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        try:
            super().heartbeat(*args, **kwargs)
        except RedisError as error:
            self._collect_instead(error)

    def check_for_suspension(self, burst: bool) -> None:
        """Wait while `rq suspend` is in force."""
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
        """Wait for a bell."""
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except RedisError as error:
                self._collect_instead(error)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Answer a bell; where Redis refuses what RQ notes about it, what is due is collected all the same."""
        try:
            super().execute_job(job, queue)
        except RedisError as error:
            self.set_state(WorkerStatus.IDLE)
            self._collect_instead(error)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Claim no more, settle what is in flight, then stop."""
        tasks.stopping.set()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY and not self._alone:
            raise StopRequested

    def teardown(self) -> None:
        """Take leave of Redis, if it is there."""
        self._presence.end()
        if tasks.services().notifier.ping():
            super().teardown()

    def _collect_instead(self, error: RedisError) -> None:
        """What to do where Redis refused a step or is away; raises `StopRequested` if this worker is asked to stop."""
        log.warning("collecting_without_queue", error=str(error))
        self._alone = True
        self._collect_once()
        self._collect_without_bells(since=True)
        if tasks.stopping.is_set():
            raise StopRequested from None

    def _collect_without_bells(self, *, since: bool = False) -> None:
        """Collect what is due, again and again, until Redis takes writes or this worker is asked to stop.

        `since` says that it did so before already, and that the log has it.
        """
        self._alone = True
        queue = tasks.services().notifier
        while not tasks.stopping.is_set() and not queue.ping():
            if not since:
                log.warning("collecting_without_queue")
                since = True
            self._collect_once()
        if since:
            log.info("queue_answers_again" if not tasks.stopping.is_set() else "stopped_without_queue")
        self._alone = False

    def _collect_once(self) -> None:
        self.pulse()
        tasks.work_due()
        tasks.stopping.wait(LOOK_AGAIN)
