"""`inventory diff`: what changed between two snapshots of a URL, from a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from inventory import wiring
from inventory.changes.documents import Document, diff_document
from inventory.commands.terminal import (
    WHEN,
    as_json,
    errors_as_lines,
    new_table,
    print_document,
    print_pairs,
    safe_text,
    stdout_console,
)
from inventory.config import Settings
from inventory.webpages.model import SOURCE

STYLES = {"+": "green", "-": "red", "@": "cyan", "\\": "dim"}
"""By the first character of a line of a unified diff."""


@click.command()
@click.argument("url")
@click.option("--from", "since", metavar=f"ID|{WHEN}", help="The older snapshot. Default: the one before the newer.")
@click.option("--to", "until", metavar=f"ID|{WHEN}", help="The newer snapshot. Default: the latest.")
@as_json
@errors_as_lines
def diff(url: str, since: str | None, until: str | None, as_json: bool) -> int:
    """Show what changed between two snapshots of URL.

    These are the latest two, or those that were current at two instants.
    """
    services = wiring.build(Settings.read())
    target = services.records.target(SOURCE, url)
    older, newer = services.changes.pair(target, since, until)
    document = diff_document(target, older, newer, services.changes.diff(older, newer))
    print_document(document, as_json=as_json, otherwise=_print_diff)
    return 0


def _print_diff(document: Document) -> None:
    console = stdout_console()
    print_pairs(console, [("URL", document["url"]), ("From", _side(document["from"])), ("To", _side(document["to"]))])
    if document["changes"]:
        _print_changes(console, document)
    else:
        console.print("Nothing differs.")
    if document["text"] is not None:
        _print_text(console, document["text"])


def _side(side: Mapping[str, Any]) -> str:
    return f"{side['collected_at']}, status {side['status']}, snapshot {side['id']}{', not modified' * side['not_modified']}"


def _print_changes(console: Console, document: Document) -> None:
    """A table: what is gone in red, what is new in green, and what is volatile dimmed."""
    table = new_table("kind", "field", "old", "new", title="Changes")
    for change in document["changes"]:
        style = "dim" if change["volatile"] else ""
        values = _value(change, "old", "red"), _value(change, "new", "green")
        table.add_row(change["kind"], _field(change), *values, style=style)
    console.print(table)
    if document["omitted"]:
        console.print(f"and {document['omitted']:,} more")


def _field(change: Mapping[str, Any]) -> Text:
    """The field, and of what it is where that is not clear."""
    notes = [f"redirect {change['hop']}"] if "hop" in change else []
    if "cookie" in change:
        notes.append(f"{change['cookie']['domain'] or ''}{change['cookie']['path'] or ''}")
    if change["kind"] == "moved":
        notes.append(f"line {change['old_line']['position']} is line {change['new_line']['position']}")
    if change["volatile"]:
        notes.append("volatile")
    return safe_text(change["field"] + (f" ({', '.join(notes)})" if notes else ""))


def _value(change: Mapping[str, Any], side: str, style: str) -> Text:
    text = safe_text(change[side])
    if not change["volatile"] and change["kind"] != "moved":
        text.stylize(style)
    return text


def _print_text(console: Console, text: Mapping[str, Any]) -> None:
    """The unified diff as it is, however narrow the terminal is, so that it can be copied."""
    only = ", nothing but nonces and tokens" if text["volatile"] else ""
    console.print(
        f"Text: {text['added']:,} {'line' if text['added'] == 1 else 'lines'} added, {text['removed']:,} removed{only}"
    )
    for note in text["notes"]:
        console.print(safe_text(f"Note: {note}"))
    for line in text["unified"].split("\n")[:-1]:
        shown = safe_text(line.expandtabs(8))
        shown.stylize(STYLES.get(line[:1], ""))
        console.print(shown, soft_wrap=True)
