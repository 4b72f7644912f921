"""What becomes of a delivery after a try: the schedule, pauses that receivers ask for, and the end."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.webhooks.decisions import BACK_OFF, JITTER, LATENESS, Decision, decide, is_news, is_too_late
from inventory.webhooks.model import GIVE_UP_AFTER, Delivery, DeliveryState
from inventory.webhooks.sink import Reply, Verdict
from inventory.webhooks.webhook_sink import verdict_of
from tests.webhooks.conftest import owed, webhook_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FAILED = Reply(verdict=Verdict.FAILED, status=500)


def claim(attempt: int = 1, age: timedelta = timedelta(0)) -> Delivery:
    return owed(1, NOW - age, attempt=attempt)


def decided(reply: Reply, attempt: int = 1, age: timedelta = timedelta(0)) -> Decision:
    return decide(claim(attempt, age), reply, now=NOW, rng=random.Random(1))


def pause(reply: Reply, **how: Any) -> float:
    due_at = decided(reply, **how).due_at
    assert due_at is not None
    return (due_at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([200, 201, 202, 204, 226, 299], Verdict.ACCEPTED),
        ([301, 302, 303, 304, 307, 308], Verdict.FAILED),
        ([400, 401, 403, 404, 405, 408, 409, 413, 422, 499], Verdict.FAILED),
        ([500, 501, 505, 599, 999], Verdict.FAILED),
        ([429, 502, 503, 504], Verdict.BUSY),
        ([410], Verdict.GONE),
    ],
)
def test_only_2xx_is_a_success(statuses: list[int], verdict: Verdict) -> None:
    assert {verdict_of(status) for status in statuses} == {verdict}


def test_what_was_accepted_is_delivered() -> None:
    assert decided(Reply(verdict=Verdict.ACCEPTED, status=204)) == Decision(state=DeliveryState.DELIVERED)


@pytest.mark.parametrize("attempt", range(1, 13))
def test_pauses_follow_the_schedule_and_stay_at_its_end(attempt: int) -> None:
    scheduled = BACK_OFF[min(attempt, len(BACK_OFF)) - 1]
    pauses = [
        (due_at - NOW).total_seconds()
        for seed in range(200)
        if (due_at := decide(claim(attempt), FAILED, now=NOW, rng=random.Random(seed)).due_at)
    ]

    assert scheduled * (1 - JITTER) <= min(pauses) < max(pauses) <= scheduled * (1 + JITTER)
    assert len(set(pauses)) > 100


def test_the_tries_of_one_delivery_span_three_days() -> None:
    now, rng, tries, made = NOW, random.Random(3), 0, owed(1, NOW)
    while True:
        tries += 1
        decision = decide(owed(1, NOW, attempt=tries), FAILED, now=now, rng=rng)
        if decision.due_at is None:
            break
        now = decision.due_at

    assert decision.state is DeliveryState.FAILED
    assert now == made.created_at + GIVE_UP_AFTER
    assert tries == 10


def test_a_delivery_that_is_too_old_fails_after_its_try() -> None:
    assert decided(FAILED, age=GIVE_UP_AFTER) == Decision(state=DeliveryState.FAILED)


def test_one_that_is_sent_again_has_three_days_again() -> None:
    old = owed(1, NOW - 5 * GIVE_UP_AFTER, attempt=1, again_at=NOW - SECOND)

    decision = decide(old, FAILED, now=NOW, rng=random.Random(1))

    assert decision.state is DeliveryState.PENDING
    assert old.give_up_at == NOW - SECOND + GIVE_UP_AFTER


@pytest.mark.parametrize(
    ("attempt", "late", "too_late"),
    [(2, timedelta(0), False), (2, LATENESS, False), (2, LATENESS + SECOND, True), (1, timedelta(9), False)],
)
def test_nothing_is_tried_again_long_after_its_last_try_was_due(attempt: int, late: timedelta, too_late: bool) -> None:
    """One that no worker could try before is tried once, whenever that is."""
    assert is_too_late(claim(attempt, GIVE_UP_AFTER + late), NOW) is too_late


def test_a_receiver_that_wants_nothing_any_more_is_disabled() -> None:
    decision = decided(Reply(verdict=Verdict.GONE, status=410))

    assert decision.state is DeliveryState.FAILED
    assert decision.disable == "The receiver answered 410: it wants no messages."


def test_a_message_that_would_be_rejected_again_fails_at_once() -> None:
    assert decided(Reply(verdict=Verdict.REJECTED, status=550)) == Decision(state=DeliveryState.FAILED)


def test_a_failure_holds_up_nothing_else() -> None:
    assert decided(FAILED).hold_until is None


@pytest.mark.parametrize(("attempt", "held"), [(1, 5), (2, 300), (3, 300), (9, 300)])
def test_a_receiver_that_is_busy_gets_nothing_else_for_some_minutes_at_most(attempt: int, held: float) -> None:
    hold_until = decided(Reply(verdict=Verdict.BUSY), attempt=attempt).hold_until

    assert hold_until is not None
    assert (hold_until - NOW).total_seconds() == pytest.approx(held, rel=JITTER)


@pytest.mark.parametrize(
    ("asked", "attempt", "paused"),
    [
        (60, 1, 60),
        (7_200, 1, 7_200),
        (0, 1, 5),  # not at once, whatever it says
        (0, 8, 300),
        (30, 8, 300),  # not for the hours of the schedule
        (10**9, 1, 86_400),
    ],
)
def test_a_receiver_that_says_when_is_believed(asked: float, attempt: int, paused: float) -> None:
    reply = Reply(verdict=Verdict.BUSY, status=429, retry_after=asked)

    assert pause(reply, attempt=attempt) == pytest.approx(paused, rel=JITTER)


def test_what_a_receiver_asked_for_holds_up_everything_that_is_owed_to_it() -> None:
    decision = decided(Reply(verdict=Verdict.BUSY, status=503, retry_after=600))

    assert decision.hold_until == decision.due_at == NOW + 600 * SECOND


def test_no_pause_goes_beyond_the_last_try() -> None:
    age = GIVE_UP_AFTER - 100 * SECOND

    assert pause(FAILED, attempt=9, age=age) == 100
    assert pause(Reply(verdict=Verdict.BUSY, retry_after=86_400), age=age) == 100


@pytest.mark.parametrize(
    ("reply", "is_failing", "news"),
    [
        (Reply(verdict=Verdict.ACCEPTED, status=200), False, False),
        (Reply(verdict=Verdict.ACCEPTED, status=200), True, True),
        (FAILED, False, True),
        (FAILED, True, False),
        (Reply(verdict=Verdict.BUSY), True, True),
        (Reply(verdict=Verdict.GONE, status=410), True, True),
    ],
)
def test_what_is_known_of_a_webhook_is_no_news(reply: Reply, is_failing: bool, news: bool) -> None:
    webhook = webhook_of("http://a.test/", failing_since=NOW - SECOND if is_failing else None)

    assert is_news(webhook, decided(reply)) is news
