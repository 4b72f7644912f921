"""On SQLite, no statement of the ledger or of a listing reads or sorts more rows than it gives."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import product

import pytest

from inventory.events.model import EventFilter
from inventory.jobs.model import JobStatus, RowOutcome
from inventory.products.model import ProductFilter
from inventory.records.model import RecordFilter, Status
from inventory.store.sqlite import (
    activity,
    audit,
    batches,
    captures,
    changed,
    deliveries,
    due_records,
    ends,
    event_traces,
    events,
    jobs,
    keys,
    ledger,
    messages,
    observations,
    old_messages,
    policies,
    products,
    pruning,
    records,
    rows,
    schedules,
    snapshots,
    target_intervals,
    unindexed,
    unseen,
    watches,
    webhooks,
)
from inventory.store.turns import Served
from inventory.webhooks.model import DeliveryState
from tests.contract.actions import NOW
from tests.contract.backends import SqliteBackend

VALUES = {
    "id": "x",
    "digest": b"x",
    "name_key": b"x",
    "at": 1,
    "now": 1,
    "limit": 9,
    "max_attempts": 3,
    "instant": 1,
    "source": "x",
    "host": "x",
    "record_id": "x",
    "keep": 9,
    "sha256": "x",
    "job_id": b"x",
    "name": b"x",
    "number": 1,
    "lease": "x",
    "fence": 1,
    "until": 1,
    "due_at": 1,
    "implicit_successes": 0,
    "checkpoint": None,
    "status": "x",
    "outcome": "x",
    "after": 1,
    "before": 1,
    "idempotency_key": b"x",
    "dedup_key": b"x",
    "level": b"x",
    "service": b"x",
    "trace_id": b"x",
    "minute": 1,
    "since": 1,
    "line": 1,
    "hours": 9,
    "kind": "x",
    "feed": "x",
    "category": "x",
    "min_price": 1,
    "max_price": 1,
    "watch_id": b"x",
    "version": 1,
    "mark": 1,
    "accepted_at": 1,
    "first": "x",
    "owner": "x",
    "from": "",
    "to": "y",
    "owners": 9,
    "looks": 9,
    "address": b"x",
    "message_id": "x",
    "state": "x",
    "sooner": 1,
    "uncounted": 0,
    "ended_at": 1,
    "attempts": b"x",
    "key_id": "x",
    "action": "x",
    "noun": "x",
    "low": "x",
    "low_id": "x",
    "high": "y",
    "high_id": "y",
}
FILTERS = [RecordFilter(*each) for each in product([None, "x"], [None, *Status], [None, "x"])]
LISTINGS = [records.listing_statement(each)[0] for each in FILTERS]
PENDING = [
    each.format(columns=columns, bulk=bulk)
    for bulk in (0, 1)
    for each in (due_records.DUE_OF, due_records.AHEAD_OF)
    for columns in (due_records.TO_CLAIM, due_records.TO_LIST)
]
LEASE_OVER = [
    each.format(columns=columns, attempts=attempts)
    for each in (due_records.LEASE_OVER_OF, due_records.LEASE_AHEAD_OF)
    for columns, attempts in ((due_records.TO_LIST, "<"), (due_records.TO_FAIL, ">="))
]
CLAIMS = [*PENDING, *LEASE_OVER, ledger.CLAIMABLE]
BATCHES = [
    batches.WAKE,
    batches.CLAIMABLE_AHEAD,
    batches.WAKE_AHEAD,
    batches.IMPLICIT_SUCCESSES,
    batches.RENEW,
    batches.RELEASE,
    batches.FINISH,
]
JOBS = [*jobs.FIND_LIKE, jobs.DONE, jobs.DUE, jobs.CANCEL, jobs.RELEASE_ALL, jobs.OVER, *jobs.REMOVE]
JOB_LISTINGS = [jobs.listing_statement(each) for each in (None, JobStatus.RUNNING)]
ROW_LISTINGS = [jobs.rows_statement(each) for each in (None, RowOutcome.FAILED)]
EVENT_FILTERS = [EventFilter(*each) for each in product([None, "x"], [None, "x"], [None, "x"], [None, NOW], [None, NOW])]
TRACES = [event_traces.trace_statement(each)[0] for each in EVENT_FILTERS]
EVENT_LISTINGS = [events.listing_statement(each)[0] for each in EVENT_FILTERS]
EVENTS = [events.NEXT_JOB, events.NOTED, events.OLDEST_NOTE, events.LAST_RETIRED, events.RETIRE, *events.FORGET]
PRODUCT_FILTERS = [ProductFilter(*each) for each in product([None, "x"], [None, "x"], [None, 1], [None, 1])]
PRODUCTS = [*(products.listing_statement(each)[0] for each in PRODUCT_FILTERS), products.CHANGED]
NOTES = [jobs.OF_KIND, jobs.CHECKPOINTS]
JOBS_AND_ROWS = [*JOBS, *NOTES, *JOB_LISTINGS, *ROW_LISTINGS]
SCHEDULES = [schedules.DUE, schedules.NEXT, schedules.ADVANCE, schedules.PUT_RIGHT, schedules.REMOVE, unseen.UNSCHEDULE]
UNSEEN = [unseen.UNSEEN, unseen.SEEN, unseen.STALE, unseen.FORGET]
OWED = [messages.DUE, messages.OWED_AHEAD, messages.OF_CLAIM, messages.UNTOLD, messages.TOLD, messages.LISTING]
MESSAGES = [*OWED, old_messages.OLD, old_messages.REMOVE_FINDINGS, *old_messages.REMOVE]
DUE_DELIVERIES = [deliveries.FIRST, deliveries.DUE, deliveries.AHEAD, deliveries.PUT_RIGHT, deliveries.REST]
DELIVERIES = [*DUE_DELIVERIES, deliveries.SETTLE, deliveries.AGAIN, deliveries.CANCEL]
CHOSEN = product([None, "x"], [None, "x"], [None, DeliveryState.FAILED])
WATCHES = [watches.LISTING, webhooks.LISTING, policies.LISTING, *(deliveries.listing_statement(*each)[0] for each in CHOSEN)]
KEYS = [keys.FIND, keys.OF_ID, keys.OF_NAME, keys.LISTING, keys.REVOKE, keys.NOTE_USE]
ACTIONS = [None, "key.create", "key.", *audit.COMMONEST]
AUDITED = product([None, "x"], [None, "x"], ACTIONS, [None, NOW], [None, NOW])
AUDIT = [
    audit.PRUNE,
    *(
        audit.listing_statement(audit.named(key, address, action), since, until)[0]
        for key, address, action, since, until in AUDITED
    ),
]
ACTIVITY = [activity.RETIRE, *(activity.COUNTS.format(chosen=each) for each in ("", activity.OF_SOURCE))]
WATCHING = [*ACTIVITY, *AUDIT, *KEYS, *SCHEDULES, *UNSEEN, *MESSAGES, *DELIVERIES, *WATCHES]
CAPTURES = [
    each.format(direction=direction)
    for each in (captures.RECORDS, captures.SNAPSHOTS)
    for direction in captures.DIRECTIONS.values()
]
SNAPSHOTS = [*CAPTURES, snapshots.LISTING, snapshots.OF_BODY, snapshots.WITH_SURPLUS]
STATEMENTS = [*WATCHING, *CLAIMS, *SNAPSHOTS, *LISTINGS, *PRODUCTS, *BATCHES, *JOBS_AND_ROWS]


@pytest.fixture
def connection(sqlite: SqliteBackend) -> Iterator[sqlite3.Connection]:
    store = sqlite.open()
    store.prepare()
    with closing(sqlite3.connect(sqlite.path)) as connection:
        yield connection
    store.close()


@pytest.mark.parametrize("statement", [" ".join(each.split()) for each in [*STATEMENTS, *EVENT_LISTINGS, *EVENTS]])
def test_a_statement_finds_its_rows_by_an_index_and_in_order(connection: sqlite3.Connection, statement: str) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES)]

    assert plan
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize("statement", TRACES)
def test_the_events_of_a_trace_are_found_by_an_index_one_by_one(connection: sqlite3.Connection, statement: str) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES | {"first": 0})]

    assert "CO-ROUTINE walk" in plan
    scans = {step for step in plan if "SCAN" in step or "TEMP B-TREE" in step}
    assert scans == {"SCAN CONSTANT ROW", "SCAN walk"}, plan


OWNERS = [
    due_records.PENDING,
    due_records.PENDING_FOR_LOOKUPS,
    due_records.EXPIRED,
    due_records.SPENT,
    batches.QUEUED,
]


@pytest.mark.parametrize(
    "statement", [each for queue in OWNERS for each in (queue.ends, queue.owners, queue.oldest) if each]
)
def test_owners_are_found_by_an_index(connection: sqlite3.Connection, statement: str) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES)]

    assert not any("SCAN records" in step or "SCAN batches" in step or "TEMP B-TREE" in step for step in plan), plan
    searches = [step for step in plan if step.startswith("SEARCH")]
    assert searches
    assert all("USING INDEX" in step or "USING COVERING INDEX" in step for step in searches), plan


def test_owners_are_found_in_as_many_steps_whatever_each_of_them_has(connection: sqlite3.Connection) -> None:
    """Ten owners have one due each, or one of them ten thousand; a claim of what is due takes as many steps, too."""
    connection.isolation_level = None
    pending = (
        "INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, due_at, attempt, fence, snapshots,"
        " owner) VALUES (?, '', '', '', 'pending', 0, 0, ?, 0, 0, 0, ?)"
    )
    values = VALUES | {"now": 10, "limit": 9, "to": "~"}
    taken = []
    for count in (1, 10_000):
        connection.execute("BEGIN")
        connection.executemany(pending, [(f"{count} {n}", n % 20, "5") for n in range(count)])
        connection.executemany(pending, [(f"{count} of {n}", n % 3, str(n)) for n in range(10)])
        connection.execute("COMMIT")
        queue = due_records.PENDING
        statements = (queue.ends, values), (queue.owners, values), (queue.due, values | {"owner": "5"})
        taken.append([steps(connection, *each) for each in statements])

    few, many = taken
    assert all(more <= less * 1.2 + 300 for less, more in zip(few, many, strict=True)), taken


PENDING_ONE = (
    "INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, due_at, attempt, fence, snapshots, bulk,"
    " owner) VALUES (?, '', '', '', 'pending', 0, 0, ?, 0, 0, 0, 0, ?)"
)
LATER = 1_000


def add_pending(connection: sqlite3.Connection, rows: Iterable[tuple[str, int, str]]) -> None:
    connection.execute("BEGIN")
    connection.executemany(PENDING_ONE, rows)
    connection.execute("COMMIT")


def test_a_claim_takes_no_more_steps_however_many_owners_pause(connection: sqlite3.Connection) -> None:
    """Two thousand keys or twenty thousand have work that pauses; nothing is due, then two others have some."""
    connection.isolation_level = None
    values = VALUES | {"now": 10, "limit": 16}
    taken = list[list[int]]()
    counted = Counting(connection)
    for first, last in ((0, 2_000), (2_000, 20_000)):
        add_pending(connection, ((f"p{n}", LATER, f"{n:06}") for n in range(first, last)))
        counted.steps = 0
        assert due_records.is_any(counted, due_records.PENDING, values) == (False, None)
        taken.append([counted.steps])
        connection.execute("BEGIN")
        connection.executemany(PENDING_ONE, [(f"d{n}", n, f"{n % 2 * 999_999:06} of two") for n in range(40)])
        for act in (
            lambda: due_records.is_any(counted, due_records.PENDING, values)[0],
            lambda: due_records.in_turns(counted, due_records.PENDING, values, Served()),
            lambda: due_records.all_due(counted, due_records.PENDING, values | {"limit": 1}),
        ):
            counted.steps = 0
            assert act()
            taken[-1].append(counted.steps)
        connection.execute("ROLLBACK")

    few, many = taken
    assert all(more <= less * 1.2 + 300 for less, more in zip(few, many, strict=True)), taken
    assert many[0] < 300


def test_among_many_that_pause_each_owner_has_its_turn_within_some_claims(connection: sqlite3.Connection) -> None:
    """One has a backlog that is older than the work of three others; five thousand keys between them pause."""
    connection.isolation_level = None
    others = {f"{n:06} other" for n in (0, 1_200, 4_999)}
    add_pending(connection, ((f"p{n}", LATER, f"{n:06}") for n in range(5_000)))
    add_pending(connection, ((f"busy {n}", 1, "002500 busy") for n in range(1_000)))
    add_pending(connection, ((each, 9, each) for each in others))
    values, served, run = VALUES | {"now": 10, "limit": 16}, Served(), Counting(connection)

    taken = Counter[str]()
    for _ in range(6):
        claimed = [row[0] for row in due_records.in_turns(run, due_records.PENDING, values, served)]
        assert len(claimed) == 16
        connection.execute("BEGIN")
        connection.executemany("DELETE FROM records WHERE id = ?", [(each,) for each in claimed])
        connection.execute("COMMIT")
        taken.update(claimed)

    assert others <= set(taken)
    assert max(taken.values()) == 1


def test_a_lookup_is_three_searches_by_key(connection: sqlite3.Connection) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {records.LOOK_UP}", ["x"])]

    assert len(plan) == 3
    assert all(step.startswith("SEARCH") for step in plan), plan


def test_no_snapshot_is_read_to_find_the_latest_records_of_a_source(connection: sqlite3.Connection) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {records.REFRESHED}", ["x", 9])]

    chosen = next(number for number, step in enumerate(plan) if step.startswith("SCAN latest"))
    assert plan[0] == "CO-ROUTINE latest"
    assert not any("SEARCH s " in step for step in plan[:chosen]), plan
    assert all(step.startswith("SEARCH") for step in plan[chosen + 1 : chosen + 3]), plan


@pytest.mark.parametrize("chosen", EVENT_FILTERS)
def test_a_statistic_reads_one_index_and_no_event(connection: sqlite3.Connection, chosen: EventFilter) -> None:
    for statement in events.stats_statements(chosen)[0]:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", VALUES)]
        assert "USING COVERING INDEX" in plan[0], plan
        if chosen != EventFilter():
            assert plan[0].startswith("SEARCH"), plan


def steps(connection: sqlite3.Connection, statement: str, values: Mapping[str, object]) -> int:
    """How many instructions of SQLite's machine a statement takes; what it does is undone."""
    taken = [0]

    def count() -> None:
        taken[0] += 1

    connection.execute("BEGIN")
    connection.set_progress_handler(count, 1)
    connection.execute(statement, values).fetchall()
    connection.set_progress_handler(None, 0)
    connection.execute("ROLLBACK")
    return taken[0]


class Counting:
    """Runs statements, and counts how many instructions they take."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self.steps = connection, 0
        connection.set_progress_handler(self._count, 1)

    def _count(self) -> None:
        self.steps += 1

    def __call__(self, statement: str, values: Mapping[str, object]) -> list[tuple[object, ...]]:
        return self._connection.execute(statement, values).fetchall()


BATCH = (
    "INSERT INTO batches (job_id, number, first_row, last_row, rows, bytes, due_at, queued) VALUES (?, ?, 0, 0, 0, 0, ?, ?)"
)
QUEUE = [batches.CLAIMABLE, batches.WAKE, batches.QUEUED.owners, batches.CLAIM, jobs.DUE, jobs.DONE]
CROWDS = {"in the queue": (0, 1), "waiting": (1000, 0), "done": (None, 0)}


@pytest.mark.parametrize("crowd", CROWDS)
def test_the_queue_takes_no_more_steps_however_many_batches_are_queued_or_wait_or_are_done(
    connection: sqlite3.Connection, crowd: str
) -> None:
    """One is due, and one is in the queue that a clock ahead of ours has put there; with them are 10 others, or 10,010."""
    job = "INSERT INTO jobs (id, kind, created_at, options, status) VALUES (?, 'urls', 0, '', 'running')"
    connection.isolation_level = None
    connection.execute(job, [b"job"])
    connection.execute(BATCH, [b"job", 20_000, 10, 1])
    connection.execute(BATCH, [b"job", 0, 999, 1])
    values = VALUES | {"now": 10, "limit": 9}
    taken = []
    for count in (10, 10_000):
        connection.executemany(BATCH, [(b"job", count + n, *CROWDS[crowd]) for n in range(count)])
        taken.append([steps(connection, statement, values) for statement in QUEUE])

    few, many = taken
    assert all(more <= less * 1.2 + 20 for less, more in zip(few, many, strict=True)), taken


def test_every_status_has_its_condition() -> None:
    assert set(records.STATUS) == set(Status)
    assert len(rows.RECORD.split(",")) == rows.RECORD_WIDTH


@pytest.mark.parametrize("statement", [observations.IN_ORDER, observations.HELD_AT_ONCE, observations.HELD_BEFORE])
def test_a_search_looks_at_targets_in_the_order_of_its_answer(connection: sqlite3.Connection, statement: str) -> None:
    values = {"instant": 1, "id": "x", "chunk": 9, "held": b"1", "limit": 9}
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert any(step.startswith("SEARCH r USING COVERING INDEX records_observed") for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize(
    "statement",
    [
        *(text.format(holds="TRUE", table=ends.IN_ORDER[column]) for column, text in changed.STREAMS.items()),
        unindexed.UNINDEXED,
        unindexed.COUNT,
        unindexed.NEXT,
        pruning.UNNAMED,
        pruning.ORPHANS,
    ],
)
def test_changes_and_what_is_to_be_done_are_found_by_an_index(connection: sqlite3.Connection, statement: str) -> None:
    values = {
        "since": 1,
        "until": 2,
        "fields": "[]",
        "left_out": True,
        "limit": 9,
        "after": 0,
        "instant": 1,
        "id": "x",
        "field": "x",
    }
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert not any(step.startswith("SCAN") and "INDEX" not in step and step != "SCAN v" for step in plan[:1]), plan
    assert not any("TEMP B-TREE" in step and " OF ORDER BY" not in step for step in plan), plan  # of one instant


@pytest.mark.parametrize("column", changed.STREAMS)
def test_changes_are_chosen_by_an_index_alone(connection: sqlite3.Connection, column: str) -> None:
    values = {"since": 1, "until": 2, "fields": "[]", "left_out": True, "instant": 1, "id": "x", "field": "x"}
    statement = changed.STREAMS[column].format(holds="TRUE", table=ends.IN_ORDER[column])
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert plan[0].startswith("SEARCH o USING COVERING INDEX"), plan


NUMBERED = [
    (messages.LET_GO, [b"x", 1]),
    *((old_messages.NEXT_WATCH.format(table), [b"x"]) for table in ("findings", "messages")),
    (watches.REMOVE_FINDINGS, [b"x", 9]),
    (watches.REMOVE_DELIVERIES, ["x", 9]),
    (watches.REMOVE_MESSAGES, ["x", 9]),
    (schedules.REMOVE_ONE, [b"x", b"x"]),
    (schedules.OF_WATCH, [b"x", "x"]),
]


@pytest.mark.parametrize(("statement", "values"), NUMBERED)
def test_what_is_asked_of_one_watch_or_target_is_found_by_an_index(
    connection: sqlite3.Connection, statement: str, values: list[object]
) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan), plan


OF_MANY = [
    (target_intervals.OPENED, ["[]"]),
    (target_intervals.PAST, ["[]"]),
    (snapshots.NEWEST, {"record_ids": "[]", "limit": 9}),
]


@pytest.mark.parametrize(("statement", "values"), OF_MANY)
def test_what_is_asked_of_many_targets_is_found_by_an_index(
    connection: sqlite3.Connection, statement: str, values: Sequence[object] | Mapping[str, object]
) -> None:
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    scans = [step for step in plan if "SCAN" in step and "subquery" not in step]
    assert len(scans) == 1, plan
    assert "VIRTUAL TABLE" in scans[0], plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


SCHEDULED = "INSERT INTO schedules (watch_id, record_id, due_at, version) VALUES (x'00', ?, ?, 1)"
FOUND = "INSERT INTO findings (id, watch_id, record_id, kind, at, fence, content) VALUES (?, x'00', x'00', '', 0, ?, x'')"
WATCHED = (
    "INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, attempt, fence, snapshots, indexed, mark,"
    " watched, unseen_since) VALUES (?, '', '', '', 'stored', 0, 0, 0, 0, 1, 1, 1, 10, ?)"
)


def test_what_is_due_takes_no_more_steps_however_much_is_not(connection: sqlite3.Connection) -> None:
    """Ten schedules are due, ten targets unseen and ten findings owed, beside as many others or a thousand times as many."""
    connection.isolation_level = None
    statements = [schedules.DUE, unseen.UNSEEN, unseen.STALE, messages.UNTOLD, deliveries.DUE, messages.DUE]
    values = VALUES | {"now": 10, "since": 10, "limit": 20, "watch_id": b"\0"}
    taken = []
    for first, last in ((0, 20), (20, 20_000)):
        numbers = [(n, n.to_bytes(16)) for n in range(first, last)]
        connection.execute("BEGIN")
        connection.executemany(SCHEDULED, [(key, 1 if n < 10 else 1_000 + n) for n, key in numbers])
        connection.executemany(WATCHED, [(key.hex(), 20 if n < 10 else None) for n, key in numbers])
        connection.executemany(FOUND, [(key, None if n < 10 else n % 7) for n, key in numbers])
        connection.execute("COMMIT")
        taken.append([steps(connection, statement, values) for statement in statements])

    few, many = taken
    assert all(more <= less * 1.2 + 20 for less, more in zip(few, many, strict=True)), taken
