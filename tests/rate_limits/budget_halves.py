"""The two halves of the budgets, each on a clock that a test moves; and a real Redis for the shared one."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from inventory.local_stack.redis_server import find_server
from inventory.notifier import connect
from inventory.rate_limits.limits import Limits
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Policy, Report, Throttled
from inventory.rate_limits.shared import SharedBudgets
from inventory.rate_limits.state import MAX_HOSTS
from tests.end_to_end.stack import wait_until

START = 1_790_000_000
CLOCK = "test:clock"
POLICY = Policy(lease=30.0, failures=3, first_pause=10.0, longest_pause=35.0)


class Half:
    """Budgets, and the clock that they go by."""

    budgets: Budgets

    def forward(self, seconds: float) -> None:
        """Let so much time pass; less than none sets the clock back."""
        raise NotImplementedError

    def request(self, host: str, *, urgent: bool = False) -> Permit | Throttled:
        """The decision on one request."""
        [answer] = self.budgets.take([PermitRequest(host, urgent)])
        return answer

    def permit(self, host: str, *, urgent: bool = False) -> Permit:
        """The decision on one request, which is to be a permit."""
        answer = self.request(host, urgent=urgent)
        assert isinstance(answer, Permit), answer
        return answer

    def throttled(self, host: str, *, urgent: bool = False) -> Throttled:
        """The decision on one request, which is to be throttled."""
        answer = self.request(host, urgent=urgent)
        assert isinstance(answer, Throttled), answer
        return answer

    def end(self, permit: Permit, *, failed: bool = False, elapsed: float = 0.05, pause: float | None = None) -> None:
        """Give a permit back."""
        self.budgets.done([Report(permit, failed, elapsed, pause)])

    def fail(self, host: str, times: int) -> None:
        """Have so many calls of the host fail, a second apart."""
        for _ in range(times):
            self.forward(1)
            self.end(self.permit(host), failed=True)

    def seconds_for(self, host: str, *, calls: int, elapsed: float, slow: int = 0, slow_elapsed: float = 0.0) -> float:
        """Seconds until so many calls are over that request permits at once, and again at their reservations."""
        now, order = 0.0, count()
        events: list[tuple[float, int, Permit | None]] = [(0.0, next(order), None) for _ in range(calls)]
        while events:
            at, _, permit = heappop(events)
            self.forward(at - now)
            now = at
            if permit is not None:
                self.end(permit, elapsed=slow_elapsed if slow > 0 else elapsed)
                slow -= 1
                continue
            answer = self.request(host)
            if isinstance(answer, Throttled):
                heappush(events, (now + answer.wait, next(order), None))
            else:
                heappush(events, (now + (slow_elapsed if slow > 0 else elapsed), next(order), answer))
        return now


class LocalHalf(Half):
    """Budgets in memory."""

    def __init__(self, limits: Limits, max_hosts: int = MAX_HOSTS) -> None:
        self.now = START * 1_000_000
        self.budgets = LocalBudgets(limits, POLICY, clock=lambda: self.now, max_hosts=max_hosts)

    def forward(self, seconds: float) -> None:
        self.now += round(seconds * 1_000_000)


class SharedHalf(Half):
    """Budgets in Redis, whose clock is a list of two numbers there."""

    def __init__(self, redis: Redis, limits: Limits, max_hosts: int = MAX_HOSTS) -> None:
        self._redis = redis
        self._now = START * 1_000_000
        clock = f"redis.call('MGET', '{CLOCK}:s', '{CLOCK}:us')"
        self.budgets = SharedBudgets(redis, limits, POLICY, clock=clock, max_hosts=max_hosts)
        self.forward(0)

    def forward(self, seconds: float) -> None:
        self._now += round(seconds * 1_000_000)
        self._redis.mset({f"{CLOCK}:s": self._now // 1_000_000, f"{CLOCK}:us": self._now % 1_000_000})


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis that lives as long as this."""
    with tempfile.TemporaryDirectory(prefix="inv-", dir="/tmp") as folder:
        url = f"unix://{Path(folder, 'redis.sock')}"
        command = [find_server(), "--port", "0", "--unixsocket", url.removeprefix("unix://"), "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = connect(url, socket_timeout=10.0)
        try:
            wait_until(lambda: answers(client), "Redis answers")
            yield url
        finally:
            client.close()
            server.terminate()
            server.wait(60)


def answers(redis: Redis) -> bool:
    """Whether Redis does."""
    try:
        return bool(redis.ping())
    except RedisError:
        return False
