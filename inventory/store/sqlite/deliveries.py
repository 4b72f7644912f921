"""The ledger of deliveries. Pending and running ones have `due_at`, ended ones have none."""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inventory.listing import Key
from inventory.store.codecs import from_millis, millis, read_text, text_bytes, to_millis, to_millis_or_none
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.sqlite.opening import Connection
from inventory.store.watch_codecs import attempts_content, read_attempts
from inventory.webhooks.model import DUE_AHEAD, HOLD_AHEAD, LEASE_AHEAD, Attempt, Delivery, DeliveryState

DELIVERY = """
    id, message_id, watch_id, kind, address, created_at, due_at, state, attempt, lease, fence, ended_at, attempts,
    again_at"""
INSERT = f"""
    INSERT OR IGNORE INTO deliveries ({DELIVERY})
    VALUES (:id, :message_id, :watch_id, :kind, :address, :created_at, :due_at, :state, :attempt, :lease, :fence,
    :ended_at, :attempts, :again_at)"""
FIND = f"SELECT {DELIVERY} FROM deliveries WHERE id = :id AND address = :address"

RESTING = f"""
    SELECT CAST(id AS BLOB) AS address, not_before FROM webhooks
    WHERE not_before > :now AND not_before <= :now + {millis(HOLD_AHEAD)}"""
REST = f"""
    UPDATE deliveries SET due_at = (SELECT w.not_before FROM ({RESTING}) AS w WHERE w.address = deliveries.address)
    WHERE id IN (SELECT d.id FROM ({RESTING}) AS w CROSS JOIN deliveries AS d INDEXED BY deliveries_owed
    ON d.address = w.address AND d.due_at <= :now AND d.kind = 'webhook' AND d.state = 'pending')"""
"""What waits for a receiver that is not to be called yet is due when it is: so a claim does not look at it each time."""
AHEAD = f"""
    SELECT id FROM deliveries INDEXED BY deliveries_due WHERE due_at > :now + {millis(DUE_AHEAD)}
    UNION ALL SELECT id FROM deliveries INDEXED BY deliveries_of_state
    WHERE state = 'running' AND due_at > :now + {millis(LEASE_AHEAD)} LIMIT :limit"""
"""What is due so late was put off or leased by a clock that was ahead."""
PUT_RIGHT = f"UPDATE deliveries SET due_at = :now WHERE id IN ({AHEAD})"
FIRST = "SELECT id FROM deliveries WHERE id = :first AND due_at <= :now"
DUE = "SELECT id, kind, address FROM deliveries WHERE due_at <= :now ORDER BY due_at LIMIT :limit"
CLAIM = f"""
    UPDATE deliveries SET state = 'running', lease = ?, due_at = ?, attempt = attempt + 1, fence = fence + 1
    WHERE id = ? RETURNING {DELIVERY}"""
CLAIM_HOLDS = "WHERE id = :id AND state = 'running' AND lease = :lease AND fence = :fence"
SETTLE = f"""
    UPDATE deliveries SET state = :state, due_at = :due_at, ended_at = :ended_at, lease = NULL, attempts = :attempts,
    attempt = attempt - :uncounted {CLAIM_HOLDS}"""
AGAIN = f"""
    UPDATE deliveries SET due_at = :now, attempt = iif(due_at IS NULL, 0, attempt), ended_at = NULL, state = 'pending',
    again_at = iif(due_at IS NULL, :now, again_at)
    WHERE id = :id AND address = :address AND state <> 'running' RETURNING {DELIVERY}"""
CANCEL = """
    UPDATE deliveries SET state = 'cancelled', due_at = NULL, lease = NULL, ended_at = :now
    WHERE kind = 'webhook' AND address = :address AND due_at IS NOT NULL"""
TALLY = "SELECT state, count(*) FROM deliveries GROUP BY state"
LISTING = f"""
    SELECT {DELIVERY} FROM deliveries WHERE {{chosen}} AND (created_at, id) < (:instant, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit"""


class SqliteDeliveries(Adapter):
    def claim_due(self, *, now: datetime, lease_for: timedelta, limit: int, first: str | None = None) -> Sequence[Delivery]:
        chosen = {"now": to_millis(now), "limit": limit, "first": first}
        until = to_millis(now + lease_for)
        if not self._is_any_due(chosen):
            return []
        with self._connections.writing() as connection:
            _put_right(connection, chosen)
            ids = dict.fromkeys(row[0] for each in (FIRST, DUE) for row in connection.execute(each, chosen).fetchall())
            claims = [(secrets.token_hex(16), until, each) for each in list(ids)[:limit]]
            return [_read(connection.execute(CLAIM, each).fetchall()[0]) for each in claims]

    def settle(
        self,
        claim: Delivery,
        attempt: Attempt | None,
        state: DeliveryState,
        *,
        due_at: datetime | None,
        counted: bool = True,
    ) -> bool:
        values = {
            "id": claim.id,
            "lease": claim.lease,
            "fence": claim.fence,
            "state": state.value,
            "due_at": to_millis_or_none(due_at),
            "ended_at": to_millis(attempt.ended_at) if attempt is not None and due_at is None else None,
            "uncounted": not counted,
            "attempts": attempts_content([*claim.attempts, *([] if attempt is None else [attempt])]),
        }
        with self._connections.writing() as connection:
            return connection.execute(SETTLE, values).rowcount == 1

    def again(self, delivery_id: str, *, address: str, now: datetime) -> Delivery | None:
        values = {"id": delivery_id, "address": text_bytes(address), "now": to_millis(now)}
        with self._connections.writing() as connection:
            changed = connection.execute(AGAIN, values).fetchall()
            found = changed or connection.execute(FIND, values).fetchall()
        return _read(found[0]) if found else None

    def cancel(self, *, webhook_id: str, now: datetime) -> int:
        with self._connections.writing() as connection:
            return cancel(connection, webhook_id, now)

    def due(self, *, now: datetime, limit: int) -> Mapping[str, str]:
        chosen = {"now": to_millis(now), "limit": limit}
        if not self._is_any_due(chosen):
            return {}
        with self._connections.writing() as connection:
            _put_right(connection, chosen)
            return {row[0]: f"{row[1]}:{read_text(row[2])}" for row in connection.execute(DUE, chosen).fetchall()}

    def listing(
        self, *, address: str | None, message_id: str | None, state: DeliveryState | None, limit: int, after: Key | None
    ) -> Sequence[Delivery]:
        statement, values = listing_statement(address, message_id, state)
        return [_read(row) for row in self._connections.rows(statement, values | rows.page(limit, after))]

    def tally(self) -> Mapping[DeliveryState, int]:
        return {DeliveryState(state): count for state, count in self._connections.rows(TALLY)}

    def _is_any_due(self, chosen: dict[str, Any]) -> bool:
        return any(self._connections.rows(each, chosen | {"limit": 1}) for each in (DUE, AHEAD))


def listing_statement(
    address: str | None, message_id: str | None, state: DeliveryState | None
) -> tuple[str, dict[str, Any]]:
    """The statement of a listing, and its values but for the page."""
    named = {"message_id": message_id, "address": text_bytes(address), "state": None if state is None else state.value}
    values = {name: value for name, value in named.items() if value is not None}
    # By the rarest of what is named, which SQLite cannot know without statistics: the others are told from the row.
    conditions = [f"{'' if number == 0 else '+'}{name} = :{name}" for number, name in enumerate(values)]
    return LISTING.format(chosen=" AND ".join(conditions) or "TRUE"), values


def _put_right(connection: Connection, chosen: dict[str, Any]) -> None:
    """Let what is due be what a claim may take."""
    connection.execute(PUT_RIGHT, chosen)
    connection.execute(REST, chosen)


def cancel(connection: Connection, webhook_id: str, now: datetime) -> int:
    """Cancel those to a webhook that go on; how many."""
    return connection.execute(CANCEL, {"address": text_bytes(webhook_id), "now": to_millis(now)}).rowcount


def _read(row: Row) -> Delivery:
    """The delivery in a row of the columns `DELIVERY`."""
    return Delivery(
        id=row[0],
        message_id=row[1],
        watch_id=row[2],
        kind=row[3],
        address=read_text(row[4]) or "",
        created_at=from_millis(row[5]),
        due_at=None if row[6] is None else from_millis(row[6]),
        state=DeliveryState(row[7]),
        attempt=row[8],
        lease=row[9],
        fence=row[10],
        ended_at=None if row[11] is None else from_millis(row[11]),
        attempts=read_attempts(row[12]),
        again_at=None if row[13] is None else from_millis(row[13]),
    )
