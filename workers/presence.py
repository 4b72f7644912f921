"""Keeps a worker registered in Redis.

RQ registers a worker once, at its birth. After a flush of Redis, or a stop beyond the life of its key, a worker would be
missing wherever workers are listed or counted. A thread checks, because the worker itself may be busy for minutes.
"""

from __future__ import annotations

from threading import Event, Thread

import structlog
from redis.exceptions import RedisError
from rq import worker_registration
from rq.worker import BaseWorker

log = structlog.get_logger(__name__)

CHECK_EVERY = 5.0
"""Seconds between two checks."""
JOIN_TIMEOUT = 2.0
"""Seconds for which the end of a check is waited for; then the worker ends."""


class Presence:
    """Checks from `begin` to `end` whether the worker is registered, and registers it again if not."""

    def __init__(self, worker: BaseWorker) -> None:
        self._worker = worker
        self._ended = Event()
        self._thread = Thread(target=self._check, name="presence", daemon=True)

    def begin(self) -> None:
        """Start; the worker must be registered. A second call does nothing."""
        if not self._thread.ident:
            self._thread.start()

    def end(self) -> None:
        """Check no more."""
        self._ended.set()
        if self._thread.ident:
            self._thread.join(JOIN_TIMEOUT)

    def _check(self) -> None:
        while not self._ended.wait(CHECK_EVERY):
            try:
                if register_if_unknown(self._worker):
                    log.info("worker_registered_again", worker=self._worker.name)
            except RedisError:  # the worker itself will notice
                continue


def register_if_unknown(worker: BaseWorker) -> bool:
    """Register a worker that was born before and that Redis does not know, and its queues; whether that was so."""
    with worker.connection.pipeline() as pipeline:
        pipeline.sismember(worker.redis_workers_keys, worker.key)
        pipeline.hexists(worker.key, "birth")
        if all(pipeline.execute()):
            return False
        pipeline.hset(worker.key, mapping=worker.serialize() | {"state": worker.get_state()})
        pipeline.expire(worker.key, worker.worker_ttl + 60)
        worker_registration.register(worker, pipeline)
        for queue in worker.queues:
            pipeline.sadd(queue.redis_queues_keys, queue.key)
        pipeline.execute()
    return True
