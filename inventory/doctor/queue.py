"""Redis and RQ: whether they can do their part. Nothing in them has to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import rq
from redis import Redis
from redis.exceptions import RedisError

from inventory.clock import Clock
from inventory.doctor.model import Finding, ok, problem, warning
from inventory.errors import StartError
from inventory.masking import Masking

OLDEST = 5
"""The major version of Redis that RQ needs."""
SILENT_FOR = timedelta(seconds=60)
"""How long a worker says nothing before it counts as stuck: a busy one says something every few seconds."""
CLOCK_DIFFERS = timedelta(seconds=5)


class QueueCheck:
    """Checks one Redis. `is_up` says whether `inventory up` runs, and `is_own` whether that starts this Redis.

    `find_own` raises `StartError` if it could not.
    """

    def __init__(
        self, redis: Redis, url: str, *, is_up: bool, is_own: bool, find_own: Callable[[], object], clock: Clock
    ) -> None:
        self._redis = redis
        self._url = Masking()(url)
        self._is_up, self._is_own, self._find_own = is_up, is_own, find_own
        self._clock = clock

    def redis(self) -> Iterator[Finding]:
        """Whether it answers, and is set up for queues."""
        if self._is_own and not self._is_up:
            yield from self._to_be_started()
            return
        try:
            info = cast("Mapping[str, Any]", self._redis.info())
            self._redis.set("inventory:probe", 1, ex=60)
            differs = self._time_differs()
        except RedisError as error:
            text = f"Redis at {self._url} takes no writes: {error}."
            advice = "Start it, or correct INVENTORY_REDIS_URL. Until then workers look for work by themselves."
            yield problem("redis", text, advice)
            return
        yield from _about(info)
        if differs > CLOCK_DIFFERS:
            text = f"The clock of Redis's machine and this one differ by {differs.total_seconds():.0f} s."
            yield warning("clock", text, "Have both set by NTP: claims last some 35 s by the clocks of workers.")

    def _to_be_started(self) -> Iterator[Finding]:
        try:
            self._find_own()
        except StartError as error:
            yield problem("redis", f"`inventory up` cannot start it: {error}.", "")
        else:
            yield ok("redis", "`inventory up` starts it, and does not run now.")

    def workers(self) -> Iterator[Finding]:
        """Whether workers listen, and each of them lives."""
        try:
            found = rq.Worker.all(connection=self._redis)
        except RedisError:
            if not self._is_own or self._is_up:
                yield warning(
                    "workers", "Redis does not answer, so nobody knows which workers there are.", "Mend Redis first."
                )
            return
        now = self._clock()
        silent = [each.name for each in found if each.last_heartbeat and now - _utc(each.last_heartbeat) > SILENT_FOR]
        if silent:
            text = f"{len(silent)} of {len(found)} workers have said nothing for a minute, such as {silent[0]}."
            yield warning("workers", text, "Look into the log of the workers, and restart those that hang.")
        elif found:
            busy = sum(each.get_state() == "busy" for each in found)
            yield ok("workers", f"{len(found)} workers listen, and {busy} of them are busy.")
        elif not self._is_own or self._is_up:
            yield problem("workers", "No worker listens to the queues.", "Start some: python -m workers collect.")

    def waiting(self) -> int | None:
        """How many RQ jobs wait for a worker; None if Redis does not answer."""
        try:
            return sum(queue.count for queue in rq.Queue.all(connection=self._redis))
        except RedisError:
            return None

    def _time_differs(self) -> timedelta:
        seconds, microseconds = self._redis.time()
        return abs(datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds) - self._clock())


def _about(info: Mapping[str, Any]) -> Iterator[Finding]:
    version, policy = str(info["redis_version"]), info.get("maxmemory_policy", "noeviction")
    if int(version.partition(".")[0]) < OLDEST:
        yield problem("redis", f"Redis is {version}, and RQ needs {OLDEST} at least.", "Install a newer one.")
    elif policy != "noeviction":
        text = f"Redis is {version}, and its maxmemory-policy is {policy}, so it may drop queues when it is full."
        yield warning("redis", text, "Set maxmemory-policy to noeviction.")
    elif info.get("rdb_last_bgsave_status", "ok") != "ok" or info.get("aof_last_write_status", "ok") != "ok":
        text = f"Redis is {version}, and could not save to its disk, after which it may refuse writes."
        yield warning("redis", text, 'Turn its persistence off, which nothing here needs: save "", appendonly no.')
    else:
        saves = " It writes to its disk, which nothing here needs." if info.get("aof_enabled") else ""
        limit = (
            "without a memory limit" if not info.get("maxmemory") else f"with {int(info['maxmemory']) // 2**20} MiB at most"
        )
        yield ok("redis", f"Redis {version} takes writes, {limit}.{saves}")


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
