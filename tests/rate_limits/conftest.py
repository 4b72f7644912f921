"""An upstream to call, and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from inventory.notifier import connect
from tests.rate_limits.budget_halves import redis_server
from tests.upstreams import Upstream


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def real_redis(redis_url: str) -> Iterator[Redis]:
    """An empty one."""
    redis = connect(redis_url, socket_timeout=60.0)
    redis.flushall()
    yield redis
    redis.close()
