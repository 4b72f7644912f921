"""What all commands share: exit codes, errors as lines, and output that is safe for a terminal.

Exit codes: 0 answered, 1 failed or not known, 2 the request or a setting is not valid, 3 accepted and pending.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from shutil import get_terminal_size
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inventory.config import Settings
from inventory.errors import InvalidRequest, InventoryError, StartError, UnsupportedFile, UnusableStore, UploadTooLarge

P = ParamSpec("P")
Printed = TypeVar("Printed")
FAILED, INVALID, PENDING = 1, 2, 3
WIDEST_LINE = 1_000
"""Characters of a line that is not for the width of a terminal."""
NARROW = 120
"""Columns of a terminal below which an instant takes two lines."""
NARROWEST = 80
"""Columns of a terminal from which on a column of instants is as wide as they are."""
WHEN = "INSTANT|7d|12h|30m"
"""What options that take an instant take."""

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT)(\d\d:\d\d:\d\d\.\d{3}Z)", re.ASCII)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def errors_as_lines(command: Callable[P, int]) -> Callable[P, None]:
    """Turn a domain error into one line on standard error, and exit with the code of the command or the error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            _tell_of_another_folder()
            code = command(*args, **kwargs)
        except (InvalidRequest, StartError, UnsupportedFile, UnusableStore, UploadTooLarge) as error:
            click.echo(f"inventory: {error}{_reasons(error)}", err=True)
            sys.exit(INVALID)
        except InventoryError as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(FAILED)
        sys.exit(code)

    return run


def _tell_of_another_folder() -> None:
    """Say that there is no data folder where the settings leave it to the current folder: it may be the wrong one."""
    with suppress(StartError):  # the command says what is wrong with a setting
        settings = Settings.read()
        if not (settings.store_url or settings.data_dir.is_absolute() or settings.data_dir.exists()):
            click.echo(
                f"inventory: there is no folder {settings.data_dir} here. To use the store of a running service, run this in"
                " its folder, or set INVENTORY_DATA_DIR.",
                err=True,
            )


def _reasons(error: Exception) -> str:
    """What the members of an error say that its own sentence does not."""
    members = (error.errors or {}) if isinstance(error, InvalidRequest) else {}
    reasons = [reason for each in members.values() for reason in each if reason not in str(error)]
    return "".join(f" {reason}" for reason in dict.fromkeys(reasons))


def stdout_console() -> Console:
    """Standard output, as wide as its terminal or `COLUMNS`; else so wide that a pipe or a file gets whole lines."""
    return Console(width=None if sys.stdout.isatty() else get_terminal_size((WIDEST_LINE, 25)).columns)


def print_document(document: Printed, *, as_json: bool, otherwise: Callable[[Printed], object]) -> None:
    """Print a document, or a list of them: in one line of JSON, or as `otherwise` prints it for people."""
    if as_json:
        click.echo(json.dumps(document))
    else:
        otherwise(document)


def print_members(document: Mapping[str, Any]) -> None:
    """Print what a document says, one member a line; those without a value are left out."""
    print_pairs(stdout_console(), ((name, value) for name, value in document.items() if value is not None))


def print_pairs(console: Console, pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, one pair a line."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in pairs:
        table.add_row(safe_text(name), safe_text(value))
    console.print(table)


def new_table(*columns: str, title: str = "", right: Collection[str] = (), lines: bool = False) -> Table:
    """A table with these columns, of which some are set to the right; long values are folded, never cut off."""
    table = Table(title=title or None, title_justify="left", show_lines=lines)
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return table


def print_table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a table with a row for each document."""
    table = new_table(*columns, title=title)
    cells = [[safe_text(row[column]) for column in columns] for row in rows]
    for number, column in enumerate(table.columns):
        column.no_wrap = console.width >= NARROWEST and _are_instants(row[number] for row in cells)
    for each in cells:
        table.add_row(*(instants_folded(console, cell) for cell in each))
    console.print(table)


def _are_instants(cells: Iterable[Text]) -> bool:
    return all(not cell.plain or _INSTANT.fullmatch(cell.plain) for cell in cells)


def instants_folded(console: Console, text: Text) -> Text:
    """The text; in a narrow terminal with a line break after the day of each instant, where else one is anywhere."""
    if console.width >= NARROW:
        return text
    return Text("\n").join(text.divide(found.end(1) for found in _INSTANT.finditer(text.plain)))


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
