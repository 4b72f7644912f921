"""`inventory changes`: what changed in the whole inventory, from a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.text import Text

from inventory import wiring
from inventory.changes.documents import Document, groups_document, page_document
from inventory.changes.parameters import ChangeParameters
from inventory.commands.terminal import (
    WHEN,
    as_json,
    errors_as_lines,
    instants_folded,
    new_table,
    print_document,
    safe_text,
    stdout_console,
)
from inventory.config import Settings

GONE, CAME = ("- ", "red"), ("+ ", "green")
MAX_SHOWN = 10
"""Values of a change that are shown; `--json` has more."""


@click.command()
@click.argument("query", required=False, default="")
@click.option("--since", metavar=WHEN, help="Only what was found from then on.  [default: 7d]")
@click.option("--until", metavar=WHEN, help="Only what was found before.  [default: now]")
@click.option(
    "--field", "fields", metavar="FIELD,...", multiple=True, help="Only these fields, such as header.*; repeatable."
)
@click.option("--group", is_flag=True, help="Show the same change on many targets as one.")
@click.option("--volatile", is_flag=True, help="Show also what differs all the time.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many.")
@as_json
@errors_as_lines
def changes(query: str, group: bool, limit: int, as_json: bool, **options: Any) -> int:
    """Show what changed in the whole inventory, newest first.

    With QUERY (docs/queries.md) only on the targets for which it holds now.
    """
    parameters = ChangeParameters(q=query, **options)
    fleet = wiring.build(Settings.read()).fleet_changes
    if group:
        document = groups_document(fleet.groups(parameters, limit=limit), parameters)
    else:
        document = page_document(fleet.page(parameters, limit=limit, cursor=None))
    print_document(document, as_json=as_json, otherwise=_print_groups if group else _print_changes)
    return 0


def _print_changes(document: Document) -> None:
    console = stdout_console()
    if document["changes"]:
        table = new_table("at", "url", "field", "change", title=_title("Changes", document))
        for change in document["changes"]:
            style = "dim" if change["volatile"] else ""
            at = f"{change['at']}\nafter {change['before']}" if change["before"] else change["at"]
            found = instants_folded(console, Text(at))
            table.add_row(found, safe_text(change["url"]), _field(change), _values(change), style=style)
        console.print(table)
    if document["next_cursor"] is not None:
        console.print("There are more. Narrow the time, name a field, or raise --limit.")
    elif not document["changes"]:
        console.print(_nothing(document))


def _print_groups(document: Document) -> None:
    """A table with what changed, on how many targets and when, and what these have in common."""
    console = stdout_console()
    if not document["groups"]:
        console.print(_nothing(document))
        return
    columns, title = ("targets", "field", "change", "seen", "on"), _title("Changes in groups", document)
    table = new_table(*columns, title=title, right=("targets",), lines=True)
    for group in document["groups"]:
        style = "dim" if group["volatile"] else ""
        seen = Text(f"{group['first_seen']}\n{group['last_seen']}" if group["count"] > 1 else group["first_seen"])
        what = _count(group), _field(group), _values(group)
        table.add_row(*what, instants_folded(console, seen), _on(group), style=style)
    console.print(table)
    if document["omitted"]:
        omitted = document["omitted"]
        console.print(f"and {omitted:,} more {'group' if omitted == 1 else 'groups'}; raise --limit")


def _title(what: str, document: Document) -> str:
    return f"{what} from {document['since']} to {document['until']}"


def _nothing(document: Document) -> str:
    return f"Nothing changed from {document['since']} to {document['until']}."


def _count(group: Mapping[str, Any]) -> str:
    more = f"\n{group['count']:,} times" if group["count"] > group["targets"] else ""
    return f"{group['targets']:,}{more}"


def _field(change: Mapping[str, Any]) -> Text:
    """The field, and what changed with it."""
    field = safe_text(change["field"])
    for other in change.get("also", ()):
        field.append("\nalso ", "dim").append_text(safe_text(other))
    return field.append("\nvolatile") if change["volatile"] else field


def _values(change: Mapping[str, Any]) -> Text:
    """A line for each value, what is gone in red and what is new in green."""
    return Text("\n").join([*_lines(change, "old", GONE), *_lines(change, "new", CAME)])


def _lines(change: Mapping[str, Any], side: str, how: tuple[str, str]) -> Sequence[Text]:
    sign, style = how
    shown = [safe_text(f"{sign}{value}") for value in change[side][:MAX_SHOWN]]
    more = len(change[side]) - MAX_SHOWN
    shown += [Text(f"{sign}and {more} more")] if more > 0 else []
    if not change["volatile"]:
        for each in shown:
            each.stylize(style)
    return shown


def _on(group: Mapping[str, Any]) -> Text:
    """What the targets of a group have in common, and one of them."""
    lines = [safe_text(f"{each['field']} {each['value']}{_part(group, each)}") for each in group["shared"]]
    lines += [safe_text(sample["url"]) for sample in group["samples"][:1]]
    if group["targets"] > 1 and group["samples"]:
        lines[-1].append(f" and {group['targets'] - 1:,} more", "dim")
    return Text("\n").join(lines)


def _part(group: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    return "" if shared["targets"] == group["targets"] else f" ({shared['targets']:,} of them)"
