"""The worker that RQ's pool runs: it collects and works on jobs when a bell rings, and by itself while Redis is away.

Lifecycle: it is born when Redis answers, listens for bells, and dies with its pool. While Redis is away, at the start or
later, it looks for due work once a second and says so in one line each time it begins and ends. Asked to stop, it claims no
more, settles what is in flight, and ends; being asked again changes nothing, so a signal to the whole group is as good as
one to the pool.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.worker import WorkerStatus

from inventory.embedded.leash import die_with_parent
from workers import tasks

log = structlog.get_logger(__name__)

WORKER_TTL = 30
"""Seconds after which a worker that died without a word leaves the dashboard; a Redis that swallows everything is noticed
within these, too."""
LOOK_AGAIN = 1.0
"""Seconds between two looks for due work while Redis is away."""


class CollectWorker(SimpleWorker):
    """A worker that collects in its own process, many targets at once, and stops when what is in flight is settled."""

    log_job_description = False
    max_connection_wait_time = 1.0
    pulse: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._alone = False
        if kwargs.get("prepare_for_work", True):
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: tasks.stopping.set())
            die_with_parent()
            self._collect_without_bells()
            if tasks.stopping.is_set():
                sys.exit(0)
        try:
            super().__init__(*args, **{**kwargs, "worker_ttl": WORKER_TTL})
        except RedisError as error:  # it went away again in this moment; the pool begins anew
            log.warning("queue_unavailable", error=str(error))
            sys.exit(1)

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """RQ's work loop, without RQ's scheduler: what is due is in the store."""
        try:
            return super().work(*args, **{**kwargs, "with_scheduler": False})
        except RedisError as error:  # between two of RQ's own precautions; the pool begins anew
            log.warning("queue_unavailable", error=str(error))
            return False

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        """RQ's sign of life, and one for the container's health check; without Redis, collecting until it is back."""
        self.pulse()
        if tasks.stopping.is_set() and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        try:
            super().heartbeat(*args, **kwargs)
        except RedisError:
            self._collect_without_bells()
            if tasks.stopping.is_set():
                raise StopRequested from None
            super().heartbeat(*args, **kwargs)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Claim no more, settle what is in flight, then stop."""
        tasks.stopping.set()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY and not self._alone:
            raise StopRequested

    def teardown(self) -> None:
        """Take leave of Redis, if it is there."""
        if tasks.services().queue.ping():
            super().teardown()

    def _collect_without_bells(self) -> None:
        """Collect what is due, again and again, until Redis answers or this worker is asked to stop."""
        self._alone = True
        queue, since = tasks.services().queue, False
        while not tasks.stopping.is_set() and not queue.ping():
            if not since:
                log.warning("collecting_without_queue")
                since = True
            self.pulse()
            tasks.work_due()
            tasks.stopping.wait(LOOK_AGAIN)
        if since:
            log.info("queue_answers_again" if not tasks.stopping.is_set() else "stopped_without_queue")
        self._alone = False
