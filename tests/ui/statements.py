"""Counts the statements that SQLite runs on the connections of stores."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from inventory.store.sqlite.opening import Connection

_connections: WeakSet[Connection] = WeakSet()


def _remember(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "sqlite3.connect/handle" and isinstance(arguments[0], Connection):
        _connections.add(arguments[0])


sys.addaudithook(_remember)  # it stays as long as the program does


@contextmanager
def noted() -> Iterator[list[str]]:
    """The statements that are run inside, on connections that were opened before."""
    statements: list[str] = []

    def note(statement: str) -> None:
        if not statement.startswith("--"):  # so begin the parts of a statement, such as those of its triggers
            statements.append(statement)

    before = list(_connections)
    _trace(before, note)
    yield statements
    _trace(before, None)


def _trace(connections: Iterable[Connection], note: Callable[[str], None] | None) -> None:
    for each in connections:
        with suppress(sqlite3.ProgrammingError):  # an earlier test closed it
            each.set_trace_callback(note)
