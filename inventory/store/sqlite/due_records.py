"""Which records can be claimed, in the order of claims: owners take turns, and of each what lookups asked for comes first.

Most stores have one owner, "". Then one statement finds what is due, and another one that there is nobody else.
"""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from inventory.records import model
from inventory.store.codecs import millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Row
from inventory.store.sqlite.owners import Queue, Run, owners_in_turn, queue
from inventory.store.turns import MIN_OWNERS, Served, queues_of, take_turns

NOW = "due_at <= :now"
LEASE_AHEAD = f"due_at > :now + {millis(model.LEASE_AHEAD)}"
"""As `rows.AHEAD`, of the end of a lease. It comes last."""

TO_CLAIM = "id, bulk"
TO_LIST = "id, key, host, bulk, due_at"
TO_FAIL = f"{TO_LIST}, {rows.RECORD}"
"""The columns of what is to be claimed, listed and failed."""

DUE_OF = """
    SELECT {columns} FROM records
    WHERE state = 'pending' AND owner = :owner AND bulk = {bulk} AND due_at <= :now ORDER BY due_at LIMIT :limit"""
AHEAD_OF = DUE_OF.replace(NOW, rows.AHEAD)
LEASE_OVER_OF = """
    SELECT {columns} FROM records
    WHERE state = 'running' AND owner = :owner AND due_at <= :now AND attempt {attempts} :max_attempts
    ORDER BY due_at LIMIT :limit"""
LEASE_AHEAD_OF = LEASE_OVER_OF.replace(NOW, LEASE_AHEAD)


def _in_order(statements: Sequence[str], columns: str, **changes: str) -> str:
    """The rows of the first statement, then those of the next, no more than `:limit` of all."""
    selects = (each.format(columns=columns, **changes) for each in statements)
    return " UNION ALL ".join(f"SELECT * FROM ({each})" for each in selects) + " LIMIT :limit"


def _pending(*bulks: int) -> Queue:
    """What is pending; what lookups asked for is not `bulk`."""
    statements = [each.replace("{bulk}", str(bulk)) for bulk in bulks for each in (DUE_OF, AHEAD_OF)]
    over = [f"bulk = {bulk} AND {each}" for bulk in bulks for each in (NOW, rows.AHEAD)]
    due, listed = (_in_order(statements, columns) for columns in (TO_CLAIM, TO_LIST))
    return queue("records", "state = 'pending'", over, due, listed, by_age=True)


def _left(attempts: str, listed: str) -> Queue:
    """What is running although its lease is over, with so many attempts."""
    over = [f"{each} AND attempt {attempts} :max_attempts" for each in (NOW, LEASE_AHEAD)]
    statements = LEASE_OVER_OF, LEASE_AHEAD_OF
    due, whole = (_in_order(statements, columns, attempts=attempts) for columns in (TO_CLAIM, listed))
    return queue("records", "state = 'running'", over, due, whole)


PENDING, PENDING_FOR_LOOKUPS = _pending(0, 1), _pending(0)
EXPIRED, SPENT = _left("<", TO_LIST), _left(">=", TO_FAIL)
"""What can be claimed: due for jobs too, or for lookups alone, or expired. What has no attempts left is to fail."""


def is_any(run: Run, queue: Queue, values: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Whether anything is due; and the owner, if nobody else has any rows, due or not."""
    low, high, is_due = run(queue.ends, values)[0]
    if low == high:
        return bool(is_due), low
    if queue.oldest is not None:
        return is_due or bool(run(queue.oldest, values)), None
    return is_due or bool(owners_in_turn(run, queue, values, last="", limit=1).owners), None


def in_turns(run: Run, queue: Queue, values: Mapping[str, Any], served: Served) -> Sequence[Row]:
    """What a claim takes of several owners, those of lookups first; who was served last is noted."""
    limit = values["limit"]
    found = owners_in_turn(run, queue, values, last=served.last, limit=limit)
    turns = take_turns(_queues(run, queue.due, values, found.owners, limit), limit)
    served.note(turns)
    served.last = served.last if found.reached is None else found.reached
    return sorted((row for _, _, row in turns), key=itemgetter(1))


def all_due(run: Run, queue: Queue, values: Mapping[str, Any]) -> Sequence[Row]:
    """What is due, up to `limit`: in each round the oldest first, those of lookups before all others."""
    any_due, alone = is_any(run, queue, values)
    if not any_due:
        return []
    if alone is not None:
        return run(queue.listed, {**values, "owner": alone})
    most = max(values["limit"], MIN_OWNERS)
    found = owners_in_turn(run, queue, values, last="", limit=most)
    turns = take_turns(_queues(run, queue.listed, values, found.owners, most), most)
    return [row for _, _, row in sorted(turns, key=_round_and_age)][: values["limit"]]


def _queues(run: Run, due: str, values: Mapping[str, Any], owners: Sequence[str], limit: int) -> Mapping[str, Sequence[Row]]:
    """What the statement `due` finds of each owner, as far as its turns need it."""
    return queues_of(lambda owner, count: run(due, {**values, "owner": owner, "limit": count}), owners, limit)


def _round_and_age(turn: tuple[int, str, Row]) -> tuple[int, int, int]:
    number, _, (_, _, _, bulk, due_at, *_) = turn
    return number, bulk, due_at
