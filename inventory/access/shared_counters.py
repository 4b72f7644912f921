"""Counters that all processes share, in Redis, by `limits`.

Keys in Redis: `inventory:quota:<kind>/<caller>/<amount>/1/<period>`, each a number that expires with its period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import RedisStorage
from redis import Redis

from inventory.access.quota_model import Quota, Usage

PREFIX = "inventory:quota"
ITEMS: Mapping[str, type[RateLimitItem]] = {"minute": RateLimitItemPerMinute, "day": RateLimitItemPerDay}


class SharedCounters:
    """Counters in Redis. Without Redis every method raises `RedisError`. Threads and forks may share them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._storage = RedisStorage("redis://", connection_pool=redis.connection_pool, key_prefix=PREFIX)

    def read(self, caller: str, quotas: Sequence[Quota]) -> Sequence[Usage]:
        """One round trip for all, and to the millisecond: `limits` 5.8 takes two for each, and rounds to seconds."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for quota in quotas:
                key = self._storage.prefixed_key(_key(caller, quota))
                pipeline.get(key)
                pipeline.pttl(key)
            values = pipeline.execute()
        return [_usage(quota, *values[2 * number : 2 * number + 2]) for number, quota in enumerate(quotas)]

    def add(self, caller: str, quotas: Sequence[Quota]) -> None:
        for quota in quotas:
            self._storage.incr(_key(caller, quota), quota.seconds)


def _key(caller: str, quota: Quota) -> str:
    return ITEMS[quota.period](quota.amount, namespace=quota.counted).key_for(caller)


def _usage(quota: Quota, used: bytes | None, milliseconds: int) -> Usage:
    """What Redis says of a counter; one that expired between the two answers has not begun."""
    if used is None or milliseconds <= 0:
        return Usage(quota=quota, used=0, ends_in=quota.seconds)
    return Usage(quota=quota, used=int(used), ends_in=milliseconds / 1_000)
