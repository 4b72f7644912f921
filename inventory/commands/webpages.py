"""`inventory get` and `inventory collect`: one URL from a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console

from inventory import wiring
from inventory.clock import utc_now
from inventory.commands.terminal import (
    PENDING,
    as_json,
    errors_as_lines,
    print_document,
    print_pairs,
    print_table,
    stdout_console,
)
from inventory.config import Settings
from inventory.records.lookup import LookupResult
from inventory.webpages import documents
from inventory.webpages.model import SOURCE

MAX_DEFECTS = 10
MAX_DEFECT_CHARACTERS = 500
"""What is shown of the defects of an answer, and of each."""
MAX_HOSTS = 10
"""Of a kind that are shown."""
NO_WORKERS = "inventory: the queue does not answer. Is the inventory running? Start it with: inventory up"


@click.command()
@click.argument("url")
@click.option("--wait", "seconds", type=click.IntRange(0, 300), is_flag=False, flag_value=30, default=0, metavar="[SECONDS]",
              help="Wait for an outcome, 30 seconds if no number is given.")  # fmt: skip
@as_json
@errors_as_lines
def get(url: str, seconds: int, as_json: bool) -> int:
    """Look URL up; if it is not known, workers collect it."""
    services = wiring.build(Settings.read())
    records = services.records
    target = records.target(SOURCE, url)
    result = records.look_up(target)
    if not result.ready and not services.notifier.ping():
        click.echo(NO_WORKERS, err=True)
    if seconds and not result.ready:
        with Console(stderr=True).status(f"Waiting up to {seconds} s for {target.key}"):
            result = records.wait(result, seconds)
    return _show(result, as_json=as_json)


@click.command()
@click.argument("url")
@as_json
@errors_as_lines
def collect(url: str, as_json: bool) -> int:
    """Collect URL now, whether it is known or not."""
    services = wiring.build(Settings.read())
    target = services.records.collectable(SOURCE, url)
    with Console(stderr=True).status(f"Collecting {target.key}"):
        result = services.inline.collect(target)
    return _show(result, as_json=as_json)


def _show(result: LookupResult, *, as_json: bool) -> int:
    if not result.ready:
        document = documents.pending_document(result.record, utc_now())
        print_document(document, as_json=as_json, otherwise=lambda it: click.echo(f"{it['status']}: {it['detail']}"))
        return PENDING
    document = documents.record_document(result.found, stale=result.stale)
    print_document(document, as_json=as_json, otherwise=_print_record)
    return 0


def _about_body(body: dict[str, Any]) -> Iterator[str]:
    yield f"{body['size']} bytes{' (truncated)' if body['truncated'] else ''}"
    yield body["media_type"] or "no media type"
    if body["undecoded"] is not None:
        yield f"{body['undecoded']} not undone"
    yield f"SHA-256 {body['sha256']}"


def _about_page(page: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if page["title"]:
        yield "Title", page["title"]
    for kind, hosts in page["hosts"].items():
        more = f" and {len(hosts) - MAX_HOSTS:,} more" if len(hosts) > MAX_HOSTS else ""
        yield f"{kind.capitalize()} hosts", f"{', '.join(hosts[:MAX_HOSTS])}{more}"


def _print_record(document: dict[str, Any]) -> None:
    console = stdout_console()
    response, body = document["response"], document["body"]
    lines = [("URL", document["url"])]
    lines += [("", f"{redirect['status']} at {redirect['url']}") for redirect in document["redirects"]]
    lines += [
        ("Answer", f"{response['status']} {response['reason']} from {response['final_url']}"),
        ("Collected", f"{document['collected_at']}{' (stale)' if document['stale'] else ''}"),
        ("Body", ", ".join(_about_body(body))),
    ]
    lines += [("Defect", defect[:MAX_DEFECT_CHARACTERS]) for defect in response["defects"][:MAX_DEFECTS]]
    if (more := len(response["defects"]) - MAX_DEFECTS) > 0:
        lines.append(("", f"and {more:,} more defects; --json has all"))
    lines += [("Refresh", f"to {one['url']} after {one['seconds']} s") for one in response.get("refresh", ())]
    if page := document.get("page"):
        lines += _about_page(page)
    if document["failure"]:
        lines.append(("Last failure", document["failure"]["detail"]))
    print_pairs(console, lines)
    print_table(console, "Headers", ("name", "value"), document["headers"])
    if document["cookies"]:
        print_table(console, "Cookies", ("name", "value", "domain", "path", "accepted", "reason"), document["cookies"])
