"""What all commands have in common: their exit codes, errors as lines, and texts of others that are safe to show.

Exit codes: 0 answered, 1 it failed or nothing is known, 2 the request or a setting cannot be read, 3 accepted and pending.
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
FAILED, UNREADABLE, PENDING = 1, 2, 3

as_json = click.option("--json", "as_json", is_flag=True, help="Print the document of the API, as JSON.")


def errors_as_lines(command: Callable[P, int]) -> Callable[P, None]:
    """End the command with its exit code; an error of ours is one line on standard error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except (InvalidRequest, StartError, UnsupportedFile, UnusableStore, UploadTooLarge) as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(UNREADABLE)
        except InventoryError as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(FAILED)
        sys.exit(code)

    return run


def print_pairs(console: Console, pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and what they stand for, one below the other."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in pairs:
        table.add_row(plain(name), plain(value))
    console.print(table)


def print_table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Documents as rows, of which the columns are shown."""
    table = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(plain(row[column]) for column in columns))
    console.print(table)


def plain(value: object) -> Text:
    """A value as it may be shown: what others sent is no markup and has nothing for the terminal to obey."""
    text = {None: "", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)
    return Text("".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text))
