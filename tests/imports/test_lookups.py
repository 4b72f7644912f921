"""What becomes of a row by the record of its target, and what one step of a batch does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from inventory.errors import StorageUnavailable
from inventory.imports.lookups import POLL_INTERVAL, Lookups, Verdict, verdict
from inventory.jobs.model import LONGEST_INPUT, InputRow, RowOutcome
from inventory.records.model import CLOCKS_DIFFER, Acceptance, Failure, Record, State, Target
from tests.fakes import FakeWeb

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
CREATED, DAY = NOW - timedelta(hours=1), timedelta(days=1)
BEFORE, SINCE, LONG_AGO = CREATED - timedelta(minutes=1), CREATED + timedelta(minutes=1), NOW - 2 * DAY
URL = "http://example.test/"
TARGET = Target("webpage", URL, "example.test")


def failure(at: datetime) -> Failure:
    return Failure("timeout", "too slow", False, 4, at, at + timedelta(minutes=5))


def record(state: State, *, collected_at: datetime | None = None, failed_at: datetime | None = None) -> Record:
    failed, snapshot_id = failure(failed_at) if failed_at else None, "0" * 32 if collected_at else None
    return Record(
        TARGET, state, LONG_AGO, LONG_AGO, None, 1, 1, collected_at=collected_at, failure=failed, snapshot_id=snapshot_id
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record_", "expected"),
    [
        (None, Verdict.NEEDED),
        (record(State.STORED, collected_at=SINCE), Verdict.SUCCEEDED),
        (record(State.STORED, collected_at=CREATED), Verdict.SUCCEEDED),
        (record(State.STORED, collected_at=BEFORE), Verdict.SUCCEEDED),
        (record(State.STORED, collected_at=LONG_AGO), Verdict.NEEDED),
        (record(State.PENDING), Verdict.OPEN),
        (record(State.RUNNING), Verdict.OPEN),
        (record(State.PENDING, collected_at=LONG_AGO), Verdict.OPEN),
        (record(State.RUNNING, collected_at=BEFORE), Verdict.SUCCEEDED),
        (record(State.PENDING, failed_at=SINCE), Verdict.OPEN),
        (record(State.FAILED, failed_at=SINCE), Verdict.FAILED),
        (record(State.FAILED, failed_at=CREATED), Verdict.FAILED),
        (record(State.FAILED, failed_at=BEFORE), Verdict.NEEDED),
        (record(State.FAILED, failed_at=SINCE, collected_at=LONG_AGO), Verdict.FAILED),
        (record(State.FAILED, failed_at=SINCE, collected_at=BEFORE), Verdict.SUCCEEDED),
        (record(State.FAILED, failed_at=BEFORE, collected_at=LONG_AGO), Verdict.NEEDED),
    ],
)
def test_a_row_ends_as_its_lookup_would(record_: Record | None, expected: Verdict) -> None:
    assert verdict(record_, created_at=CREATED, fresh_since=NOW - DAY, now=NOW) is expected


@pytest.mark.parametrize("collected_at", [BEFORE, LONG_AGO])
def test_nothing_from_before_the_job_is_fresh_for_a_job_that_wants_all_again(collected_at: datetime) -> None:
    old, new = record(State.STORED, collected_at=collected_at), record(State.STORED, collected_at=SINCE)
    assert verdict(old, created_at=CREATED, fresh_since=NOW, now=NOW) is Verdict.NEEDED
    assert verdict(new, created_at=CREATED, fresh_since=NOW, now=NOW) is Verdict.SUCCEEDED


@pytest.mark.parametrize(
    ("record_", "expected"),
    [
        (record(State.STORED, collected_at=NOW + CLOCKS_DIFFER), Verdict.SUCCEEDED),
        (record(State.STORED, collected_at=NOW + DAY), Verdict.NEEDED),
        (record(State.PENDING, collected_at=NOW + DAY), Verdict.OPEN),
        (record(State.FAILED, failed_at=NOW + CLOCKS_DIFFER), Verdict.FAILED),
        (record(State.FAILED, failed_at=NOW + DAY), Verdict.NEEDED),
    ],
)
def test_what_a_clock_noted_that_was_ahead_ends_no_row(record_: Record, expected: Verdict) -> None:
    assert verdict(record_, created_at=CREATED, fresh_since=NOW - DAY, now=NOW) is expected


class Kept:
    """Records in memory; what is accepted is noted."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.accepted: list[tuple[Target, Record | None]] = []
        self.owners: list[str] = []
        self.away = False

    def find_all(self, record_ids: Sequence[str]) -> Mapping[str, Record]:
        if self.away:
            raise StorageUnavailable("away")
        return {each: self.records[each] for each in record_ids if each in self.records}

    def unfinished(self, record_ids: Sequence[str], *, since: datetime) -> Mapping[str, datetime | None]:
        found = {each: self.find_all(record_ids)[each] for each in record_ids if each in self.records}
        return {
            key: record.due_at if record.state is State.PENDING else None
            for key, record in found.items()
            if record.state in (State.PENDING, State.RUNNING) and (record.collected_at or LONG_AGO) < since
        }

    def accept_all(
        self, needed: Sequence[tuple[Target, Record | None]], *, now: datetime, owners: Sequence[str]
    ) -> Sequence[Acceptance]:
        self.accepted += needed
        self.owners += owners
        for target, _ in needed:
            self.records[target.id] = Record(target, State.PENDING, now, now, now, 0, 0)
        return [Acceptance(self.records[target.id], accepted=True) for target, _ in needed]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a step does not need {name}")


@pytest.fixture
def kept() -> Kept:
    return Kept()


def lookups(kept: Kept, *texts: str, fresh_for: timedelta = DAY) -> Lookups:
    lines = [InputRow(row, text) for row, text in enumerate(texts, 2)]
    return Lookups(kept, FakeWeb(), lines, created_at=CREATED, fresh_for=fresh_for)


def store(kept: Kept, url: str) -> None:
    target = FakeWeb().target(url)
    kept.records[target.id] = Record(target, State.STORED, NOW, NOW, None, 1, 1, collected_at=NOW, snapshot_id="0" * 32)


def test_what_nobody_has_is_accepted_once_however_often_it_is_there(kept: Kept) -> None:
    work = lookups(kept, URL, f"{URL}b", URL, f"{URL}#fragment")

    step = work.step(NOW)
    again = work.step(NOW)

    assert [target.key for target, _ in kept.accepted] == [URL, f"{URL}b"]
    assert (step.rows, again.rows) == ([], [])
    assert step.again_at is not None
    assert step.again_at >= NOW + POLL_INTERVAL
    store(kept, URL)
    assert [row.row for row in work.step(NOW).rows] == [2, 4, 5]
    assert [line.row for line in work.left()] == [3]
    store(kept, f"{URL}b")
    last = work.step(NOW)
    assert ([row.row for row in last.rows], last.again_at) == ([3], None)
    assert work.left() == []
    assert work.step(NOW).again_at is None


@pytest.mark.parametrize("fresh_for", [timedelta(0), DAY])
@pytest.mark.parametrize("state", [State.STORED, State.FAILED])
def test_a_row_of_a_job_whose_clock_was_set_back_is_collected_once(kept: Kept, fresh_for: timedelta, state: State) -> None:
    work, now = lookups(kept, URL, fresh_for=fresh_for), CREATED - timedelta(hours=1)
    assert work.step(now).rows == []
    at, now = now + timedelta(seconds=1), now + timedelta(seconds=2)
    stored = state is State.STORED
    kept.records[TARGET.id] = record(state, collected_at=at if stored else None, failed_at=None if stored else at)

    assert [row.outcome for row in work.step(now).rows] == [RowOutcome.SUCCEEDED if stored else RowOutcome.FAILED]
    assert len(kept.accepted) == 1


def test_a_record_that_is_deleted_meanwhile_is_accepted_again(kept: Kept) -> None:
    work = lookups(kept, URL)
    work.step(NOW)
    kept.records.clear()
    work.step(NOW)

    assert len(kept.accepted) == 2


def test_each_record_is_marked_once_and_again_after_it_was_deleted(kept: Kept) -> None:
    marked: list[Sequence[str]] = []
    store(kept, f"{URL}known")
    lines = [InputRow(row, text) for row, text in enumerate([URL, "no url", f"{URL}known", URL], 2)]
    work = Lookups(kept, FakeWeb(), lines, created_at=CREATED, fresh_for=DAY, mark=marked.append)
    ids = [FakeWeb().target(text).id for text in (URL, f"{URL}known")]

    work.step(NOW)
    work.step(NOW)
    assert marked == [ids]
    del kept.records[ids[0]]
    work.step(NOW)
    assert marked == [ids, ids[:1]]


def test_a_step_whose_marks_fail_is_done_again_whole(kept: Kept) -> None:
    away = True

    def mark(record_ids: Sequence[str]) -> None:
        if away:
            raise StorageUnavailable("away")

    work = Lookups(kept, FakeWeb(), [InputRow(2, URL)], created_at=CREATED, fresh_for=DAY, mark=mark)
    with pytest.raises(StorageUnavailable):
        work.step(NOW)
    assert [line.row for line in work.left()] == [2]
    away = False
    work.step(NOW)
    assert len(kept.accepted) == 1


def test_a_stale_record_is_accepted_as_it_was_seen(kept: Kept) -> None:
    seen = record(State.STORED, collected_at=LONG_AGO)
    kept.records[TARGET.id] = seen
    lookups(kept, URL).step(NOW)

    assert kept.accepted == [(TARGET, seen)]


def test_lines_that_cannot_be_worked_on_are_rejected_with_their_reason(kept: Kept) -> None:
    long = f"{URL}{'x' * 3_000}"
    unreadable = InputRow(9, "\ufffd", "invalid_encoding", "It is not text in utf-8.")
    lines = [
        InputRow(2, "example.test"),
        InputRow(3, "ftp://example.test/"),
        InputRow(4, "http://a:b@example.test/"),
        InputRow(5, long),
    ]
    step = Lookups(kept, FakeWeb(), [*lines, unreadable], created_at=CREATED, fresh_for=DAY).step(NOW)

    assert step.again_at is None
    assert {row.outcome for row in step.rows} == {RowOutcome.REJECTED}
    assert [row.code for row in step.rows] == [
        "invalid_url", "unsupported_scheme", "credentials_in_url", "url_too_long", "invalid_encoding",
    ]  # fmt: skip
    assert step.rows[3].input == long[:LONGEST_INPUT]
    assert step.rows[4].detail == unreadable.detail


def test_a_step_that_met_a_store_that_is_away_is_done_again_whole(kept: Kept) -> None:
    work = lookups(kept, "no url", URL)
    kept.away = True
    with pytest.raises(StorageUnavailable):
        work.step(NOW)
    assert len(work.left()) == 2
    kept.away = False

    assert [row.row for row in work.step(NOW).rows] == [2]
    assert len(kept.accepted) == 1


def test_a_step_ends_after_the_line_with_which_its_time_is_over(kept: Kept) -> None:
    seconds = count(step=0.2)
    lines = [InputRow(row, text) for row, text in enumerate([URL, "no url", f"{URL}b", URL, f"{URL}c"], 2)]
    work = Lookups(
        kept, FakeWeb(), lines, created_at=CREATED, fresh_for=DAY, ticks=lambda: next(seconds)
    )  # fmt: skip

    first = work.step(NOW)

    assert ([row.row for row in first.rows], first.again_at) == ([3], NOW)
    assert [target.key for target, _ in kept.accepted] == [URL, f"{URL}b"]
    assert [line.row for line in work.left()] == [5, 6, 2, 4]
    kept.away = True
    with pytest.raises(StorageUnavailable):
        work.step(NOW)
    kept.away = False
    second = work.step(NOW)
    assert (second.rows, second.again_at and second.again_at > NOW) == ([], True)
    assert sorted(line.row for line in work.left()) == [2, 4, 5, 6]
    for path in ("", "b", "c"):
        store(kept, f"{URL}{path}")
    last = work.step(NOW)
    assert (sorted(row.row for row in last.rows), last.again_at) == ([2, 4, 5, 6], None)


def test_it_looks_again_when_the_first_pause_is_over(kept: Kept) -> None:
    work = lookups(kept, URL, f"{URL}b")
    work.step(NOW)
    for n, each in enumerate(list(kept.records.values())):
        paused = NOW + timedelta(minutes=3 + n)
        kept.records[each.id] = Record(each.target, State.PENDING, NOW, NOW, paused, 1, 1, failure=failure(NOW))

    assert work.step(NOW).again_at == NOW + timedelta(minutes=3)
