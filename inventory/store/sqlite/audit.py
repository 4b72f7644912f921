"""The audit. `noun` is what an action begins with, up to its first dot."""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inventory import listing
from inventory.access.model import AuditEntry
from inventory.store.access_entries import entry_values, read_entry
from inventory.store.codecs import to_millis_up
from inventory.store.group_commit import GroupCommit, Take
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import TIMEOUT, Adapter, Connections

COLUMNS = "id, at, action, target, outcome, request_id, address, key_id, key_name, user"
ADD = f"""
    INSERT OR IGNORE INTO audit ({COLUMNS}, noun)
    VALUES (:id, :at, :action, :target, :outcome, :request_id, :address, :key_id, :key_name, :user, :noun)"""
LISTING = f"""
    SELECT {COLUMNS} FROM audit WHERE {{chosen}} AND (at, id) < (:instant, :id) ORDER BY at DESC, id DESC LIMIT :limit"""
PRUNE = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < :before ORDER BY at LIMIT :limit)"
COMMONEST = frozenset({"metadata.", "metadata.look_up"})
"""Actions that most entries have where lookups are kept."""
TIMES = {"since": "at >= :since", "until": "at < :until"}


class SqliteAudit(Adapter):
    def __init__(self, connections: Connections) -> None:
        super().__init__(connections)
        alone = connections.is_together
        self._additions = GroupCommit(self._add_group, timeout=TIMEOUT, too_late=connections.busy, alone=alone)

    def add(self, entries: Sequence[AuditEntry]) -> None:
        self._additions(entries)

    def _add_group(self, take: Take[Sequence[AuditEntry]], timeout: float) -> Sequence[None]:
        with self._connections.writing(timeout) as connection:
            groups = take()
            connection.executemany(ADD, [entry_values(entry) for entries in groups for entry in entries])
        return [None] * len(groups)

    def listing(
        self,
        *,
        key_id: str | None,
        address: str | None,
        action: str | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        after: listing.Key | None,
    ) -> Sequence[AuditEntry]:
        statement, values = listing_statement(named(key_id, address, action), since, until)
        found = self._connections.rows(statement, values | rows.page(limit, after))
        names = COLUMNS.split(", ")
        return [read_entry(dict(zip(names, row, strict=True))) for row in found]

    def prune(self, *, before: datetime, limit: int) -> int:
        with self._connections.writing() as connection:
            return connection.execute(PRUNE, {"before": to_millis_up(before), "limit": limit}).rowcount


def named(key_id: str | None, address: str | None, action: str | None) -> dict[str, str | None]:
    """The columns that are asked for, the one first that has the fewest entries: a key makes far more lookups than keys."""
    if action is None or action in COMMONEST:
        return {"key_id": key_id, "address": address, **_of_action(action)}
    return {**_of_action(action), "key_id": key_id, "address": address}


def listing_statement(
    chosen: dict[str, str | None], since: datetime | None, until: datetime | None
) -> tuple[str, dict[str, Any]]:
    """The statement of a listing, and its values but for the page."""
    values: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    # By the first, which SQLite cannot know to have the fewest entries without statistics; the others are told from the row.
    conditions = [f"{'' if number == 0 else '+'}{name} = :{name}" for number, name in enumerate(values)]
    times = {"since": since, "until": until}
    values |= {name: to_millis_up(instant) for name, instant in times.items() if instant is not None}
    conditions += [TIMES[name] for name, instant in times.items() if instant is not None]
    return LISTING.format(chosen=" AND ".join(conditions) or "TRUE"), values


def _of_action(action: str | None) -> dict[str, str | None]:
    if action is not None and action.endswith("."):
        return {"noun": action[:-1]}
    return {"action": action}
