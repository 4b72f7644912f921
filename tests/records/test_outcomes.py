"""What becomes of a claim, decided without a store, an upstream or a pool of threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from inventory.errors import SourceFailure
from inventory.memory_budget import UNLIMITED
from inventory.rate_limits.model import Reason
from inventory.records.in_flight import room
from inventory.records.model import (
    LONGEST_DELAY,
    Attachment,
    Failed,
    Postponed,
    Record,
    Snapshot,
    State,
    Statement,
    Statements,
    Stored,
    Target,
)
from inventory.records.outcomes import CollectionPolicy, collection_retries, is_deferred
from inventory.records.settling import made_due
from inventory.records.source import Collected

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = CollectionPolicy(
    lease_for=35 * SECOND, retry=collection_retries(max_attempts=4, base=5.0), retry_failed_after=300 * SECOND
)
CLAIM = Record(
    target=Target("webpage", "http://one.test/", "one.test"),
    state=State.RUNNING,
    accepted_at=NOW,
    requested_at=NOW,
    due_at=NOW + 35 * SECOND,
    attempt=2,
    fence=3,
    lease="a" * 32,
)
TIMEOUT = SourceFailure("timeout", "No answer within 20 s.")


def test_what_was_collected_is_stored_under_the_claims_lease() -> None:
    outcome = POLICY.answered(CLAIM, Collected({"a": 1}, b"page"), now=NOW, final=False)

    assert isinstance(outcome, Stored)
    assert (outcome.snapshot.id, outcome.snapshot.record_id, outcome.snapshot.collected_at) == (CLAIM.lease, CLAIM.id, NOW)
    assert (outcome.body, outcome.shares_body, len(outcome.snapshot.body_sha256 or "")) == (b"page", False, 64)


def test_an_unchanged_page_shares_the_body_of_the_snapshot_before() -> None:
    content = {"body": {"sha256": "b" * 64}}
    outcome = POLICY.answered(CLAIM, Collected(content, None, unchanged=True), now=NOW, final=False)

    assert isinstance(outcome, Stored)
    assert (outcome.shares_body, outcome.snapshot.body_sha256) == (True, "b" * 64)


@pytest.mark.parametrize(("asked_for", "pause"), [(7.0, 7 * SECOND), (3_600.0, LONGEST_DELAY)])
def test_a_site_that_asks_for_a_pause_is_not_called_before_its_end(asked_for: float, pause: timedelta) -> None:
    busy = Collected({}, b"busy", come_back_in=asked_for)

    assert POLICY.answered(CLAIM, busy, now=NOW, final=False) == Postponed(CLAIM, NOW + pause, None)
    assert isinstance(POLICY.answered(CLAIM, busy, now=NOW, final=True), Stored), "it is what there is, at the last attempt"


def test_an_outcome_is_the_same_with_what_it_states() -> None:
    snapshot = Snapshot("b" * 32, CLAIM.id, NOW, {"a": 1}, None)
    stored = Stored(CLAIM, snapshot, b"page", room=UNLIMITED.room(), attachments=(Attachment("c" * 64, b"d"),))
    failed = POLICY.failed(CLAIM, TIMEOUT, now=NOW, rng=Random(0), final=True)
    statements = Statements(latest=[Statement("body.size", "4")])

    assert isinstance(failed, Failed)
    assert failed.stating(statements) == replace(failed, statements=statements)
    assert stored.stating(statements) == replace(stored, statements=statements)
    assert stored.stating(statements).room is stored.room


def test_a_failure_is_tried_again_after_a_pause() -> None:
    outcome = POLICY.failed(CLAIM, TIMEOUT, now=NOW, rng=Random(1), final=False)

    assert isinstance(outcome, Postponed)
    assert outcome.counted
    assert NOW <= outcome.due_at <= NOW + 15 * SECOND
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.attempts, outcome.failure.retry_at) == ("timeout", 2, outcome.due_at)


def test_the_last_failure_stands_for_as_long_as_is_set() -> None:
    outcome = POLICY.failed(CLAIM, TIMEOUT, now=NOW, rng=Random(1), final=True)

    assert isinstance(outcome, Failed)
    assert outcome.failure.retry_at == NOW + 300 * SECOND


@pytest.mark.parametrize("reason", [Reason.RATE, Reason.CONCURRENCY, Reason.PAUSE])
@pytest.mark.parametrize("final", [False, True])
def test_a_busy_host_is_waited_for_and_that_is_no_attempt(reason: Reason, final: bool) -> None:
    outcome = POLICY.deferred(CLAIM, reason, 40 * SECOND, now=NOW, rng=Random(1), final=final)

    assert outcome == Postponed(CLAIM, NOW + 40 * SECOND, None, counted=False)
    assert is_deferred(outcome)


def test_an_open_breaker_costs_an_attempt_that_comes_back_not_before_it_closes() -> None:
    postponed = POLICY.deferred(CLAIM, Reason.BREAKER, 40 * SECOND, now=NOW, rng=Random(1), final=False)
    failed = POLICY.deferred(CLAIM, Reason.BREAKER, 40 * SECOND, now=NOW, rng=Random(1), final=True)

    assert isinstance(postponed, Postponed)
    assert (postponed.due_at, postponed.counted) == (NOW + 40 * SECOND, True)
    assert isinstance(failed, Failed)
    assert failed.failure.code == "breaker_open"


@pytest.mark.parametrize(
    ("free", "slots", "expected"),
    [
        (40, 40, (32, True)),
        (9, 40, (1, True)),
        (8, 40, (8, False)),
        (0, 40, (0, False)),
        (4, 4, (4, True)),
        (1, 5, (1, False)),
    ],
)
def test_a_fifth_of_the_slots_is_kept_for_lookups(free: int, slots: int, expected: tuple[int, bool]) -> None:
    assert room(free, slots) == expected


def test_of_what_took_no_effect_only_what_shared_a_body_is_made_due_again() -> None:
    shared = Stored(CLAIM, Snapshot("a" * 32, CLAIM.id, NOW, {}, "b" * 64), None)
    whole = replace(shared, body=b"page")
    failed = POLICY.failed(CLAIM, TIMEOUT, now=NOW, rng=Random(1), final=True)

    assert made_due([whole, failed, shared], NOW + SECOND) == [Postponed(CLAIM, NOW + SECOND, None)]
