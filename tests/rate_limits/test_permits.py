"""When a permit is asked for again, and what is told of a request: decided without a budget's clock."""

from __future__ import annotations

import pytest

from inventory.errors import SourceFailure
from inventory.rate_limits.calls import MAX_WAIT, wait_briefly, wait_for_next_step
from inventory.rate_limits.model import Permit, PermitRequest, Reason, Throttled
from inventory.rate_limits.permits import PermittedCall, request_permit
from tests.fakes import Unlimited

HOST = "one.test"
PERMIT = Permit(HOST, 1, 0, probe=False, shared=False)


def throttled(reason: Reason, wait: float) -> Throttled:
    return Throttled(HOST, reason, wait)


@pytest.mark.parametrize(
    ("reason", "wait", "first_step", "next_step"),
    [
        (Reason.RATE, 0.3, 0.3, 0.3),
        (Reason.CONCURRENCY, MAX_WAIT, MAX_WAIT, MAX_WAIT),
        (Reason.RATE, 5.0, None, MAX_WAIT),
        (Reason.PAUSE, 0.3, None, None),
        (Reason.BREAKER, 0.3, None, None),
    ],
)
def test_a_collection_waits_once_and_only_for_what_passes_soon(
    reason: Reason, wait: float, first_step: float | None, next_step: float | None
) -> None:
    assert wait_briefly(throttled(reason, wait), 0) == first_step
    assert wait_for_next_step(throttled(reason, wait), 0) == next_step
    assert wait_briefly(throttled(reason, wait), 1) is None
    assert wait_for_next_step(throttled(reason, wait), 1) is None


class Throttling(Unlimited):
    """Budgets that throttle the first requests, so many of them."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times, self.requests = times, list[PermitRequest]()

    def take(self, requests: object) -> object:  # type: ignore[override]
        [request] = requests  # type: ignore[misc]
        self.requests.append(request)
        return [throttled(Reason.RATE, 0.1 * len(self.requests)) if len(self.requests) <= self.times else PERMIT]


def test_it_sleeps_between_requests_for_as_long_as_it_is_told_to() -> None:
    budgets, slept = Throttling(3), list[float]()
    request = PermitRequest(HOST)

    decision = request_permit(budgets, request, may_wait=lambda found, asked: found.wait, sleep=slept.append)

    assert decision == PERMIT
    assert slept == pytest.approx([0.1, 0.2, 0.3])
    assert budgets.requests == [request] * 4


def test_giving_up_returns_the_last_decision() -> None:
    budgets, slept = Throttling(9), list[float]()
    may_wait = lambda found, asked: None if asked == 2 else found.wait  # noqa: E731

    decision = request_permit(budgets, PermitRequest(HOST), may_wait=may_wait, sleep=slept.append)

    assert decision == throttled(Reason.RATE, pytest.approx(0.3))
    assert len(slept) == 2


UNANSWERED = SourceFailure("timeout", "late")


@pytest.mark.parametrize(
    ("error", "pause", "failed"),
    [
        (None, None, False),
        (UNANSWERED, None, True),
        (UNANSWERED, 5.0, False),
        (SourceFailure("tls_failure", "bad", permanent=True), None, False),
        (ZeroDivisionError(), None, False),
    ],
)
def test_a_call_reports_whether_its_host_was_silent(error: Exception | None, pause: float | None, failed: bool) -> None:
    budgets, ticks = Unlimited(), iter([4.0, 6.5])
    try:
        with PermittedCall(budgets, PERMIT, ticks=lambda: next(ticks)) as call:
            call.start()
            call.pause = pause
            if error is not None:
                raise error
    except (SourceFailure, ZeroDivisionError):
        pass

    [report] = budgets.reports
    assert (report.permit, report.failed, report.elapsed, report.pause) == (PERMIT, failed, 2.5, pause)


def test_a_call_that_was_never_sent_took_its_host_no_time() -> None:
    budgets = Unlimited()
    with PermittedCall(budgets, PERMIT, ticks=lambda: 9.0):
        pass

    assert [(report.failed, report.elapsed) for report in budgets.reports] == [(False, 0.0)]
