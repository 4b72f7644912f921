"""`inventory import`, `inventory jobs` and `inventory job`: bulk work from a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from inventory import wiring
from inventory.clock import utc_now
from inventory.commands.terminal import (
    FAILED,
    as_json,
    errors_as_lines,
    print_document,
    print_lines,
    print_members,
    print_table,
    stdout_console,
)
from inventory.config import Settings
from inventory.imports.lookups import FRESH_FOR, LABELS, MAX_FRESH_FOR
from inventory.imports.service import ImportRequest
from inventory.imports.upload import CHUNK_BYTES, Upload
from inventory.jobs.documents import Document, job_document, row_document
from inventory.jobs.model import COLUMN, Job, JobStatus, RowOutcome
from inventory.jobs.stream import Message
from inventory.labels import read_labels
from inventory.services import Services
from inventory.webpages.job_type import SCHEME, SCHEMES

IN_TABLE = ("job_id", "kind", "status", "processed", "total", "failed", "rejected", "file_name", "created_at")
IN_ROWS = ("row", "outcome", "input", "code", "detail")
NOT_BEGUN = "inventory: no worker has begun with it yet. Is the inventory running? Start it with: inventory up"
HINT_AFTER = 5.0
"""Seconds in which a worker begins with a job, if one runs and is not busy."""

follow_it = click.option("--follow", is_flag=True, help="Show the progress until the job ends; Ctrl-C stops only that.")


class KindOption(click.ParamType[str]):
    """A kind of import. Which there are is known once the services are wired, and does not depend on settings."""

    name = "kind"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The choice, as the help shows it."""
        return f"[{'|'.join(wiring.build(Settings()).imports.types)}]"


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=KindOption(), required=True, help="What each row is.")
@click.option("--column", COLUMN, metavar="NAME", help="The column, by name or by number from 1, or the path in JSON.")
@click.option("--scheme", SCHEME, type=click.Choice(SCHEMES), help="The scheme of URLs without one.")
@click.option(
    "--fresh-for",
    FRESH_FOR,
    type=click.IntRange(0, MAX_FRESH_FOR),
    metavar="SECONDS",
    help="Reuse what is at most this old.",
)
@click.option("--tag", LABELS, multiple=True, metavar="LABEL", help="A label for each URL; may be given more than once.")
@click.option("--service", metavar="NAME", help="The service of all events of a log file.")
@click.option("--map", metavar="FIELD:NAME,...", help="Fields of a log file's lines: timestamp:fields.when,level:sev.")
@click.option(
    "--format", metavar="TEXT", help="How an access log's lines are written: nginx's log_format or Apache's LogFormat."
)
@follow_it
@as_json
@errors_as_lines
def import_(file: Path, kind: str, follow: bool, as_json: bool, **options: Any) -> int:
    """Import FILE as a job, which processes its rows.

    It is a table, a list, a log or an archive, also .gz; docs/imports.md names the types.
    """
    services = wiring.build(Settings.read())
    options[LABELS] = list(read_labels(LABELS, options[LABELS])) or None
    import_request = ImportRequest(kind, {name: value for name, value in options.items() if value is not None})
    services.imports.check(import_request)
    with file.open("rb") as content:
        job = services.imports.accept(import_request, Upload(file.name, iter(partial(content.read, CHUNK_BYTES), b"")))
    return _show(services, job, follow=follow, as_json=as_json)


@click.command()
@click.option("--status", type=click.Choice([status.value for status in JobStatus]), help="Only those.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many.")
@as_json
@errors_as_lines
def jobs(status: str | None, limit: int, as_json: bool) -> int:
    """List jobs, newest first."""
    found = wiring.build(Settings.read()).jobs.listing(JobStatus(status) if status else None, limit=limit, after=None)
    documents = [job_document(job, utc_now()) for job in found]
    print_document(documents, as_json=as_json, otherwise=partial(print_lines, IN_TABLE))
    return 0


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--rows", "outcome", type=click.Choice([outcome.value for outcome in RowOutcome]), help="List these rows.")
@follow_it
@as_json
@errors_as_lines
def job(job_id: str, outcome: str | None, follow: bool, as_json: bool) -> int:
    """Show the job ID, or its rows with one outcome.

    With --json each row is a line.
    """
    services = wiring.build(Settings.read())
    if outcome is None:
        return _show(services, services.jobs.find(job_id), follow=follow, as_json=as_json)
    shown = 0
    for page in services.jobs.all_rows(job_id, RowOutcome(outcome)):  # a table for each page: there may be a million rows
        shown += len(page)
        documents = [row_document(row, services.settings.masking) for row in page]
        if as_json:
            click.echo("".join(json.dumps(document) + "\n" for document in documents), nl=False)
        else:
            print_table(stdout_console(), "", IN_ROWS, documents)
    if not shown and not as_json:
        click.echo(f"No row ended as {outcome}.")
    return 0


def _show(services: Services, job: Job, *, follow: bool, as_json: bool) -> int:
    """Print the job, at its end if it is to be followed; return the exit code for its status."""
    document = _followed(services, job) if follow else job_document(job, utc_now())
    print_document(document, as_json=as_json, otherwise=print_members)
    return 0 if _is_well(document) else FAILED


def _is_well(document: Document) -> bool:
    """Whether a job did not fail; one that is over and had not one good row did."""
    without_success = document["finished_at"] is not None and document["processed"] and not document["succeeded"]
    return not (without_success or document["status"] in (JobStatus.FAILED, JobStatus.CANCELLED))


def messages_of(services: Services, job: Job, *, hint_after: float = HINT_AFTER) -> Iterator[Message | None]:
    """The messages of a job until its end. If no worker begins with it, a line on stderr says so, once."""
    hint_at = monotonic() + hint_after
    for message in services.streams.messages(job, None):
        yield message
        if monotonic() >= hint_at:
            hint_at = inf
            if services.jobs.find(job.id).status is JobStatus.QUEUED:
                click.echo(NOT_BEGUN, err=True)


def _followed(services: Services, job: Job) -> Document:
    """The job's document at its end, or at Ctrl-C; a progress bar until then."""
    document = job_document(job, utc_now())
    columns = (
        TextColumn("{task.fields[status]}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} rows/s"),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[failed]} failed, {task.fields[rejected]} rejected"),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("", **_fields(document))
            for message in messages_of(services, job):
                if message is not None:
                    document = message.document
                    progress.update(task, **_fields(document))
    except KeyboardInterrupt:
        click.echo(f"inventory: the job continues; see it with: inventory job {job.id}", err=True)
    return document


def _fields(document: Document) -> dict[str, Any]:
    shown = {name: document[name] for name in ("status", "failed", "rejected", "total")}
    return shown | {"rate": document["rate"] or 0, "completed": document["processed"]}
