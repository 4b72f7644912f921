"""`inventory search`: which URLs show something, from a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click
from rich.console import Console

from inventory import wiring
from inventory.commands.terminal import (
    WHEN,
    as_json,
    errors_as_lines,
    print_document,
    print_lines,
    print_table,
    stdout_console,
)
from inventory.config import Settings
from inventory.observations.documents import Document, facet_document, page_document
from inventory.observations.model import IndexState
from inventory.observations.service import Question, SearchService

FOUND = ("url", "status", "failure", "collected_at")
FAILURE = "failure"
"""The field that is printed of targets that failed, unless others are asked for."""
SHOWN = ("url", "field", "value", "volatile", "first_seen", "last_seen", "gone")
COUNTED = ("value", "count", "first_seen", "volatile")
UNDER_WAY = "All records are being indexed again: until that ends, some are found by what policies said before."
OFTEN_EMPTY = ("volatile", "gone", FAILURE)
"""Columns that are printed only if there is something in them: a terminal is narrow."""


@click.command()
@click.argument("query", default="")
@click.option("--at", metavar=WHEN, help="What targets showed then.  [default: now]")
@click.option("--show", metavar="FIELD,...", multiple=True, help="Show these fields, such as header.*; repeatable.")
@click.option("--facet", metavar="FIELD", help="Count the values of this field instead.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many.")
@as_json
@errors_as_lines
def search(query: str, at: str | None, show: Sequence[str], facet: str | None, limit: int, as_json: bool) -> int:
    """Find the targets that QUERY matches, the latest collected first.

    docs/queries.md has its language.

    QUERY is one word for your shell: put it in quotes. If it begins with a minus, put -- before it.
    """
    shown = ",".join(show).strip()
    if facet is not None and shown:
        raise click.UsageError("--show and --facet exclude each other.")
    service = wiring.build(Settings.read()).search
    question = service.question(query, at)
    printed = shown if shown or as_json else FAILURE
    document = _found(service, question, printed, limit, at) if facet is None else _counted(service, question, facet, limit)
    printed_by = partial(_print_targets, with_shown=bool(shown)) if facet is None else _print_values
    print_document(document, as_json=as_json, otherwise=printed_by)
    if not as_json and document["indexed"] == IndexState.UNDER_WAY:
        click.echo(UNDER_WAY, err=True)
    return 0


def _found(service: SearchService, question: Question, show: str, limit: int, at: str | None) -> Document:
    """The document of the API with up to 1,000 targets."""
    fields = service.fields(show)
    indexed = service.index_state()
    page = service.page(question, show=fields, limit=limit, after=None)
    return page_document(question, at, page, service.total(question, page), indexed, with_shown=bool(fields))


def _counted(service: SearchService, question: Question, field: str, limit: int) -> Document:
    indexed = service.index_state()
    return facet_document(question, service.facet(question, field, limit=limit), indexed)


def _print_targets(document: Document, *, with_shown: bool) -> None:
    console = stdout_console()
    targets = document["targets"]
    if targets and with_shown:
        _print_table(console, "", SHOWN, [row for target in targets for row in _observations(target)])
    elif targets:
        rows = [target | {FAILURE: ", ".join(each["value"] for each in target["observations"])} for target in targets]
        print_lines(_filled(FOUND, rows), rows)
    shown = "" if len(targets) == document["total"] else f", {len(targets):,} shown; --limit shows up to 1,000"
    console.print(f"{_total(document)}{shown}", highlight=False)


def _total(document: Document) -> str:
    total = document["total"]
    if total is None:
        return "Too many targets to count them in time"
    least = "" if document["total_is_exact"] else "more than "
    return f"{least}{total:,} {'target' if total == 1 else 'targets'}"


def _observations(target: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A row for each observation, the first with the URL; one row for a target that shows nothing of the fields."""
    nothing = dict.fromkeys(SHOWN)
    for number, observation in enumerate(target["observations"] or [nothing]):
        volatile = "volatile" if observation["volatile"] else None
        yield {**observation, "volatile": volatile, "url": None if number else target["url"]}


def _print_values(document: Document) -> None:
    console = stdout_console()
    rows = [{**each, "volatile": "volatile" if each["volatile"] else None} for each in document["values"]]
    if rows:
        _print_table(console, document["field"], COUNTED, rows)
    else:
        console.print("No target shows this field.")
    if document["has_more"]:
        console.print("and more values; --limit shows them")


def _print_table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    print_table(console, title, _filled(columns, rows), rows)


def _filled(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return [name for name in columns if name not in OFTEN_EMPTY or any(row[name] for row in rows)]
