"""Which owners have something due, found by an index whose first column is the owner, however much each of them has.

Such an index is entered at each owner once. So an owner costs some microseconds, and one alone no more than two entries.
"""
# ruff: noqa: S608 - nothing but our own conditions is put into a statement

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.opening import Connection

Run = Callable[[str, Mapping[str, Any]], Sequence[Row]]
"""Gives the rows of a statement."""

AFTER_ALL = "\U0010ffff"
"""Comes after every owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The statements by which the due rows of a table are found, owner by owner.

    `ends`: the first and the last owner that has any rows, and whether the first one has due ones. `owners`: those from
    `:from` to `:to` that have due ones. `due`: up to `:limit` due ones of `:owner`; `listed`: the same with more columns.
    """

    ends: str
    owners: str
    due: str
    listed: str


def queue(table: str, held: str, over: Sequence[str], due: str, listed: str = "") -> Queue:
    """The statements of the rows of a table that are `held`; due are those of which one of the conditions `over` holds."""

    def is_any(owner: str) -> str:
        """Quicker by a sixth than with OR."""
        tests = (f"EXISTS (SELECT 1 FROM {table} WHERE {held} AND owner = {owner} AND {each})" for each in over)
        return f"CASE {' '.join(f'WHEN {each} THEN TRUE' for each in tests)} ELSE FALSE END"

    return Queue(
        ends=f"""
            SELECT low, (SELECT max(owner) FROM {table} WHERE {held}), {is_any("low")}
            FROM (SELECT (SELECT min(owner) FROM {table} WHERE {held}) AS low)""",
        owners=f"""
            WITH RECURSIVE owners (name) AS (
                SELECT min(owner) FROM {table} WHERE {held} AND owner >= :from
                UNION ALL
                SELECT (SELECT min(owner) FROM {table} WHERE {held} AND owner > name) FROM owners WHERE name < :to
            )
            SELECT name FROM owners WHERE name <= :to AND {is_any("name")} LIMIT :owners""",
        due=due,
        listed=listed,
    )


def rows_of(connection: Connection) -> Run:
    """What gives rows in the transaction of a connection."""
    return lambda statement, values: connection.execute(statement, values).fetchall()


def owners_in_turn(run: Run, chosen: Queue, values: Mapping[str, Any], *, last: str, limit: int) -> Sequence[str]:
    """Up to `limit` owners that have something due, those after `last` first."""
    after = run(chosen.owners, {**values, "from": f"{last}\0", "to": AFTER_ALL, "owners": limit})
    if len(after) < limit:
        after = [*after, *run(chosen.owners, {**values, "from": "", "to": last, "owners": limit - len(after)})]
    return [row[0] for row in after]


def queues_of(
    run: Run, due: str, values: Mapping[str, Any], owners: Sequence[str], *, limit: int
) -> dict[str, Sequence[Row]]:
    """What the statement `due` finds of each owner: no less than its turns take, if all together take `limit`."""
    share = -(-limit // max(1, len(owners)))
    queues = {each: run(due, {**values, "owner": each, "limit": share}) for each in owners}
    if share < limit and sum(map(len, queues.values())) < limit:
        more = {**values, "limit": limit}
        queues |= {each: run(due, more | {"owner": each}) for each in owners if len(queues[each]) == share}
    return queues
