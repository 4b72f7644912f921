"""Without Redis there are budgets all the same, this program's own; nothing is raised, and a change is logged once."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError
from structlog.testing import capture_logs

from inventory.notifier import connect
from inventory.rate_limits.fallback import FallbackBudgets
from inventory.rate_limits.limits import HostLimits, Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Permit, PermitRequest, Policy, Reason, Report, Throttled, Upstream
from inventory.rate_limits.shared import SharedBudgets
from tests.end_to_end.stack import free_port, wait_until
from tests.rate_limits.budget_halves import POLICY, LocalHalf, redis_server

HOST = "api.example"
LIMITS = HostLimits(10, 4)


class Remote(LocalHalf):
    """Stands for the shared half: its permits are shared ones, and it can be away; `tried` counts how often it was."""

    def __init__(self) -> None:
        super().__init__(LIMITS)
        self.inner = self.budgets
        self.budgets = self
        self.away = self.full = False
        self.tried = 0
        self.reports: list[Report] = []

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        self._write()
        return [
            Permit(answer.host, answer.id, answer.epoch, answer.probe, shared=True) if isinstance(answer, Permit) else answer
            for answer in self.inner.take(requests)
        ]

    def done(self, reports: Sequence[Report]) -> None:
        self._write()
        self.reports += reports

    def state(self, host: str) -> Upstream | None:
        self._answer()
        return self.inner.state(host)

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        self._answer()
        return self.inner.permits(hosts, within=within)

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        self._answer()
        return self.inner.listing(limit=limit, after=after)

    def _write(self) -> None:
        self._answer()
        if self.full:
            self.tried += 1
            raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")

    def _answer(self) -> None:
        if self.away:
            self.tried += 1
            raise RedisConnectionError("gone")


class Switch:
    """Shared and local budgets with their fallback, on clocks that a test moves."""

    def __init__(self) -> None:
        self.remote, self.local = Remote(), LocalHalf(lambda host: LIMITS(host).share(2))
        assert isinstance(self.local.budgets, LocalBudgets)
        self.ticks = 0.0
        self.budgets = FallbackBudgets(self.remote, self.local.budgets, ticks=lambda: self.ticks)

    def forward(self, seconds: float) -> None:
        self.ticks += seconds
        self.remote.forward(seconds)
        self.local.forward(seconds)

    def request(self, host: str = HOST) -> Permit | Throttled:
        [answer] = self.budgets.take([PermitRequest(host)])
        return answer


@pytest.fixture
def switch() -> Switch:
    return Switch()


def shared(answer: Permit | Throttled) -> bool:
    assert isinstance(answer, Permit)
    return answer.shared


def test_the_shared_budgets_are_used_while_they_answer(switch: Switch) -> None:
    assert shared(switch.request())


def test_without_them_there_is_a_share_of_the_limit(switch: Switch) -> None:
    switch.remote.away = True
    answers = switch.budgets.take([PermitRequest(HOST)] * 10)

    assert sum(isinstance(answer, Permit) for answer in answers) == 2
    assert not any(answer.shared for answer in answers if isinstance(answer, Permit))
    waits = [answer.wait for answer in answers if isinstance(answer, Throttled)]
    assert waits[1] - waits[0] == pytest.approx(0.2)


def test_each_change_is_logged_once(switch: Switch) -> None:
    with capture_logs() as lines:
        for away in (False, True, True, False, False, True):
            switch.remote.away = away
            for _ in range(3):
                switch.request()
            switch.forward(2)

    assert [line["event"] for line in lines] == ["budgets_local", "budgets_shared", "budgets_local"]


def test_while_redis_is_away_it_is_tried_once_in_a_while(switch: Switch) -> None:
    switch.remote.away = True
    for _ in range(10):
        for _ in range(100):
            switch.request()
            switch.budgets.state(HOST)
        switch.forward(0.55)

    assert switch.remote.tried == 5


def test_a_redis_that_can_be_read_but_refuses_writes_is_away(switch: Switch) -> None:
    switch.remote.full = True
    with capture_logs() as lines:
        for _ in range(10):
            host = f"{switch.ticks}.example"
            assert not shared(switch.request(host))
            assert [upstream.shared for upstream in switch.budgets.listing(limit=1, after=None)] == [False]
            upstream = switch.budgets.state(host)
            assert upstream is not None
            assert not upstream.shared
            switch.forward(1.1)
        switch.remote.full = False
        switch.forward(1.1)
        assert shared(switch.request())

    assert [line["event"] for line in lines] == ["budgets_local", "budgets_shared"]


def test_a_program_that_only_reads_notices_in_time_that_redis_takes_writes_again(switch: Switch) -> None:
    switch.remote.full = True
    switch.request("own.example")
    switch.remote.full = False
    switch.remote.permit("shared.example")
    assert switch.budgets.state("shared.example") is None

    switch.forward(31)

    assert switch.budgets.state("shared.example") is not None


def test_of_many_that_ask_at_once_one_finds_out_whether_redis_is_back(switch: Switch) -> None:
    switch.remote.away = True
    switch.request()
    switch.forward(1.5)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: switch.request(), range(64)))

    assert switch.remote.tried == 2


def test_a_permit_is_given_back_where_it_was_taken(switch: Switch) -> None:
    from_redis = switch.request()
    switch.remote.away = True
    own = switch.request()
    assert isinstance(from_redis, Permit)
    assert isinstance(own, Permit)

    switch.remote.away = False
    switch.forward(2)
    switch.budgets.done([Report(own, False, 0.1), Report(from_redis, False, 0.1)])

    assert [report.permit for report in switch.remote.reports] == [from_redis]
    local = switch.local.budgets.state(HOST)
    assert local is not None
    assert (local.in_use, local.latency.answers) == (0, 1)


def test_what_an_upstream_asked_for_is_kept_to_when_redis_goes_away(switch: Switch) -> None:
    permit = switch.request()
    assert isinstance(permit, Permit)
    switch.budgets.done([Report(permit, False, 0.1, pause=60.0)])
    switch.remote.away = True

    throttled = switch.request()
    assert isinstance(throttled, Throttled)
    assert throttled.reason is Reason.PAUSE


def test_it_is_shown_whose_view_it_is(switch: Switch) -> None:
    switch.remote.away = True
    switch.request()

    upstream = switch.budgets.state(HOST)
    assert upstream is not None
    assert not upstream.shared
    assert [listed.host for listed in switch.budgets.listing(limit=5, after=None)] == [HOST]
    assert switch.budgets.state("unknown.example") is None


def test_a_host_that_was_only_paused_is_not_one_that_was_called(switch: Switch) -> None:
    permit = switch.request()
    assert isinstance(permit, Permit)
    switch.budgets.done([Report(permit, False, 0.1, pause=60.0)])

    assert switch.local.budgets.state(HOST) is None
    assert switch.local.budgets.listing(limit=5, after=None) == []


def test_of_more_hosts_than_can_be_remembered_the_oldest_are_forgotten() -> None:
    budgets = LocalBudgets(LIMITS, POLICY, max_hosts=100)
    for number in range(1_000):
        budgets.take([PermitRequest(f"{number}.example"), PermitRequest("always.example")])

    assert len(budgets.listing(limit=10_000, after=None)) == 100
    assert budgets.state("always.example") is not None
    assert budgets.state("0.example") is None


def test_a_share_is_never_nothing() -> None:
    assert Limit(10, 4, 4).share(8) == Limit(1.25, 1, 1)
    assert Limit(10, 16, 8).share(4) == Limit(2.5, 4, 2)


@pytest.mark.parametrize("mute", [True, False], ids=["says nothing", "is not there"])
def test_a_real_redis_that_does_not_answer_holds_nobody_up(mute: bool) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1] if mute else free_port()
        redis = connect(f"redis://127.0.0.1:{port}/0", socket_timeout=0.5)
        policy = Policy(lease=30.0)
        budgets = FallbackBudgets(SharedBudgets(redis, LIMITS, policy), LocalBudgets(LIMITS, policy))
        began = time.monotonic()
        for number in range(200):
            [answer] = budgets.take([PermitRequest(f"{number}.example")])
            assert isinstance(answer, Permit)
            budgets.done([Report(answer, False, 0.1)])
        assert time.monotonic() - began < 60, "100 s if each of them waited"


def test_a_real_redis_is_used_as_soon_as_it_is_there(tmp_path: Path) -> None:
    policy = Policy(lease=30.0)
    path = Path("/tmp", f"inv-{tmp_path.name}-{os.getpid()}.sock")
    redis = connect(f"unix://{path}", socket_timeout=10.0)
    budgets = FallbackBudgets(SharedBudgets(redis, LIMITS, policy), LocalBudgets(LIMITS, policy), retry_after=0.05)
    assert not shared(budgets.take([PermitRequest("first.example")])[0])

    with redis_server() as url:
        path.symlink_to(url.removeprefix("unix://"))
        try:
            wait_until(lambda: shared(budgets.take([PermitRequest(f"{time.monotonic()}.example")])[0]), "Redis is used")
        finally:
            redis.close()
            path.unlink()


@pytest.mark.parametrize("kind", ["full", "replica"])
def test_a_redis_that_refuses_writes_costs_no_permit(kind: str) -> None:
    with redis_server() as url:
        redis = connect(url, socket_timeout=60.0)
        budgets = FallbackBudgets(SharedBudgets(redis, LIMITS, POLICY), LocalBudgets(LIMITS, POLICY), retry_after=0.0)
        [before] = budgets.take([PermitRequest(HOST)])
        assert isinstance(before, Permit)

        if kind == "full":  # a script that has written, if only to delete, may write on: these budgets stay shared
            redis.config_set("maxmemory", 1)
        else:
            redis.replicaof("127.0.0.1", 1)
        [meanwhile] = budgets.take([PermitRequest(HOST)])
        assert isinstance(meanwhile, Permit)
        assert meanwhile.shared is (kind == "full")
        budgets.done([Report(meanwhile, False, 0.1)])

        redis.config_set("maxmemory", 0)
        redis.replicaof("NO", "ONE")
        [after] = budgets.take([PermitRequest(HOST)])
        budgets.done([Report(before, False, 0.1)])
        assert shared(after)
        upstream = budgets.state(HOST)
        assert upstream is not None
        assert (upstream.shared, upstream.in_use) == (True, 1)
        redis.close()
