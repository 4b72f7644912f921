"""The work on a batch of log lines: what it keeps, what it rejects, and where another worker goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from inventory.errors import StorageUnavailable
from inventory.events.job_type import STEP_LINES, EventBatch, EventJobs
from inventory.jobs.model import Batch, InputRow, Job, Row, RowOutcome
from tests.events import logs
from tests.events.fakes import FakeEvents, FakeSleep, FakeUploads

NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
JOB = Job("4f3c2b1a09f8e7d6c5b4a39281706f5e", "events", NOW)
GOOD = logs.GOOD


def batch(**changes: Any) -> Batch:
    whole = Batch(JOB.id, 1, 1, 9_999, 9_999, 1_000_000, NOW, "1" * 32, 1, 1)
    return replace(whole, **changes)


def good(count: int) -> list[InputRow]:
    return [InputRow(row, GOOD) for row in range(1, count + 1)]


@dataclass
class Worker:
    """Works on batches with a store and a pause of its own."""

    line_delay: float = 0.0
    events: FakeEvents = field(default_factory=FakeEvents)
    sleep: FakeSleep = field(default_factory=FakeSleep)
    ticks: Callable[[], float] = lambda: 0.0

    def begin(self, lines: Sequence[InputRow], claim: Batch | None = None) -> EventBatch:
        return self.kind().begin(JOB, claim or batch(), lines)

    def kind(self, read: Sequence[tuple[InputRow, int]] = ()) -> EventJobs:
        return EventJobs(self.events, FakeUploads(read), line_delay=self.line_delay, sleep=self.sleep, ticks=self.ticks)

    def rows(self, lines: Sequence[InputRow]) -> list[Row]:
        return [row for step in self.steps(self.begin(lines)) for row in step]

    def steps(self, work: EventBatch) -> Iterator[Sequence[Row]]:
        while True:
            step = work.step(NOW)
            yield step.rows
            if step.again_at is None:
                return


def test_the_lines_of_a_job_are_those_that_its_reader_reads() -> None:
    read = [(InputRow(1, GOOD), 100), (InputRow(2, GOOD), 200)]

    assert list(Worker().kind(read).input_rows(JOB)) == read


def test_good_lines_are_kept_as_events_without_rows_of_their_own() -> None:
    worker = Worker()

    step = worker.begin([InputRow(7, GOOD), InputRow(9, GOOD)]).step(NOW)

    assert (list(step.rows), step.implicit_successes, step.checkpoint, step.again_at) == ([], 2, "9", None)
    assert list(worker.events.kept) == [f"{JOB.id}-0000000007", f"{JOB.id}-0000000009"]
    assert worker.events.kept[f"{JOB.id}-0000000007"].message == "hello"


def test_a_line_that_is_not_an_event_is_a_rejected_row_that_says_why_and_what_to_send() -> None:
    worker = Worker()
    text = '{"timestamp": "now", "level": "info", "service": "checkout", "message": "hello"}'

    (row,) = worker.rows([InputRow(1, GOOD), InputRow(2, text), InputRow(3, GOOD)])

    assert (row.row, row.input, row.outcome, row.finished_at) == (2, text, RowOutcome.REJECTED, NOW)
    assert (row.code, row.record_id) == ("invalid_event", None)
    assert row.detail is not None
    assert row.detail.startswith("timestamp: 'now' is not a time. Send RFC 3339")
    assert len(worker.events.kept) == 2


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (GOOD[:-1], "invalid_json", "Not JSON"),
        ("hello", "invalid_json", "Not JSON, nor a line with a time at its beginning."),
        ("[1, 2]", "invalid_event", "Not an object. Send one JSON object per line"),
        ("{}", "invalid_event", "timestamp: Missing."),
    ],
)
def test_what_is_no_json_and_what_is_no_event_are_told_apart(text: str, code: str, says: str) -> None:
    (row,) = Worker().rows([InputRow(1, text)])

    assert row.code == code
    assert row.detail is not None
    assert says in row.detail


def test_the_raw_line_is_truncated() -> None:
    (row,) = Worker().rows([InputRow(1, "x" * 5_000)])

    assert row.input == "x" * 1_024


def test_a_line_that_the_reader_could_not_read_is_rejected_for_the_readers_reason() -> None:
    (row,) = Worker().rows([InputRow(4, GOOD, "invalid_encoding", "Byte 17 is not UTF-8.")])

    assert (row.row, row.code, row.detail) == (4, "invalid_encoding", "Byte 17 is not UTF-8.")


def test_every_bad_line_of_a_log_file_is_rejected_and_every_good_one_is_kept() -> None:
    worker, bad, read = Worker(), [], []
    for number, (line, is_event) in enumerate(logs.lines(3_000, seed=7, bad=0.1), start=1):
        text = line.decode(errors="replace")
        read.append(InputRow(number, text, "invalid_encoding" if "\ufffd" in text else None))
        bad += [] if is_event else [number]

    rejected = [row.row for row in worker.rows(read)]

    assert rejected == bad
    assert len(worker.events.kept) == 3_000 - len(bad)


def test_a_step_takes_some_of_the_lines_and_the_last_one_says_that_it_was_the_last() -> None:
    work = Worker().begin(good(2 * STEP_LINES + 5))

    steps = [work.step(NOW) for _ in range(3)]

    assert [step.implicit_successes for step in steps] == [STEP_LINES, 2 * STEP_LINES, 2 * STEP_LINES + 5]
    assert [step.again_at for step in steps] == [NOW, NOW, None]
    assert work.left() == []


def test_a_step_ends_after_the_line_with_which_its_time_is_over() -> None:
    seconds = count(step=0.2)
    work = Worker(ticks=lambda: next(seconds)).begin([*good(7), InputRow(8, "no JSON")])

    steps = [work.step(NOW) for _ in range(3)]

    assert [(step.implicit_successes, step.checkpoint, step.again_at) for step in steps] == [
        (3, "3", NOW), (6, "6", NOW), (7, "8", None),
    ]  # fmt: skip
    assert [row.row for step in steps for row in step.rows] == [8]


def test_a_batch_without_lines_left_is_done_at_once() -> None:
    step = Worker().begin([], batch(implicit_successes=5, checkpoint="12")).step(NOW)

    assert (list(step.rows), step.implicit_successes, step.checkpoint, step.again_at) == ([], 5, "12", None)


def test_another_worker_continues_after_the_checkpoint() -> None:
    worker, lines = Worker(), good(2 * STEP_LINES + 5)
    dead = worker.begin(lines)
    step = dead.step(NOW)
    worker.events.calls.clear()

    work = worker.begin(lines, batch(implicit_successes=step.implicit_successes, checkpoint=step.checkpoint))
    rest = [work.step(NOW), work.step(NOW)]

    assert worker.events.calls == [STEP_LINES, 5]
    assert [each.implicit_successes for each in rest] == [2 * STEP_LINES, 2 * STEP_LINES + 5]


def test_what_a_dead_worker_kept_without_saying_so_is_counted_and_kept_once() -> None:
    worker, lines = Worker(), good(10)
    worker.begin(lines).step(NOW)

    step = worker.begin(lines).step(NOW)

    assert step.implicit_successes == 10
    assert len(worker.events.kept) == 10


def test_rejected_lines_that_have_their_outcome_are_not_counted_again() -> None:
    lines = [line for line in good(10) if line.row != 3]

    step = Worker().begin(lines, batch(implicit_successes=0, checkpoint=None)).step(NOW)

    assert (step.implicit_successes, step.checkpoint) == (9, "10")


def test_a_step_that_the_store_did_not_take_is_done_again() -> None:
    worker = Worker()
    work = worker.begin([*good(3), InputRow(4, "no JSON")])
    worker.events.away = True
    with pytest.raises(StorageUnavailable):
        work.step(NOW)
    assert len(work.left()) == 4
    worker.events.away = False

    step = work.step(NOW)

    assert (step.implicit_successes, [row.row for row in step.rows]) == (3, [4])
    assert len(worker.events.kept) == 3


def test_a_pause_per_line_makes_steps_short() -> None:
    worker = Worker(line_delay=0.01)
    work = worker.begin(good(120))

    steps = [work.step(NOW) for _ in range(4)]

    assert [step.implicit_successes for step in steps] == [50, 100, 120, 120]
    assert [step.again_at for step in steps] == [NOW, NOW, NOW, None]
    assert sum(worker.sleep.naps) == pytest.approx(1.2)
    assert max(worker.sleep.naps) <= 0.5


def test_a_pause_that_is_longer_than_a_step_is_divided_so_that_the_claim_is_renewed() -> None:
    worker = Worker(line_delay=1.2)
    work = worker.begin(good(2))

    steps = [work.step(NOW) for _ in range(7)]

    assert [step.implicit_successes for step in steps] == [1, 1, 1, 2, 2, 2, 2]
    assert [step.again_at for step in steps] == [NOW] * 6 + [None]
    assert worker.sleep.naps == pytest.approx([0.5, 0.5, 0.2] * 2)


def test_without_a_pause_nothing_sleeps() -> None:
    worker = Worker()
    worker.rows(good(10))

    assert worker.sleep.naps == []
