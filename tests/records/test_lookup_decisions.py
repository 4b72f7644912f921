"""What a lookup decides of a record and the time: pure functions, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory.errors import CollectionFailed, CollectionTimedOut, NotInInventory
from inventory.records import lookup
from inventory.records.model import (
    CLOCKS_DIFFER,
    LEASE_AHEAD,
    Failed,
    Failure,
    Outcome,
    Postponed,
    Record,
    RecordWithSnapshot,
    Snapshot,
    State,
    Stored,
    Target,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TARGET = Target("webpage", "http://example.test/", "example.test")
MISSING = Record(
    target=TARGET, state=State.FAILED, accepted_at=NOW, requested_at=NOW, due_at=None, attempt=1, fence=1, lease="1" * 32
)
STORED = replace(MISSING, state=State.STORED, collected_at=NOW - HOUR, snapshot_id="2" * 32, snapshots=1)
PENDING = replace(MISSING, state=State.PENDING, due_at=NOW)
RUNNING = replace(MISSING, state=State.RUNNING, due_at=NOW + timedelta(seconds=30))
SNAPSHOT = Snapshot(id="1" * 32, record_id=TARGET.id, collected_at=NOW, content={}, body_sha256=None)


def failure(code: str = "dns_failure", *, retry_at: datetime = NOW + HOUR) -> Failure:
    return Failure(code=code, detail="There is no such name.", permanent=True, attempts=1, at=NOW, retry_at=retry_at)


@pytest.mark.parametrize(
    ("fresh_for", "stale"), [(2 * HOUR, False), (HOUR, False), (HOUR - timedelta(milliseconds=1), True), (0 * HOUR, True)]
)
def test_a_record_is_stale_when_its_snapshot_is_older_than_asked_for(fresh_for: timedelta, stale: bool) -> None:
    assert lookup.is_stale(STORED, fresh_for=fresh_for, now=NOW) is stale


@pytest.mark.parametrize(("ahead", "stale"), [(CLOCKS_DIFFER, False), (HOUR, True)])
def test_a_record_is_stale_when_a_clock_collected_it_that_was_ahead(ahead: timedelta, stale: bool) -> None:
    assert lookup.is_stale(replace(STORED, collected_at=NOW + ahead), fresh_for=24 * HOUR, now=NOW) is stale


def test_a_record_without_a_snapshot_is_not_stale() -> None:
    assert not lookup.is_stale(PENDING, fresh_for=0 * HOUR, now=NOW)


@pytest.mark.parametrize(
    ("record", "stale", "may_collect"),
    {
        "fresh": (STORED, False, False),
        "stale": (STORED, True, True),
        "stale, and its refresh is pending": (replace(STORED, state=State.PENDING), True, False),
        "stale, and its refresh has failed": (replace(STORED, state=State.FAILED, failure=failure()), True, False),
        "failed": (replace(MISSING, failure=failure()), False, False),
        "failed, and may be tried again": (replace(MISSING, failure=failure(retry_at=NOW)), False, True),
        "failed by a clock that was ahead": (replace(MISSING, failure=replace(failure(), at=NOW + HOUR)), False, True),
        "pending": (PENDING, False, False),
        "pending for a job alone": (replace(PENDING, bulk=True), False, True),
        "running": (RUNNING, False, False),
        "running for a job alone": (replace(RUNNING, bulk=True), False, True),
    }.values(),
)
def test_a_lookup_may_collect_what_is_missing_or_stale_unless_a_failure_stands(
    record: Record, stale: bool, may_collect: bool
) -> None:
    assert lookup.may_collect(record, stale=stale, now=NOW) is may_collect


@pytest.mark.parametrize(
    ("record", "is_being_collected"),
    {
        "running": (RUNNING, True),
        "its lease is over": (replace(RUNNING, due_at=NOW), False),
        "leased by a clock that was ahead": (replace(RUNNING, due_at=NOW + LEASE_AHEAD + HOUR), False),
        "pending": (PENDING, False),
        "stored": (STORED, False),
    }.values(),
)
def test_a_record_is_being_collected_while_its_lease_lasts(record: Record, is_being_collected: bool) -> None:
    assert lookup.is_being_collected(record, now=NOW) is is_being_collected


def test_what_was_due_when_it_was_seen_is_accepted_whatever_became_of_it() -> None:
    assert lookup.unless_due(STORED) is STORED
    assert lookup.unless_due(PENDING) is None
    assert lookup.unless_due(None) is None


STORING = Stored(RUNNING, SNAPSHOT, b"")
FAILING = Failed(RUNNING, failure())
POSTPONING = Postponed(RUNNING, NOW + HOUR, None)
FOUND = RecordWithSnapshot(STORED, SNAPSHOT, b"")


@pytest.mark.parametrize("refreshed", [False, True])
def test_an_inline_collection_is_answered_with_its_snapshot(refreshed: bool) -> None:
    claim = replace(RUNNING, snapshot_id="0" * 32) if refreshed else RUNNING

    result = lookup.inline_result(replace(STORING, claim=claim), FOUND, took_effect=True)

    assert (result.found, result.created) == (FOUND, not refreshed)


@pytest.mark.parametrize("outcome", [STORING, FAILING, POSTPONING])
def test_an_inline_collection_of_what_was_deleted_meanwhile_is_not_in_the_inventory(outcome: Outcome) -> None:
    with pytest.raises(NotInInventory, match="deleted while it was collected"):
        lookup.inline_result(outcome, None, took_effect=False)


def test_an_inline_collection_that_must_wait_is_a_promise() -> None:
    found = RecordWithSnapshot(STORED, SNAPSHOT, b"")

    assert not lookup.inline_result(POSTPONING, found, took_effect=True).ready


@pytest.mark.parametrize("outcome", [STORING, FAILING])
def test_an_overtaken_collection_is_answered_with_what_another_one_has_come_to(outcome: Outcome) -> None:
    stored = lookup.inline_result(outcome, FOUND, took_effect=False)
    running = lookup.inline_result(outcome, RecordWithSnapshot(RUNNING, None, None), took_effect=False)

    assert (stored.found, running.record, running.ready) == (FOUND, RUNNING, False)
    failed = RecordWithSnapshot(replace(MISSING, failure=failure("timeout")), None, None)
    with pytest.raises(CollectionTimedOut):
        lookup.inline_result(outcome, failed, took_effect=False)


@pytest.mark.parametrize(("code", "error"), [("timeout", CollectionTimedOut), ("dns_failure", CollectionFailed)])
def test_a_failed_collection_names_the_target_and_carries_its_failure(code: str, error: type[CollectionFailed]) -> None:
    raised = lookup.collection_failed(TARGET, failure(code))

    assert type(raised) is error
    assert str(raised) == "http://example.test/ could not be collected: There is no such name."
    assert raised.failure["retry_at"] == NOW + HOUR
