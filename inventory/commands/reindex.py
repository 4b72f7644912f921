"""`inventory reindex`: observations from the snapshots that are kept, from a terminal."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from inventory import wiring
from inventory.clock import rfc3339
from inventory.commands.terminal import (
    FAILED,
    PENDING,
    as_json,
    errors_as_lines,
    print_document,
    print_pairs,
    print_table,
    stdout_console,
)
from inventory.config import Settings
from inventory.observations.reindexing import Reindexer, ReindexingProgress
from inventory.services import Services

MAX_LISTED = 100
"""Records that were set aside, which are listed with their reasons."""
SPEED_OVER = 30.0
"""Seconds over which the time left is estimated."""


@click.command()
@click.option("--all", "afresh", is_flag=True, help="Begin again, also if an earlier call did not come to its end.")
@as_json
@errors_as_lines
def reindex(afresh: bool, as_json: bool) -> int:
    """Rebuild what searches find from the snapshots. The service may run or not.

    A call that was ended goes on with the next one, and meanwhile the scheduler goes on with it.
    """
    services = wiring.build(Settings.read())
    document = _followed(services, afresh)
    unindexable = services.reindexer.unindexable(limit=MAX_LISTED)
    document["set_aside"] = [{"id": record_id, "reason": reason} for record_id, reason in unindexable.items()]
    print_document(document, as_json=as_json, otherwise=_print_done)
    return PENDING if document["left"] else FAILED if unindexable else 0


def _print_done(document: Mapping[str, Any]) -> None:
    print_pairs(stdout_console(), ((name, value) for name, value in document.items() if name != "set_aside"))
    if document["set_aside"]:
        print_table(stdout_console(), "Set aside", ("id", "reason"), document["set_aside"])


def _followed(services: Services, afresh: bool) -> dict[str, Any]:
    """What was done, at its end or at Ctrl-C; a progress bar until then."""
    reindexer, began, last = services.reindexer, monotonic(), None
    indexing_since = began
    columns = (
        TextColumn("{task.fields[status]}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} records/s"),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[set_aside]} set aside"),
    )
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=SPEED_OVER) as bar, _interrupted() as stop:
        shown = bar.add_task("", status="marking", rate=0, set_aside=0, total=None)
        for last in reindexer.run(afresh=afresh):
            now = monotonic()
            indexing_since = now if last.total is None else indexing_since
            bar.update(shown, **_fields(last, now - indexing_since))
            if stop.is_set():
                break
    if stop.is_set():
        click.echo("inventory: the scheduler goes on with it, and so does: inventory reindex", err=True)
    return _document(reindexer, last, began, indexing_since)


@contextmanager
def _interrupted() -> Iterator[Event]:
    """An event that Ctrl-C sets, so that what was begun is counted; a second one ends the program as usual."""
    event = Event()

    def note(*_: object) -> None:
        signal.signal(signal.SIGINT, usual)
        event.set()

    usual = signal.signal(signal.SIGINT, note)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, usual)


def _fields(progress: ReindexingProgress, seconds: float) -> dict[str, Any]:
    return {
        "status": "marking" if progress.total is None else "indexing",
        "total": progress.total,
        "completed": progress.done,
        "set_aside": progress.set_aside,
        "rate": round(progress.indexed / seconds) if seconds else 0,
    }


def _document(reindexer: Reindexer, last: ReindexingProgress | None, began: float, indexing_since: float) -> dict[str, Any]:
    """What this call did, and what is left. The rate is that of indexing alone."""
    now = monotonic()
    indexed, seconds = 0 if last is None else last.indexed, now - indexing_since
    return {
        "begun_at": None if last is None else rfc3339(last.begun_at),
        "resumed": last is not None and last.resumed,
        "total": None if last is None else last.total,
        "indexed": indexed,
        "left": reindexer.left(),
        "seconds": round(now - began, 3),
        "rate": round(indexed / seconds, 1) if seconds else None,
    }
