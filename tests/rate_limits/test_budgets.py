"""Budgets: rate, concurrency, pauses, breaker, reservations and listing, the same in Redis and in memory."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from inventory.errors import SourceFailure
from inventory.rate_limits.limits import HostLimits, Limit
from inventory.rate_limits.model import Breaker, Permit, PermitRequest, Reason, Throttled, is_unanswered
from tests.rate_limits.budget_halves import POLICY, Half, LocalHalf, SharedHalf

HOST = "api.example"
LIMITS = HostLimits(
    10,
    4,
    whole={
        "feed.example": Limit(5, 4, 1),
        "many.example": Limit(1_000, 2, 1_000),
        "fresh.example": Limit(1_000, 2, 1_000),
        "rare.example": Limit(0.01, 1, 1),
    },
)


@pytest.fixture(params=["shared", "local"])
def half(request: pytest.FixtureRequest) -> Half:
    return LocalHalf(LIMITS) if request.param == "local" else SharedHalf(request.getfixturevalue("real_redis"), LIMITS)


def test_a_burst_is_permitted_and_then_one_for_each_interval(half: Half) -> None:
    for _ in range(4):
        half.end(half.permit(HOST))
    assert half.throttled(HOST).reason is Reason.RATE

    for _ in range(5):
        half.forward(0.1)
        half.end(half.permit(HOST))
        assert half.throttled(HOST).reason is Reason.RATE


def test_what_a_host_permits_soon_is_its_burst_and_what_its_rate_gives(half: Half) -> None:
    assert half.budgets.permits([HOST, "rare.example"], within=10) == {HOST: 104, "rare.example": 1}
    half.end(half.permit("rare.example"))

    assert half.budgets.permits(["rare.example"], within=10) == {"rare.example": 0}


def test_a_host_permits_nothing_while_its_breaker_is_open_and_then_one_probe(half: Half) -> None:
    half.fail(HOST, POLICY.failures)
    assert half.budgets.permits([HOST], within=30) == {HOST: 0}

    half.forward(POLICY.first_pause)
    assert half.budgets.permits([HOST], within=30) == {HOST: 1}
    half.permit(HOST)
    assert half.budgets.permits([HOST], within=10) == {HOST: 0}


def test_a_host_permits_nothing_while_it_asked_for_a_pause(half: Half) -> None:
    half.end(half.permit(HOST), pause=60.0)

    assert half.budgets.permits([HOST], within=30) == {HOST: 0}
    assert half.budgets.permits([HOST], within=61) == {HOST: 14}


def test_no_more_is_saved_up_than_a_burst(half: Half) -> None:
    half.end(half.permit(HOST))
    half.forward(3_600)

    decisions = half.budgets.take([PermitRequest("many.example")] * 2 + [PermitRequest(HOST)] * 20)

    assert sum(isinstance(decision, Permit) for decision in decisions if decision.host == HOST) == 4


def test_a_burst_of_one_spaces_all_calls(half: Half) -> None:
    for _ in range(10):
        half.end(half.permit("feed.example"))
        half.forward(0.199)
        assert half.throttled("feed.example").reason is Reason.RATE
        half.forward(0.001)


def test_decisions_come_in_the_order_of_the_requests(half: Half) -> None:
    requests = [PermitRequest(f"{name}.example", urgent) for name in "abcabc" for urgent in (False, True)]

    assert [decision.host for decision in half.budgets.take(requests)] == [ask.host for ask in requests]
    assert half.budgets.take([]) in ((), [])


def test_one_host_leaves_the_others_alone(half: Half) -> None:
    half.budgets.take([PermitRequest(HOST)] * 50)
    half.fail("dead.example", 3)

    assert isinstance(half.request("quick.example"), Permit)


def test_ten_thousand_are_deferred_once_each_to_reservations_of_their_own(half: Half) -> None:
    waits = []
    for _ in range(20):
        for decision in half.budgets.take([PermitRequest(HOST)] * 500):
            if isinstance(decision, Throttled):
                waits.append(decision.wait)
            else:
                half.end(decision)
    assert len(waits) == 10_000 - 4
    assert all(later - earlier == pytest.approx(0.1) for earlier, later in pairwise(waits))

    passed = 0.0
    for wait in waits[:2_000]:
        half.forward(wait - passed)
        passed = wait
        half.end(half.permit(HOST))


def test_reservations_are_no_farther_than_forty_minutes_and_then_shared(half: Half) -> None:
    decisions = half.budgets.take([PermitRequest("rare.example")] * 31)
    waits = [decision.wait for decision in decisions if isinstance(decision, Throttled)]

    assert max(waits) < 2_401
    assert Counter(Counter(waits).values()) == {1: 24 - 6, 2: 6}


def test_requests_that_wait_for_a_long_pause_come_back_within_forty_minutes_but_not_all_at_once(half: Half) -> None:
    half.end(half.permit(HOST), pause=3_600.0)
    waits = [half.throttled(HOST).wait for _ in range(100)] + [half.throttled(HOST, urgent=True).wait]

    assert max(waits) < 2_401
    assert len({round(wait, 1) for wait in waits[:100]}) == 100

    half.forward(max(waits))
    assert half.throttled(HOST).reason is Reason.PAUSE, "the pause is kept to"
    half.forward(3_600.01 - max(waits))
    assert isinstance(half.request(HOST), Permit)


def test_reservations_start_again_when_nobody_came_for_theirs(half: Half) -> None:
    half.budgets.take([PermitRequest("many.example")] * 2)
    half.budgets.take([PermitRequest(HOST)] * 1_000)
    half.forward(31)

    for _ in range(4):
        half.permit(HOST)

    assert half.throttled(HOST).wait < 1


def test_an_urgent_request_gets_the_nearest_reservation(half: Half) -> None:
    half.budgets.take([PermitRequest(HOST)] * 1_000)

    waits = [half.throttled(HOST, urgent=True).wait for _ in range(3)]

    assert waits == pytest.approx([0.1, 0.2, 0.3], abs=0.003)


def test_urgent_requests_are_decided_first(half: Half) -> None:
    decisions = half.budgets.take([PermitRequest(HOST)] * 10 + [PermitRequest(HOST, urgent=True)] * 4)

    assert [isinstance(decision, Permit) for decision in decisions] == [False] * 10 + [True] * 4


def test_what_an_urgent_one_was_promised_goes_to_no_other(half: Half) -> None:
    for _ in range(4):
        half.end(half.permit(HOST))
    half.throttled(HOST, urgent=True)
    half.forward(0.15)

    assert half.throttled(HOST).reason is Reason.RATE
    assert isinstance(half.request(HOST, urgent=True), Permit)


def test_a_promise_to_an_urgent_one_that_stays_away_lapses(half: Half) -> None:
    for _ in range(4):
        half.end(half.permit(HOST))
    for _ in range(6):
        half.throttled(HOST, urgent=True)
    half.forward(1.7)

    assert isinstance(half.request(HOST), Permit)


def test_promises_to_urgent_ones_that_all_stay_away_lapse_soon(half: Half) -> None:
    half.budgets.take([PermitRequest(HOST, urgent=True)] * 10_000)
    half.forward(31)

    assert isinstance(half.request(HOST), Permit)


def test_no_more_permits_are_out_than_the_concurrency_allows(half: Half) -> None:
    first = half.permit("many.example")
    half.permit("many.example")
    assert half.throttled("many.example").reason is Reason.CONCURRENCY

    half.end(first)
    assert isinstance(half.request("many.example"), Permit)


def test_the_permit_of_a_caller_that_died_comes_back(half: Half) -> None:
    half.permit("many.example")
    half.permit("many.example")
    half.forward(29.9)
    assert half.throttled("many.example").reason is Reason.CONCURRENCY

    half.forward(0.2)
    assert isinstance(half.request("many.example"), Permit)


def test_only_near_reservations_of_a_slow_host_are_spaced_by_how_long_its_calls_take(half: Half) -> None:
    for permit in (half.permit("many.example"), half.permit("many.example")):
        half.end(permit, elapsed=0.8)
    half.permit("many.example")
    half.permit("many.example")

    waits = [half.throttled("many.example").wait for _ in range(5)]

    assert waits == pytest.approx([0.4, 0.8, 1.2, 1.204, 1.208], abs=0.003)


def test_a_caller_that_waits_for_a_very_slow_host_requests_again_after_a_second(half: Half) -> None:
    for permit in (half.permit("many.example"), half.permit("many.example")):
        half.end(permit, elapsed=20.0)
    half.permit("many.example")
    half.permit("many.example")

    assert half.throttled("many.example").wait == pytest.approx(1, abs=0.003)


def test_a_host_that_is_quick_again_is_soon_as_quick_as_one_that_never_was_slow(half: Half) -> None:
    for _ in range(30):
        half.end(half.permit("many.example"), elapsed=2.0)
        half.forward(2.0)

    fresh = half.seconds_for("fresh.example", calls=500, elapsed=0.01)

    assert half.seconds_for("many.example", calls=500, elapsed=0.01) <= 2 * fresh


def test_a_queue_that_formed_while_a_host_was_slow_does_not_keep_it_slow(half: Half) -> None:
    fresh = half.seconds_for("fresh.example", calls=500, elapsed=0.01)

    passed = half.seconds_for("many.example", calls=520, elapsed=0.01, slow=20, slow_elapsed=2.0)

    assert passed - 20 / 2 * 2.0 <= 2 * fresh


def test_a_pause_is_for_the_whole_host(half: Half) -> None:
    half.end(half.permit(HOST), pause=20.0)
    deferred = [half.throttled(HOST), half.throttled(HOST, urgent=True)]
    assert [throttled.reason for throttled in deferred] == [Reason.PAUSE, Reason.PAUSE]
    assert all(throttled.wait == pytest.approx(20, abs=0.01) for throttled in deferred)

    half.forward(20.01)
    assert isinstance(half.request(HOST), Permit)


def test_the_longer_of_two_pauses_counts_and_none_is_endless(half: Half) -> None:
    one, two, three = (half.permit(HOST) for _ in range(3))
    half.end(one, pause=20.0)
    half.end(two, pause=1.0)
    assert half.throttled(HOST).wait == pytest.approx(20, abs=0.01)

    half.end(three, pause=10**9)
    half.forward(3_600.01)
    assert isinstance(half.request(HOST), Permit)


def test_a_breaker_opens_after_failures_in_a_row(half: Half) -> None:
    half.fail(HOST, 2)
    half.end(half.permit(HOST))
    half.fail(HOST, 3)

    throttled = half.throttled(HOST)
    assert throttled.reason is Reason.BREAKER
    assert throttled.wait == pytest.approx(10, abs=0.01)


def test_a_breaker_that_opens_again_and_again_stays_open_longer_each_time_up_to_a_limit(half: Half) -> None:
    half.fail(HOST, 3)
    pauses = []
    for _ in range(4):
        pauses.append(half.throttled(HOST).wait)
        half.forward(pauses[-1])
        half.end(half.permit(HOST), failed=True)

    assert pauses == pytest.approx([10, 20, 35, 35], abs=0.01)


def test_one_probe_decides_whether_an_open_breaker_closes(half: Half) -> None:
    half.fail(HOST, 3)
    half.forward(10)
    probe = half.permit(HOST)
    assert probe.probe
    assert half.throttled(HOST).reason is Reason.BREAKER

    half.end(probe)
    assert not half.permit(HOST).probe


def test_after_a_success_the_pauses_start_again(half: Half) -> None:
    for _ in range(2):
        half.fail(HOST, 3)
        assert half.throttled(HOST).wait == pytest.approx(10, abs=0.01)
        half.forward(10)
        half.end(half.permit(HOST))
        half.forward(10)


def test_a_probe_whose_caller_died_is_replaced(half: Half) -> None:
    half.fail(HOST, 3)
    half.forward(10)
    lost = half.permit(HOST)
    half.forward(30)
    assert half.permit(HOST).probe

    half.end(lost)
    assert half.throttled(HOST).reason is Reason.BREAKER


def test_exactly_one_of_fifty_simultaneous_takers_is_the_probe(half: Half) -> None:
    half.fail(HOST, 3)
    half.forward(10)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: half.request(HOST, urgent=number % 2 == 0), range(50)))

    permits = [answer for answer in answers if isinstance(answer, Permit)]
    assert [permit.probe for permit in permits] == [True]
    assert {answer.reason for answer in answers if isinstance(answer, Throttled)} == {Reason.BREAKER}


def test_a_report_from_before_the_breaker_changed_does_not_move_it(half: Half) -> None:
    late = half.permit(HOST)
    half.fail(HOST, 3)
    half.end(late)
    assert half.throttled(HOST).reason is Reason.BREAKER

    late_again = [half.permit("other.example") for _ in range(3)]
    half.forward(1)
    half.fail("other.example", 3)
    half.forward(10)
    half.end(half.permit("other.example"))
    for permit in late_again:
        half.end(permit, failed=True)
    assert isinstance(half.request("other.example"), Permit)


def test_a_permit_that_is_given_back_twice_counts_once(half: Half) -> None:
    permits = [half.permit("many.example"), half.permit("many.example")]
    half.end(permits[0])
    half.end(permits[0])

    assert isinstance(half.request("many.example"), Permit)
    assert half.throttled("many.example").reason is Reason.CONCURRENCY


def test_what_is_known_of_a_host_is_shown(half: Half) -> None:
    assert half.budgets.state(HOST) is None
    for elapsed in (0.02, 0.04, 0.3):
        half.end(half.permit(HOST), elapsed=elapsed)
    half.end(half.permit(HOST), failed=True, elapsed=20.0)
    half.throttled(HOST)
    half.forward(10)
    half.permit(HOST)

    upstream = half.budgets.state(HOST)
    assert upstream is not None
    assert (upstream.host, upstream.limit, upstream.in_use) == (HOST, Limit(10, 4, 4), 1)
    assert (upstream.requests, upstream.failures, upstream.put_off, upstream.failures_in_a_row) == (5, 1, 1, 1)
    assert upstream.latency.answers == 3
    assert upstream.latency.mean == pytest.approx(0.12)
    assert upstream.latency.p50 == pytest.approx(0.0425, abs=0.01)
    assert upstream.latency.p99 == pytest.approx(0.4, abs=0.01)
    assert (upstream.breaker, upstream.opens_for, upstream.paused_for, upstream.callable_in) == (
        Breaker.CLOSED,
        None,
        None,
        0,
    )


def test_it_is_shown_when_a_host_may_be_called_again(half: Half) -> None:
    half.fail(HOST, 3)
    half.end(half.permit("paused.example"), pause=40)
    for _ in range(4):
        half.permit("rated.example")
    half.permit("many.example")
    half.permit("many.example")

    states = {host: half.budgets.state(host) for host in (HOST, "paused.example", "rated.example", "many.example")}
    dead, paused, rated, full = (state for state in states.values() if state is not None)
    assert (dead.breaker, dead.openings) == (Breaker.OPEN, 1)
    assert dead.callable_in == dead.opens_for == pytest.approx(10)
    assert paused.callable_in == paused.paused_for == pytest.approx(40)
    assert rated.callable_in == pytest.approx(0.1)
    assert full.callable_in > 0

    half.forward(10)
    dead_no_more = half.budgets.state(HOST)
    assert dead_no_more is not None
    assert (dead_no_more.breaker, dead_no_more.callable_in, dead_no_more.opens_for) == (Breaker.HALF_OPEN, 0, None)


def test_latency_is_that_of_the_last_thousand_answers_or_so(half: Half) -> None:
    for elapsed, times in ((0.01, 1_500), (0.3, 3_000)):
        for _ in range(times):
            half.end(half.permit("many.example"), elapsed=elapsed)
            half.forward(0.001)
    upstream = half.budgets.state("many.example")

    assert upstream is not None
    assert upstream.requests == 4_500
    assert upstream.latency.answers < 1_000
    assert upstream.latency.mean == pytest.approx(0.3, rel=0.2)


def test_hosts_are_listed_newest_first_in_pages(half: Half) -> None:
    for number in range(7):
        half.budgets.take([PermitRequest(f"{number}-{name}.example") for name in "ab"])
        half.forward(0.5)

    pages, after = [], None
    while page := half.budgets.listing(limit=3, after=after):
        pages.append([upstream.host for upstream in page])
        after = page[-1].listed_at, page[-1].host
        half.request("0-a.example")  # called meanwhile, and yet where it was

    assert [len(page) for page in pages] == [3, 3, 3, 3, 2]
    assert [host for page in pages for host in page] == [
        f"{number}-{name}.example" for number in reversed(range(7)) for name in "ba"
    ]


def test_a_host_that_is_called_again_after_a_while_is_listed_first(half: Half) -> None:
    half.permit("old.example")
    half.forward(100)
    half.permit("new.example")
    half.forward(1)
    half.permit("old.example")

    old, new = half.budgets.listing(limit=5, after=None)
    assert (old.host, new.host) == ("old.example", "new.example")
    assert old.asked_at - new.asked_at == timedelta(seconds=1)


def test_a_clock_that_is_set_back_leaves_of_each_pause_what_was_left(half: Half) -> None:
    half.end(half.permit("paused.example"), pause=20.0)
    half.fail("dead.example", 3)
    for _ in range(4):
        half.end(half.permit(HOST))
    for host in ("paused.example", "dead.example", HOST):
        half.throttled(host)

    half.forward(-3_600)

    known = {host: half.budgets.state(host) for host in ("paused.example", "dead.example")}
    assert [upstream.callable_in for upstream in known.values() if upstream] == pytest.approx([17, 10], abs=0.01)
    waits = [half.throttled(host).wait for host in ("paused.example", "dead.example", HOST)]
    assert waits[:2] == pytest.approx([17.1, 10.1], abs=0.01)
    assert waits[2] < 1

    half.forward(17.01)
    for host in ("paused.example", "dead.example", HOST):
        half.end(half.permit(host))


def test_a_clock_that_is_set_back_neither_frees_nor_keeps_a_permit(half: Half) -> None:
    permits = [half.permit("many.example"), half.permit("many.example")]
    half.forward(-3_600)
    assert half.throttled("many.example").reason is Reason.CONCURRENCY

    half.end(permits[0])
    assert isinstance(half.request("many.example"), Permit)
    assert half.throttled("many.example").reason is Reason.CONCURRENCY
    half.forward(30.1)
    assert isinstance(half.request("many.example"), Permit), "those of callers that died come back as before"


def test_a_clock_that_is_set_back_does_not_keep_promises_to_urgent_ones_for_an_hour(half: Half) -> None:
    half.budgets.take([PermitRequest(HOST, urgent=True)] * 12)
    half.forward(-3_600)
    half.throttled(HOST)
    half.forward(31)

    assert isinstance(half.request(HOST), Permit)


def test_a_clock_that_is_set_back_does_not_keep_a_lost_probe_for_an_hour(half: Half) -> None:
    half.fail(HOST, 3)
    half.forward(10)
    half.permit(HOST)
    half.forward(-3_600)
    assert half.throttled(HOST).reason is Reason.BREAKER

    half.forward(30)
    assert half.permit(HOST).probe


def test_a_report_after_a_clock_was_set_back_pauses_for_as_long_as_it_says(half: Half) -> None:
    permits = [half.permit(HOST) for _ in range(3)]
    half.forward(-3_600)
    half.end(permits[0], pause=20.0)
    assert half.throttled(HOST).wait == pytest.approx(20, abs=0.01)

    half.forward(20.01)
    assert isinstance(half.request(HOST), Permit)


def test_a_report_while_the_clock_was_ahead_blocks_no_longer_than_the_longest_pause(half: Half) -> None:
    permits = [half.permit("many.example"), half.permit(HOST)]
    half.forward(86_400)
    half.end(permits[0], pause=20.0)
    half.forward(-86_400)

    assert half.throttled("many.example").reason is Reason.PAUSE
    half.forward(3_600.01)
    assert isinstance(half.request("many.example"), Permit)


def test_a_host_is_listed_where_it_belongs_after_a_clock_was_set_back(half: Half) -> None:
    half.permit("old.example")
    half.forward(1)
    half.permit("new.example")
    half.forward(-3_600)
    half.permit("old.example")
    half.forward(61)
    half.permit("new.example")

    assert [upstream.host for upstream in half.budgets.listing(limit=5, after=None)] == ["new.example", "old.example"]


@pytest.fixture(params=["shared", "local"])
def small_half(request: pytest.FixtureRequest) -> Half:
    """One that remembers fifty hosts."""
    if request.param == "local":
        return LocalHalf(LIMITS, max_hosts=50)
    return SharedHalf(request.getfixturevalue("real_redis"), LIMITS, max_hosts=50)


def test_of_too_many_hosts_the_ones_that_were_not_called_for_the_longest_time_are_forgotten(small_half: Half) -> None:
    for number in range(400):
        small_half.end(small_half.permit(f"{number}.example"))
        small_half.forward(1)

    known = [upstream.host for upstream in small_half.budgets.listing(limit=100, after=None)]
    assert known == [f"{number}.example" for number in reversed(range(355, 400))]
    assert small_half.budgets.state("354.example") is None


def test_a_host_that_is_paused_or_being_called_is_not_forgotten_for_others(small_half: Half) -> None:
    small_half.fail("dead.example", 3)
    small_half.end(small_half.permit("paused.example"), pause=3_000.0)
    called = [small_half.permit("many.example"), small_half.permit("many.example")]
    small_half.budgets.take([PermitRequest("waited-for.example")] * 1_000)
    for number in range(400):
        small_half.end(small_half.permit(f"{number}.example"))
        small_half.forward(0.02)

    assert small_half.throttled("dead.example").reason is Reason.BREAKER
    assert small_half.throttled("paused.example").reason is Reason.PAUSE
    assert small_half.throttled("many.example").reason is Reason.CONCURRENCY
    assert small_half.throttled("waited-for.example").wait > 80
    for permit in called:
        small_half.end(permit)


def test_even_if_all_hosts_are_paused_only_so_many_are_remembered(small_half: Half) -> None:
    for number in range(400):
        small_half.end(small_half.permit(f"{number}.example"), pause=3_600.0)
        small_half.forward(1)

    assert len(small_half.budgets.listing(limit=100, after=None)) == 50
    assert small_half.throttled("399.example").reason is Reason.PAUSE


@pytest.mark.parametrize(
    ("code", "permanent", "counts"),
    [
        ("timeout", False, True),
        ("connection_refused", False, True),
        ("connection_failed", False, True),
        ("dns_failure", False, True),
        ("dns_failure", True, False),
        ("tls_failure", True, False),
        ("invalid_response", True, False),
        ("invalid_response", False, True),
        ("incomplete_response", False, False),
        ("too_many_redirects", True, False),
    ],
)
def test_what_counts_against_a_host_is_that_it_does_not_answer(code: str, permanent: bool, counts: bool) -> None:
    assert is_unanswered(SourceFailure(code, "It failed", permanent=permanent)) is counts
