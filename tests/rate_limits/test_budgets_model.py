"""Whatever is asked and reported, whenever: both halves answer the same, and keep the promises of a budget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule, run_state_machine_as_test
from redis import Redis

from inventory.notifier import connect
from inventory.rate_limits.limits import HostLimits, Limit
from inventory.rate_limits.model import Permit, PermitRequest, Report, Throttled
from tests.rate_limits.budget_halves import POLICY, LocalHalf, SharedHalf, redis_server

LIMITS = HostLimits(10, 3, whole={"paced": Limit(4.7, 5, 1), "slow": Limit(0.3, 2, 2)})
HOSTS = ["usual", "paced", "slow"]
OUTCOMES = st.sampled_from([[True] * 3, [True] * 2, [True, False, True], [False], [True]])


class Halves(RuleBasedStateMachine):
    """The same questions to both halves, and a plain record of the permits to hold the answers against."""

    permits = Bundle("permits")

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        redis.flushall()
        self.shared, self.local = SharedHalf(redis, LIMITS), LocalHalf(LIMITS)
        self.now = 0
        self.given: dict[str, list[int]] = {host: [] for host in HOSTS}
        self.out: dict[tuple[str, int], int] = {}

    @rule(milliseconds=st.one_of(st.integers(0, 400), st.integers(0, 12_000), st.integers(0, 80_000)))
    def forward(self, milliseconds: int) -> None:
        self.now += milliseconds
        for half in (self.shared, self.local):
            half.forward(milliseconds / 1000)

    @rule(host=st.sampled_from(HOSTS), outcomes=OUTCOMES, apart=st.integers(0, 4_000))
    def call(self, host: str, outcomes: list[bool], apart: int) -> None:
        """Call a host a few times, one call after the other, so that its breaker has something to judge."""
        for failed in outcomes:
            for pair in self._take([PermitRequest(host, urgent=True)]):
                self.done(pair, failed, 0.2, None)
            self.forward(apart)

    @rule(
        target=permits,
        requests=st.lists(st.builds(PermitRequest, st.sampled_from(HOSTS), st.booleans()), max_size=12),
    )
    def take(self, requests: list[PermitRequest]) -> object:
        return multiple(*self._take(requests))

    def _take(self, requests: list[PermitRequest]) -> list[tuple[Permit, Permit]]:
        shared, local = self.shared.budgets.take(requests), self.local.budgets.take(requests)
        pairs = []
        for request, one, other in zip(requests, shared, local, strict=True):
            assert request.host == one.host
            if isinstance(one, Throttled):
                assert one == other
                assert one.wait > 0
                continue
            assert isinstance(other, Permit)
            assert (one.id, one.epoch, one.probe) == (other.id, other.epoch, other.probe)
            self.given[request.host].append(self.now)
            self.out[request.host, one.id] = self.now + round(POLICY.lease * 1000)
            pairs.append((one, other))
        return pairs

    @rule(
        pair=consumes(permits),
        failed=st.booleans(),
        elapsed=st.floats(0, 25),
        pause=st.none() | st.floats(0, 30),
    )
    def done(self, pair: tuple[Permit, Permit], failed: bool, elapsed: float, pause: float | None) -> None:
        one, other = pair
        self.out.pop((one.host, one.id), None)
        self.shared.budgets.done([Report(one, failed, elapsed, pause)])
        self.local.budgets.done([Report(other, failed, elapsed, pause)])

    @invariant()
    def no_span_of_time_has_more_permits_than_its_limit(self) -> None:
        for host, instants in self.given.items():
            limit = LIMITS(host)
            for first in range(max(0, len(instants) - 12), len(instants)):
                for last in range(first, len(instants)):
                    seconds = (instants[last] - instants[first]) / 1000
                    assert last - first + 1 <= limit.burst + seconds * limit.rate + 1e-6

    @invariant()
    def no_more_permits_are_out_than_may_be(self) -> None:
        for host in HOSTS:
            out = [until for (name, _), until in self.out.items() if name == host and until > self.now]
            assert len(out) <= LIMITS(host).concurrency

    @invariant()
    def both_know_the_same(self) -> None:
        for host in HOSTS:
            shared, local = self.shared.budgets.state(host), self.local.budgets.state(host)
            if shared is None or local is None:
                assert shared is local
                continue
            names = set(shared.__slots__) - {"shared"}
            assert {name: getattr(shared, name) for name in names} == {name: getattr(local, name) for name in names}


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with redis_server() as url:
        redis = connect(url, socket_timeout=60.0)
        yield redis
        redis.close()


def test_both_halves_answer_the_same_and_keep_every_limit(redis: Redis) -> None:
    class OnRedis(Halves):
        def __init__(self) -> None:
            super().__init__(redis)

    run_state_machine_as_test(
        OnRedis,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
        ),
    )
