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
from inventory.store.sqlite.owners import Queue, Run, owners_in_turn, queue, queues_of
from inventory.store.turns import MIN_OWNERS, Served, take_turns

NOW = "due_at <= :now"
LEASE_AHEAD = f"due_at > :now + {millis(model.LEASE_AHEAD)}"
"""As `rows.AHEAD`, of the end of a lease. It comes last."""

ORDERED = "id, key, bulk, due_at"
"""The columns that every statement here begins with: of `owners.Queue.due`."""
WHOLE = f"{ORDERED}, {rows.RECORD}"

DUE_OF = f"""
    SELECT {ORDERED} FROM records
    WHERE state = 'pending' AND owner = :owner AND bulk = {{bulk}} AND due_at <= :now ORDER BY due_at LIMIT :limit"""
AHEAD_OF = DUE_OF.replace(NOW, rows.AHEAD)


def in_order(*statements: str) -> str:
    """The rows of the first statement, then those of the next, no more than `:limit` of all."""
    return " UNION ALL ".join(f"SELECT * FROM ({each})" for each in statements) + " LIMIT :limit"


DUE_FOR_LOOKUPS = in_order(*(each.format(bulk=0) for each in (DUE_OF, AHEAD_OF)))
DUE = in_order(*(each.format(bulk=bulk) for bulk in (0, 1) for each in (DUE_OF, AHEAD_OF)))
LEASE_OVER = """
    SELECT {columns} FROM records
    WHERE state = 'running' AND owner = :owner AND {over} AND attempt {attempts} :max_attempts
    ORDER BY due_at LIMIT :limit"""
EXPIRED, EXPIRED_AHEAD = (LEASE_OVER.format(columns=ORDERED, over=over, attempts="<") for over in (NOW, LEASE_AHEAD))
SPENT, SPENT_AHEAD = (LEASE_OVER.format(columns=WHOLE, over=over, attempts=">=") for over in (NOW, LEASE_AHEAD))

_FOR_LOOKUPS, _FOR_JOBS = ([f"bulk = {bulk} AND {over}" for over in (NOW, rows.AHEAD)] for bulk in (0, 1))
_WITH_ATTEMPTS, _WITHOUT = (
    [f"{over} AND attempt {attempts} :max_attempts" for over in (NOW, LEASE_AHEAD)] for attempts in ("<", ">=")
)
PENDING = queue("records", "state = 'pending'", [*_FOR_LOOKUPS, *_FOR_JOBS], DUE)
PENDING_FOR_LOOKUPS = queue("records", "state = 'pending'", _FOR_LOOKUPS, DUE_FOR_LOOKUPS)
ALL_EXPIRED = queue("records", "state = 'running'", _WITH_ATTEMPTS, in_order(EXPIRED, EXPIRED_AHEAD))
ALL_SPENT = queue("records", "state = 'running'", _WITHOUT, in_order(SPENT, SPENT_AHEAD))


def is_any(run: Run, queue: Queue, values: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Whether anything is due; and the owner, if nobody else has any rows, due or not."""
    low, high, is_due = run(queue.ends, values)[0]
    if low == high:
        return bool(is_due), low
    return is_due or bool(owners_in_turn(run, queue, values, last="", limit=1)), None


def in_turns(run: Run, queue: Queue, values: Mapping[str, Any], served: Served) -> Sequence[Row]:
    """What a claim takes of several owners, those of lookups first; who was served last is noted."""
    limit = values["limit"]
    owners = owners_in_turn(run, queue, values, last=served.last, limit=limit)
    turns = take_turns(queues_of(run, queue, values, owners, limit=limit), limit)
    served.note(turns)
    return sorted((row for _, _, row in turns), key=itemgetter(2))


def all_due(run: Run, queue: Queue, values: Mapping[str, Any]) -> Sequence[Row]:
    """What is due, up to `limit`: in each round the oldest first, those of lookups before all others."""
    any_due, alone = is_any(run, queue, values)
    if not any_due:
        return []
    if alone is not None:
        return run(queue.due, {**values, "owner": alone})
    most = max(values["limit"], MIN_OWNERS)
    owners = owners_in_turn(run, queue, values, last="", limit=most)
    turns = take_turns(queues_of(run, queue, values, owners, limit=most), most)
    return [row for _, _, row in sorted(turns, key=_round_and_age)][: values["limit"]]


def _round_and_age(turn: tuple[int, str, Row]) -> tuple[int, int, int]:
    number, _, (_, _, bulk, due_at, *_) = turn
    return number, bulk, due_at
