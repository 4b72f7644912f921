"""The ledger: acceptances, claims and their ends. Every change is one transaction that begins by taking the write lock.

So no two claims choose the same records, and there are no slices of what is due, as the MongoDB store has them.
"""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from inventory.records.model import Attachment, Failed, Outcome, Postponed, Record, Stored
from inventory.store.codecs import failure_bytes, spent, to_millis
from inventory.store.frames import keep_content
from inventory.store.sqlite import activity, due_records, rows, unseen
from inventory.store.sqlite.connections import Adapter, Connections, Row
from inventory.store.sqlite.new_bodies import NewBodies
from inventory.store.sqlite.numbers import Numbers
from inventory.store.sqlite.observing import Observing, latest_only
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.owners import Queue, rows_of
from inventory.store.turns import Served

CLAIMABLE = f"""
    SELECT id FROM records WHERE id = :id AND (state = 'pending'
    OR state = 'running' AND ({due_records.NOW} OR {due_records.LEASE_AHEAD}))"""
FIRST = "SELECT id FROM records WHERE id = :first AND state = 'pending' AND bulk <= :bulk AND due_at <= :now"

CLAIM = f"""
    UPDATE records SET state = 'running', lease = ?, due_at = ?, attempt = attempt + 1, fence = fence + 1
    WHERE id = ? RETURNING {rows.RECORD}"""

CLAIM_HOLDS = "WHERE id = :id AND state = 'running' AND lease = :lease AND fence = :fence"
STORE = f"""
    UPDATE records SET state = 'stored', due_at = NULL, failure = NULL, snapshot_id = :lease, snapshots = snapshots + 1,
    collected_at = :collected_at, first_collected_at = coalesce(first_collected_at, :collected_at),
    target_no = coalesce(target_no, :target_no), indexed = nullif(indexed, 0) AND :indexed,
    body_size = :body_size, elapsed_ms = :elapsed_ms {{besides}}
    {CLAIM_HOLDS} AND (revalidate OR NOT :shares_body) RETURNING target_no"""
POSTPONE = f"""
    UPDATE records SET state = 'pending', due_at = :due_at, failure = coalesce(:failure, failure),
    attempt = attempt - :uncounted {CLAIM_HOLDS}"""
FAIL = f"""
    UPDATE records SET state = 'failed', due_at = NULL, failure = :failure,
    target_no = coalesce(target_no, :target_no), indexed = nullif(indexed, 0) AND :indexed {{besides}}
    {CLAIM_HOLDS} RETURNING target_no"""
UNWATCHED = {each: each.format(besides="") for each in (STORE, FAIL)}
WATCHED = {each: each.format(besides=f", {unseen.REMEMBER}") for each in (STORE, FAIL)}
"""These statements while there is no watch, and while there is one."""

UNOBSERVED = {"target_no": None, "indexed": None}
"""The values of an outcome whose statements are not written: its record is indexed later."""

INSERT_SNAPSHOT = """
    INSERT INTO snapshots (id, record_id, collected_at, body_sha256, content)
    VALUES (:lease, :id, :collected_at, :body_sha256, :content)"""
INSERT_ATTACHMENT = "INSERT OR IGNORE INTO attachments (sha256, snapshot_id) VALUES (?, ?)"
SNAPSHOT_OF_CLAIM = "SELECT 1 FROM snapshots WHERE id = :lease AND record_id = :id"
INSERT_BYTES = "INSERT INTO bodies (sha256, bytes) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING"


class Ledger(Adapter):
    def __init__(self, connections: Connections, numbers: Numbers) -> None:
        super().__init__(connections)
        self._numbers = numbers
        self._served, self._bodies = Served(), NewBodies()

    def claim(self, record_id: str, *, now: datetime, lease_for: timedelta) -> Record | None:
        """Unless it can be claimed, no write lock is taken."""
        chosen = {"id": record_id, "now": to_millis(now)}
        if not self._connections.rows(CLAIMABLE, chosen):
            return None
        with self._connections.writing() as connection:
            claimable = connection.execute(CLAIMABLE, chosen).fetchall()
            return _leased(connection, [record_id], now + lease_for)[0] if claimable else None

    def claim_due(
        self, *, now: datetime, lease_for: timedelta, limit: int, bulk: bool = True, first: str | None = None
    ) -> Sequence[Record]:
        chosen = {"now": to_millis(now), "limit": limit, "first": first, "bulk": bulk}
        return self._claim_in_turns(
            due_records.PENDING if bulk else due_records.PENDING_FOR_LOOKUPS, chosen, now + lease_for
        )

    def claim_expired(self, *, now: datetime, lease_for: timedelta, max_attempts: int) -> Record | None:
        chosen = {"now": to_millis(now), "max_attempts": max_attempts, "limit": 1}
        claims = self._claim_in_turns(due_records.EXPIRED, chosen, now + lease_for)
        return claims[0] if claims else None

    def is_any_expired(self, *, now: datetime, max_attempts: int) -> bool:
        return due_records.is_any(
            self._connections.rows, due_records.EXPIRED, {"now": to_millis(now), "max_attempts": max_attempts}
        )[0]

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        statements = [_statement(outcome, self._bodies) for outcome in outcomes]
        if not statements:
            return []
        with self._connections.writing() as connection:
            observing, ending = Observing(connection, self._numbers), Ending(connection)
            settled = [
                _settle(ending, observing, self._bodies, outcome, statement, values)
                for outcome, (statement, values) in zip(outcomes, statements, strict=True)
            ]
            ending.finish()
            observing.finish()
        self._numbers.remember(observing.numbering)
        self._bodies.remember([each for each, took_effect in zip(outcomes, settled, strict=True) if took_effect])
        return settled

    def fail_spent(self, *, now: datetime, max_attempts: int, retry_at: datetime, limit: int) -> int:
        chosen = {"now": to_millis(now), "max_attempts": max_attempts, "limit": limit}
        with self._connections.writing() as connection:
            spent_ones = due_records.all_due(rows_of(connection), due_records.SPENT, chosen)
            records = [rows.record(row[-rows.RECORD_WIDTH :]) for row in spent_ones]
            ending = Ending(connection)
            for record in records:
                outcome = Failed(record, spent(record, now=now, retry_at=retry_at))
                ending.end(outcome, *_statement(outcome, self._bodies))
            ending.finish()
        return len(records)

    def due(self, *, now: datetime, max_attempts: int, limit: int) -> Mapping[str, str]:
        return {row[0]: row[1] for row in self._due(now, max_attempts, limit)}

    def due_hosts(self, *, now: datetime, max_attempts: int, limit: int) -> Mapping[str, int]:
        return Counter(row[2] for row in self._due(now, max_attempts, limit))

    def _due(self, now: datetime, max_attempts: int, limit: int) -> Sequence[Row]:
        chosen = {"now": to_millis(now), "max_attempts": max_attempts, "limit": limit}
        found = [*due_records.all_due(self._connections.rows, due_records.PENDING, chosen)]
        if len(found) < limit:
            found += due_records.all_due(self._connections.rows, due_records.EXPIRED, chosen)
        return found[:limit]

    def _claim_in_turns(self, queue: Queue, chosen: Mapping[str, Any], until: datetime) -> list[Record]:
        """Lease what is due, evenly of each owner; without anything, no write lock is taken."""
        is_any, alone = due_records.is_any(self._connections.rows, queue, chosen)
        if not is_any:
            return []
        with self._connections.writing() as connection:
            first = connection.execute(FIRST, chosen).fetchall() if chosen.get("first") else []
            if alone is None:
                found = due_records.in_turns(rows_of(connection), queue, chosen, self._served)
            else:
                found = connection.execute(queue.due, {**chosen, "owner": alone}).fetchall()
            ids = dict.fromkeys([row[0] for row in [*first, *found]])
            return _leased(connection, islice(ids, chosen["limit"]), until)


def _leased(connection: Connection, record_ids: Iterable[str], until: datetime) -> list[Record]:
    due_at = to_millis(until)
    return [
        rows.record(connection.execute(CLAIM, (secrets.token_hex(16), due_at, each)).fetchall()[0]) for each in record_ids
    ]


def _claimed(claim: Record) -> dict[str, Any]:
    """What a record must still have for the owner of the claim to change it."""
    return {"id": claim.id, "lease": claim.lease, "fence": claim.fence}


def _statement(outcome: Outcome, bodies: NewBodies) -> tuple[str, dict[str, Any]]:
    """How an outcome changes its record, and with which values: made before the transaction, to keep that short."""
    values = _claimed(outcome.claim)
    match outcome:
        case Stored(snapshot=snapshot):
            values |= {"collected_at": to_millis(snapshot.collected_at), "content": keep_content(snapshot.content)}
            values |= {"body_sha256": snapshot.body_sha256, **bodies.ready(outcome)}
            values |= UNOBSERVED | latest_only(outcome.statements.latest if outcome.statements else ())
            return STORE, values | {"shares_body": outcome.shares_body}
        case Postponed(due_at=due_at, failure=failure, counted=counted):
            values |= {"due_at": to_millis(due_at), "uncounted": int(not counted)}
            return POSTPONE, values | {"failure": failure_bytes(failure)}
        case Failed(failure=failure):
            return FAIL, values | UNOBSERVED | {"failure": failure_bytes(failure)}


class Ending:
    """Ends claims in a transaction. What ended is counted, and remembered while there is a watch."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._memory = unseen.remembering(connection)
        self._ended: list[Stored | Failed] = []

    def end(self, outcome: Stored | Failed, statement: str, values: dict[str, Any]) -> list[Row]:
        """The row that the statement of an outcome changes; none if the claim does not hold any more."""
        if self._memory is None:
            changed = self.connection.execute(UNWATCHED[statement], values).fetchall()
        else:
            changed = self.connection.execute(WATCHED[statement], values | self._memory.values(outcome)).fetchall()
        if changed:
            self._ended.append(outcome)
        return changed

    def finish(self) -> None:
        """Count what ended."""
        activity.count(self.connection, self._ended)


def _settle(
    ending: Ending, observing: Observing, bodies: NewBodies, outcome: Outcome, statement: str, values: dict[str, Any]
) -> bool:
    """Whether the outcome takes effect now, or has before. What it states is written if it takes effect now."""
    connection = ending.connection
    if isinstance(outcome, Postponed):
        return connection.execute(statement, values).rowcount == 1
    if outcome.statements is not None:
        values |= {"target_no": observing.number_for(outcome.statements), "indexed": True}
    changed = ending.end(outcome, statement, values)
    if not changed:
        return isinstance(outcome, Stored) and bool(connection.execute(SNAPSHOT_OF_CLAIM, values).fetchall())
    _observe(observing, outcome, changed[0][0])
    if isinstance(outcome, Stored):
        bodies.write(connection, outcome, values)
        connection.execute(INSERT_SNAPSHOT, values)
        attach(connection, outcome.snapshot.id, outcome.attachments)
    return True


def attach(connection: Connection, snapshot_id: str, attachments: Sequence[Attachment]) -> None:
    """What is attached is coded or short, so that a frame would not make it smaller."""
    for sha256, content in attachments:
        if content is not None:
            connection.execute(INSERT_BYTES, (sha256, content))
        connection.execute(INSERT_ATTACHMENT, (bytes.fromhex(sha256), snapshot_id))


def _observe(observing: Observing, outcome: Stored | Failed, target_no: int | None) -> None:
    if outcome.statements is not None and target_no is not None:
        failed = isinstance(outcome, Failed)
        at = outcome.failure.at if isinstance(outcome, Failed) else outcome.snapshot.collected_at
        observing.collected(outcome.claim, target_no, outcome.statements, to_millis(at), failed=failed)
