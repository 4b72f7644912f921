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

MAX_LOOKS = 1_000
"""Owners that one claim looks at where most of them have nothing due: 2.5 ms."""
AT_ALL = -1
"""In place of a limit in SQLite, none."""
AFTER_ALL = "\U0010ffff"
"""Comes after every owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The statements by which the due rows of a table are found, owner by owner.

    `ends`: the first and the last owner that has any rows, and whether the first one has due ones. `owners`: of the first
    `:looks` owners from `:from` to `:to` those that have due ones, and the one that was looked at last of so many. `due`: up
    to `:limit` due ones of `:owner`; `listed`: the same with more columns. `oldest`: owners of what waits longest, if an
    index tells that; else all owners are looked at, who are few then.
    """

    ends: str
    owners: str
    due: str
    listed: str
    oldest: str | None

    @property
    def looks(self) -> int:
        """Owners that are looked at; more than there are is no limit."""
        return MAX_LOOKS if self.oldest else AT_ALL


def queue(table: str, held: str, over: Sequence[str], due: str, listed: str = "", *, by_age: bool = False) -> Queue:
    """The statements of the rows of a table that are `held`; due are those of which one of the conditions `over` holds.

    `by_age`: there is an index of the rows without their owners for these conditions.
    """

    def is_any(owner: str) -> str:
        """Quicker by a sixth than with OR."""
        tests = (f"EXISTS (SELECT 1 FROM {table} WHERE {held} AND owner = {owner} AND {each})" for each in over)
        return f"CASE {' '.join(f'WHEN {each} THEN TRUE' for each in tests)} ELSE FALSE END"

    oldest = f"SELECT owner FROM {table} WHERE {held} AND {{}} ORDER BY due_at LIMIT 1"
    return Queue(
        ends=f"""
            SELECT low, (SELECT max(owner) FROM {table} WHERE {held}), {is_any("low")}
            FROM (SELECT (SELECT min(owner) FROM {table} WHERE {held}) AS low)""",
        owners=f"""
            WITH RECURSIVE owners (name, number) AS (
                SELECT min(owner), 1 FROM {table} WHERE {held} AND owner >= :from
                UNION ALL
                SELECT (SELECT min(owner) FROM {table} WHERE {held} AND owner > name), number + 1
                FROM owners WHERE name < :to LIMIT :looks
            )
            SELECT name, number FROM owners WHERE name <= :to AND (number = :looks OR {is_any("name")}) LIMIT :owners""",
        due=due,
        listed=listed,
        oldest=" UNION ALL ".join(f"SELECT * FROM ({oldest.format(each)})" for each in over) if by_age else None,
    )


def rows_of(connection: Connection) -> Run:
    """What gives rows in the transaction of a connection."""
    return lambda statement, values: connection.execute(statement, values).fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Owners that have something due, and the one that was looked at last if there may be more of them."""

    owners: Sequence[str]
    reached: str | None


def owners_in_turn(run: Run, chosen: Queue, values: Mapping[str, Any], *, last: str, limit: int) -> Found:
    """Up to `limit` owners that have something due, those after `last` first; at least one, if there is any.

    After `looks` owners it ends. The next call is to begin there, so each owner has its turn within some calls.
    """
    found: list[str] = []
    for begin, end in ((f"{last}\0", AFTER_ALL), ("", last)):
        bounds = {"from": begin, "to": end, "owners": limit - len(found), "looks": chosen.looks}
        rows = run(chosen.owners, {**values, **bounds}) if len(found) < limit else []
        found += [name for name, _ in rows]
        if rows and rows[-1][1] == chosen.looks and chosen.oldest is not None:
            oldest = [row[0] for row in run(chosen.oldest, values)]
            return Found(owners=list(dict.fromkeys([*found, *oldest])), reached=found[-1])
    return Found(owners=found, reached=None)
