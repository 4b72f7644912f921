"""The `inventory` command: the inventory from a terminal.

Exit codes: 0 answered, 1 the collection failed or nothing is known, 2 the request or a setting cannot be read, 3 accepted
and pending.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from logging import WARNING
from typing import Any, ParamSpec

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inventory import wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.embedded.command import up
from inventory.errors import InvalidRequest, InventoryError, StartError
from inventory.ops import logging
from inventory.records import documents
from inventory.records.service import Answer

P = ParamSpec("P")
FAILED, UNREADABLE, PENDING = 1, 2, 3
SOURCE = "webpage"

as_json = click.option("--json", "as_json", is_flag=True, help="Print the document of the API, as JSON.")


@click.group()
def main() -> None:
    """Ask for a URL, get its headers, cookies and page source at once."""
    logging.configure(WARNING, "stderr")


main.add_command(up)


def _errors_as_lines(command: Callable[P, int]) -> Callable[P, None]:
    """End the command with its exit code; an error of ours is one line on standard error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except (InvalidRequest, StartError) as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(UNREADABLE)
        except InventoryError as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(FAILED)
        sys.exit(code)

    return run


@main.command()
@click.argument("url")
@click.option("--wait", "seconds", type=click.IntRange(0, 300), is_flag=False, flag_value=30, default=0, metavar="[SECONDS]",
              help="Wait for an outcome, 30 seconds if no number is given.")  # fmt: skip
@as_json
@_errors_as_lines
def get(url: str, seconds: int, as_json: bool) -> int:
    """Look URL up; a miss is accepted for collection by the workers."""
    records = wiring.build(Settings.read()).records
    target = records.target(SOURCE, url)
    answer = records.look_up(target)
    if seconds and not answer.ready:
        with Console(stderr=True).status(f"Waiting up to {seconds} s for {target.key}"):
            answer = records.wait(answer, seconds)
    return _show(answer, as_json=as_json)


@main.command()
@click.argument("url")
@as_json
@_errors_as_lines
def collect(url: str, as_json: bool) -> int:
    """Collect URL now, whatever is known of it."""
    records = wiring.build(Settings.read()).records
    target = records.target(SOURCE, url)
    with Console(stderr=True).status(f"Collecting {target.key}"):
        answer = records.collect_now(target)
    return _show(answer, as_json=as_json)


def _show(answer: Answer, *, as_json: bool) -> int:
    if not answer.ready:
        document = documents.pending_document(answer.record, utc_now())
        click.echo(json.dumps(document) if as_json else f"{document['status']}: {document['detail']}")
        return PENDING
    document = documents.record_document(answer.known, stale=answer.stale, chosen=None)
    if as_json:
        click.echo(json.dumps(document))
    else:
        _print_record(Console(), document)
    return 0


def _print_record(console: Console, document: dict[str, Any]) -> None:
    response, body = document["response"], document["body"]
    lines = [("URL", document["url"])]
    lines += [("", f"{redirect['status']} at {redirect['url']}") for redirect in document["redirects"]]
    lines += [
        ("Answer", f"{response['status']} {response['reason']} from {response['final_url']}"),
        ("Collected", f"{document['collected_at']}{' (stale)' if document['stale'] else ''}"),
        ("Body", f"{body['size']} bytes, {body['media_type'] or 'no media type'}, SHA-256 {body['sha256']}"),
    ]
    if document["failure"]:
        lines.append(("Last failure", document["failure"]["detail"]))
    summary = Table(show_header=False, box=None, pad_edge=False)
    for name, value in lines:
        summary.add_row(_plain(name), _plain(value))
    console.print(summary)
    _print_table(console, "Headers", ("name", "value"), document["headers"])
    _print_table(console, "Cookies", ("name", "value", "domain", "path", "accepted", "reason"), document["cookies"])


def _print_table(console: Console, title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(_plain(row[column]) for column in columns))
    console.print(table)


def _plain(value: str | bool | None) -> Text:
    """A value as it may be shown: what an upstream sent is no markup and has nothing for the terminal to obey."""
    text = value if isinstance(value, str) else {None: "", True: "yes", False: "no"}[value]
    return Text("".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text))
