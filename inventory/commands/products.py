"""`inventory products`: pull the product feeds from a terminal, and keep the summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from inventory import wiring
from inventory.commands.jobs import messages_of
from inventory.commands.terminal import (
    FAILED,
    PENDING,
    as_json,
    errors_as_lines,
    print_document,
    print_pairs,
    print_table,
    safe_text,
    stdout_console,
)
from inventory.config import Settings
from inventory.jobs.model import Job, JobStatus
from inventory.products.documents import Document, summary_document
from inventory.products.service import MAX_PRODUCTS, PRODUCTS, Run
from inventory.services import Services

IN_TABLE = ("name", "products", "rejected", "pages", "requests", "retries", "success_rate", "breaker_trips", "complete")


@click.command()
@click.option("--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE",
              help="Write the summary there, as JSON.")  # fmt: skip
@click.option("--products", "shown", type=click.IntRange(0, MAX_PRODUCTS), default=PRODUCTS, show_default=True,
              metavar="N", help="Show the N products that were added last.")  # fmt: skip
@as_json
@errors_as_lines
def products(output: Path | None, shown: int, as_json: bool) -> int:
    """Pull all product feeds, and sum up what they had.

    The workers of the running service do it, and the command follows them to the end.

    The exit code is 1 when something of a feed is missing. Ctrl-C stops only the following.
    """
    services = wiring.build(Settings.read())
    job = services.products.start()
    try:
        job = _followed(services, job)
    except KeyboardInterrupt:
        click.echo(f"inventory: the run continues; see it with: inventory job {job.id}", err=True)
        return PENDING
    run = services.products.run(job)
    document = summary_document(services.products.summary(products=shown))
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if output is not None:
        output.write_text(text, encoding="utf-8")
    print_document(document, as_json=as_json, otherwise=_print_summary)
    _tell_what_is_missing(document["feeds"], document["errors"])
    if rejected := sum(feed["rejected"] for feed in document["feeds"]):
        click.echo(f"inventory: {rejected} rejected; see them with: inventory job {job.id} --rows rejected", err=True)
    return 0 if job.status is JobStatus.COMPLETED and run.is_complete else FAILED


def _print_summary(document: Document) -> None:
    summary = document["summary"]
    print_table(stdout_console(), "", IN_TABLE, document["feeds"])
    print_pairs(stdout_console(), [(name, summary[name]) for name in summary if name != "sources"])


def _tell_what_is_missing(feeds: Sequence[Document], errors: Sequence[Document]) -> None:
    """A line for each incomplete feed, with what failed first."""
    for feed in feeds:
        if not feed["complete"]:
            first = feed["missing"][0] if feed["missing"] else "It did not come to its end."
            known = (each for each in errors if first.startswith(f"{each['endpoint']}: "))
            reason = next((f"{each['endpoint']}: {each['error']}" for each in known), first)
            line = f"inventory: the feed {feed['name']} is incomplete ({feed['gaps']} missing): {reason}"
            click.echo(safe_text(line).plain, err=True)


def _followed(services: Services, job: Job) -> Job:
    """The job at its end; until then a bar for each feed, of unknown length."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("products {task.completed}, pages {task.fields[pages]}, rejected {task.fields[rejected]}"),
        TextColumn("[red]{task.fields[missing]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}
        for _ in messages_of(services, job):
            run = services.products.run(job)
            for name, _progress in run.feeds:
                if name not in tasks:
                    tasks[name] = progress.add_task(safe_text(name).plain, total=None, pages=0, rejected=0, missing="")
            _show(progress, tasks, run)
    return services.jobs.find(job.id)


def _show(progress: Progress, tasks: dict[str, TaskID], run: Run) -> None:
    for name, feed_progress in run.feeds:
        if feed_progress is None:
            continue
        progress.update(
            tasks[name],
            completed=feed_progress.products,
            total=feed_progress.products if feed_progress.url is None else None,
            pages=feed_progress.pages,
            rejected=feed_progress.rejected,
            missing=f"missing {feed_progress.gaps}" if feed_progress.gaps else "",
        )
