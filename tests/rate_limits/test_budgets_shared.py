"""Budgets in a real Redis, by its own clock: many programs share one, and nothing of it stays for ever."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from redis import Redis

from inventory.rate_limits import state
from inventory.rate_limits.limits import HostLimits
from inventory.rate_limits.model import Permit, PermitRequest, Report, Throttled, Upstream
from inventory.rate_limits.shared import SharedBudgets
from tests.rate_limits.budget_halves import SharedHalf
from tests.rate_limits.shared_limits import HOST, LIMITS, POLICY

HOSTS = [HOST, "one.example", "two.example"]
ROOT = Path(__file__).parents[2]
CALLER = """
import sys, time
skew = float(sys.argv[2])
real_time, real_ns = time.time, time.time_ns
time.time = lambda: real_time() + skew
time.time_ns = lambda: real_ns() + int(skew * 10**9)

from inventory.notifier import connect
from inventory.rate_limits.model import PermitRequest, Permit, Report
from inventory.rate_limits.shared import SharedBudgets
from tests.rate_limits.shared_limits import HOST, LIMITS, POLICY

redis = connect(sys.argv[1], socket_timeout=60.0)
budgets = SharedBudgets(redis, LIMITS, POLICY)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(12):
    while not isinstance(answer := budgets.take([PermitRequest(HOST)])[0], Permit):
        pass
    print(answer.id, redis.incr("out"), flush=True)
    time.sleep(0.005)
    redis.decr("out")
    budgets.done([Report(answer, False, 0.005)])
"""
"""A program that calls a host as often as it may, whose own clock is wrong."""


@pytest.fixture
def budgets(real_redis: Redis) -> SharedBudgets:
    return SharedBudgets(real_redis, LIMITS, POLICY)


def test_programs_share_one_budget_whatever_their_clocks_say(redis_url: str, real_redis: Redis) -> None:
    callers = [
        subprocess.Popen(
            [sys.executable, "-c", CALLER, redis_url, str(skew)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for skew in (-86_400, 0, 3.0, 86_400)
    ]
    for caller in callers:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "ready\n"
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("go\n")
        caller.stdin.flush()
    permits = [line.split() for caller in callers for line in caller.communicate(timeout=100)[0].splitlines()]

    assert [caller.returncode for caller in callers] == [0] * 4
    assert len(permits) == 4 * 12
    assert max(int(out) for _, out in permits) <= 3
    instants = sorted(int(permit_id) for permit_id, _ in permits)  # an id is when Redis gave the permit, in microseconds
    for first, began in enumerate(instants):
        for last in range(first, len(instants)):
            assert last - first + 1 <= 2 + 50 * (instants[last] - began) / 1e6 + 1e-3


def test_threads_share_one_budget(budgets: SharedBudgets) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = [
            answer
            for answers in pool.map(lambda _: budgets.take([PermitRequest(HOST)] * 3), range(200))
            for answer in answers
        ]
    passed = time.monotonic() - began

    permits = [answer for answer in answers if isinstance(answer, Permit)]
    assert 1 <= len(permits) <= min(3, 2 + 50 * passed)
    assert len({permit.id for permit in permits}) == len(permits)
    assert len({answer.wait for answer in answers if isinstance(answer, Throttled)}) > 100


def test_scripts_that_redis_forgot_are_sent_again(budgets: SharedBudgets, real_redis: Redis) -> None:
    budgets.done(
        [Report(permit, False, 0.1) for permit in budgets.take([PermitRequest(HOST)]) if isinstance(permit, Permit)]
    )
    real_redis.script_flush()
    [permit] = budgets.take([PermitRequest(HOST)])
    assert isinstance(permit, Permit)

    real_redis.flushall()
    real_redis.script_flush()
    budgets.done([Report(permit, True, 0.1, pause=3.0)])
    assert budgets.state(HOST) is None  # nobody asked for it since everything was lost
    [throttled] = budgets.take([PermitRequest(HOST)])
    assert isinstance(throttled, Throttled)


def test_no_key_is_kept_for_ever(budgets: SharedBudgets, real_redis: Redis) -> None:
    for answer in budgets.take([PermitRequest(HOST), PermitRequest("other.example"), PermitRequest("other.example")]):
        assert isinstance(answer, Permit)
        budgets.done([Report(answer, True, 0.1, pause=1.0)] if answer.host == HOST else [])
    budgets.take([PermitRequest(HOST)] * 1_000)

    keys = real_redis.keys("*")
    assert len(keys) == 4  # the index, two states, and the leases of the host that is being called
    assert all(0 < real_redis.pttl(key) / 1000 <= 3_600 + 2_400 + 100 for key in keys)


def test_programs_of_earlier_versions_find_the_state_under_the_names_that_they_know(
    budgets: SharedBudgets, real_redis: Redis
) -> None:
    for answer in budgets.take([PermitRequest(HOST, urgent=True)] * 9 + [PermitRequest(HOST)] * 9):
        budgets.done([Report(answer, True, 0.1)] * 5 if isinstance(answer, Permit) else [])

    kept = {name.decode() for name in real_redis.hkeys(f"inventory:upstream:{HOST}")}
    assert {"tat", "urgent_turn", "held", "trips"} <= kept
    assert not kept & {"next_allowed_at", "last_urgent_reservation", "call_time", "openings_in_a_row"}


def test_what_a_program_of_an_earlier_version_kept_is_kept_to(budgets: SharedBudgets, real_redis: Redis) -> None:
    seconds, _ = real_redis.time()
    far = (seconds + 600) * 1_000_000
    earlier = {"tat": far, "asked_at": seconds * 1_000_000, "held": 900_000}
    real_redis.hset("inventory:upstream:paced.example", mapping=earlier)
    real_redis.hset("inventory:upstream:dead.example", mapping={"breaker": 1, "trips": 3, "open_until": far, "asked_at": 1})

    paced, dead = budgets.state("paced.example"), budgets.state("dead.example")
    assert paced is not None
    assert paced.callable_in > 500
    assert dead is not None
    assert dead.opens_for is not None
    [throttled] = budgets.take([PermitRequest("dead.example")])
    assert isinstance(throttled, Throttled)
    assert throttled.wait > 500


def test_the_state_of_a_host_outlives_the_last_reservation(budgets: SharedBudgets, real_redis: Redis) -> None:
    budgets.take([PermitRequest("other.example")] * 20_000)

    assert real_redis.ttl("inventory:upstream:other.example") > 3_600 + 1_900


def test_however_many_hosts_are_called_redis_keeps_a_bounded_number_and_little_of_each(real_redis: Redis) -> None:
    budgets = SharedBudgets(real_redis, LIMITS, POLICY, max_hosts=1_000)
    for number in range(20_000 // 50):
        answers = budgets.take([PermitRequest(f"a-host-with-some-name-{number}-{n}.example") for n in range(50)])
        budgets.done([Report(answer, n % 9 == 0, 0.1) for n, answer in enumerate(answers) if isinstance(answer, Permit)])

    assert real_redis.dbsize() <= 1 + 1_000
    assert (real_redis.memory_usage("inventory:upstreams", samples=0) or 0) / 1_000 + max(
        real_redis.memory_usage(key) or 0 for key in real_redis.keys("inventory:upstream:*")[:50]
    ) <= 600


def test_the_index_forgets_hosts_that_were_not_called_for_an_hour(budgets: SharedBudgets, real_redis: Redis) -> None:
    seconds, _ = real_redis.time()
    long_ago = (seconds - 3_700) * 1000
    real_redis.zadd("inventory:upstreams", {f"{number}.example": long_ago for number in range(100)})

    budgets.take([PermitRequest(HOST)])

    assert real_redis.zrange("inventory:upstreams", 0, -1) == [HOST.encode()]


def test_hundreds_of_requests_are_one_round_trip(budgets: SharedBudgets, real_redis: Redis) -> None:
    requests = [PermitRequest(f"{number % 50}.example", urgent=number % 3 == 0) for number in range(500)]
    budgets.take(requests)
    before = real_redis.info("commandstats")["cmdstat_evalsha"]["calls"]

    budgets.take(requests)

    assert real_redis.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1


def test_an_instant_is_never_told_too_early() -> None:
    for duration in (1, 999, 1_000, 1_001, 100_000):
        told = state.wait_seconds(duration)
        assert duration / 1e6 + 0.001 <= told <= duration / 1e6 + 0.0021


@pytest.mark.parametrize("seed", range(20))
def test_reports_that_come_together_count_as_they_do_one_by_one(real_redis: Redis, seed: int) -> None:
    def after(*, together: bool) -> list[Upstream | None]:
        real_redis.flushall()
        half, rng, states = SharedHalf(real_redis, HostLimits(1_000, 500)), Random(seed), list[Upstream | None]()
        for _ in range(8):
            half.forward(rng.random())
            answers = half.budgets.take([PermitRequest(rng.choice(HOSTS)) for _ in range(rng.randrange(12))])
            permits = [answer for answer in answers if isinstance(answer, Permit)]
            reports = [Report(each, rng.random() < 0.3, rng.random(), rng.choice([None, None, 2.0])) for each in permits]
            rng.shuffle(reports)
            for some in [reports] if together else [[report] for report in reports]:
                half.budgets.done(some)
            states += map(half.budgets.state, HOSTS)
        return states

    assert after(together=True) == after(together=False)
