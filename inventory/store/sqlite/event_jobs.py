"""How an event names its job: by a number, which takes a byte or two where an id takes 16.

It stands in the table and in five indexes, so an insert takes a quarter less time. Numbers begin at 1, in the order in
which jobs first had events. Events that an earlier version kept have the id itself. A job has all its events in one way.
"""
# ruff: noqa: S608 - nothing but our own names of parameters is put into a statement

from __future__ import annotations

from inventory.store.sqlite.job_columns import short
from inventory.store.sqlite.opening import Connection

ID = "coalesce((SELECT job_id FROM event_jobs WHERE number = events.job_id), events.job_id)"
"""The expression for the id of an event's job."""
BEFORE_ALL = -1
"""Comes before each `job_id` of an event."""

NUMBER = "SELECT number FROM event_jobs WHERE job_id = ?"
HAS_EVENTS = "SELECT 1 FROM events WHERE job_id = ? LIMIT 1"
NEW_NUMBER = "INSERT INTO event_jobs (job_id) VALUES (?)"
FORGET_NUMBER = "DELETE FROM event_jobs WHERE job_id = :job_id"


def kept(parameter: str) -> str:
    """The expression for what the events of a job have as `job_id`, where a parameter is the job's id."""
    return f"coalesce((SELECT number FROM event_jobs WHERE job_id = {parameter}), {parameter})"


def kept_id(connection: Connection, job_id: str) -> int | bytearray | str:
    """What the events of a job have as `job_id`, in the transaction that adds some; the first ones get a number."""
    value = short(job_id)
    if isinstance(value, str):  # no job has such an id
        return value
    if found := connection.execute(NUMBER, (value,)).fetchone():
        return int(found[0])
    if connection.execute(HAS_EVENTS, (value,)).fetchone():
        return bytearray(value)  # which `sqlite3` binds at once
    return connection.execute(NEW_NUMBER, (value,)).lastrowid or 0
