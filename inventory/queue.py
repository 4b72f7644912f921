"""The bell: Redis and RQ wake the workers and the waiting. The only module of the inventory that knows either.

Everything here is best effort. The store is the truth, the scheduler rings again for what is due, so a lost bell or a dead
Redis costs time and nothing else; every method returns, within about a second, whatever Redis does.

Keys in Redis: RQ's own, under `rq:`, for the queue `collect`; and the channels `inventory:settled:<record id>`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from uuid import uuid4

import rq
import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq.serializers import JSONSerializer

log = structlog.get_logger(__name__)

NAME = "collect"
TASK = "workers.tasks.collect"
FEW = 8
"""Bells that may wait at once: each drains whatever is due, so more would only make the queue long."""
RESULT_TTL = 600
"""Seconds that a finished or failed bell stays visible in the dashboard."""
QUIET_FOR = 1.0
"""Seconds without another try after Redis failed, so that a burst of misses does not wait for it one by one."""

Wait = Callable[[float], None]


def connect(url: str, *, socket_timeout: float | None) -> Redis:
    """A client for the URL that connects on first use, within half a second, and never tries twice by itself."""
    return Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=socket_timeout,
        retry=Retry(NoBackoff(), 0),
    )


class Queue:
    """Rings bells for workers and tells waiting lookups what was settled."""

    def __init__(self, redis: Redis, *, job_timeout: int) -> None:
        self._redis = redis
        self._bells = rq.Queue(NAME, connection=redis, serializer=JSONSerializer, default_timeout=job_timeout)
        self._quiet_until = 0.0

    def ring(self, record_id: str) -> bool:
        """Wake a worker for this record, unless a few bells wait already or Redis is away; True if a bell was rung."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            if self._bells.count >= FEW:
                return False
            self._bells.enqueue(
                TASK,
                record_id,
                job_id=f"{record_id}-{uuid4().hex[:8]}",
                result_ttl=RESULT_TTL,
                failure_ttl=RESULT_TTL,
            )
        except RedisError as error:
            self._fell_silent(error)
            return False
        return True

    def announce(self, record_ids: Sequence[str]) -> None:
        """Tell whoever waits for these records that an outcome was settled."""
        if time.monotonic() < self._quiet_until:
            return
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for record_id in record_ids:
                    pipeline.publish(_channel(record_id), "settled")
                pipeline.execute()
        except RedisError as error:
            self._fell_silent(error)

    @contextmanager
    def outcomes_of(self, record_id: str) -> Iterator[Wait]:
        """Inside, `wait(seconds)` sleeps until an outcome of the record is announced or the time is up.

        Outcomes from the entry on are heard. While Redis is away, `wait` only sleeps: look again after half a second or so.
        """
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            try:
                channel.subscribe(_channel(record_id))
            except RedisError as error:
                self._fell_silent(error)

            def wait(seconds: float) -> None:
                try:
                    if channel.subscribed:
                        channel.get_message(timeout=seconds)
                        return
                except RedisError as error:
                    self._fell_silent(error)
                Event().wait(seconds)

            yield wait

    def ping(self) -> bool:
        """True if Redis answers within its timeout."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False

    def _fell_silent(self, error: RedisError) -> None:
        self._quiet_until = time.monotonic() + QUIET_FOR
        log.warning("queue_unavailable", error=str(error))


def _channel(record_id: str) -> str:
    return f"inventory:settled:{record_id}"
