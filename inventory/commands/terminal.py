"""What all commands share: exit codes, errors as lines, and output that is safe for a terminal.

Exit codes: 0 answered, 1 failed or not known, 2 the request or a setting is not valid, 3 accepted and pending.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inventory.errors import InvalidRequest, InventoryError, StartError, UnsupportedFile, UnusableStore, UploadTooLarge

P = ParamSpec("P")
FAILED, INVALID, PENDING = 1, 2, 3
WIDEST_LINE = 1_000
"""Characters of a line of `print_lines`."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print the document of the API, as JSON.")


def errors_as_lines(command: Callable[P, int]) -> Callable[P, None]:
    """Turn a domain error into one line on standard error, and exit with the code of the command or the error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except (InvalidRequest, StartError, UnsupportedFile, UnusableStore, UploadTooLarge) as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(INVALID)
        except InventoryError as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(FAILED)
        sys.exit(code)

    return run


def print_pairs(console: Console, pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, one pair a line."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in pairs:
        table.add_row(safe_text(name), safe_text(value))
    console.print(table)


def print_table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a table with a row for each document; long values are folded, never cut off."""
    table = Table(title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(safe_text(row[column]) for column in columns))
    console.print(table)


def print_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print one line for each document, however narrow the terminal is, so that each value can be copied."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(safe_text(row[column]) for column in columns))
    Console(width=WIDEST_LINE).print(table)


def safe_text(value: object) -> Text:
    """A value without markup and without control characters, because an upstream may have sent it."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {each}" for name, each in value.items() if each is not None)
    text = {None: "", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)
    return Text("".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text))
