"""`inventory audit`: who did what, from a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from inventory import wiring
from inventory.access.audit import chosen
from inventory.access.audit_documents import entry_document
from inventory.commands.terminal import WHEN, as_json, errors_as_lines, print_document, print_table, stdout_console
from inventory.config import Settings

IN_TABLE = ("at", "action", "target", "outcome", "who", "address")


@click.command()
@click.option("--key", metavar="ID", help="Only what this key did.")
@click.option("--address", help="Only what came from this address.")
@click.option("--action", metavar="ACTION", help="Only this, such as key.create; with a dot at its end all that begin so.")
@click.option("--since", metavar=WHEN, help="Only from then on.")
@click.option("--until", metavar=WHEN, help="Only before.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many.")
@as_json
@errors_as_lines
def audit(
    key: str | None,
    address: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """Show who did what, newest first."""
    service = wiring.build(Settings.read()).audit
    entries = chosen(service.clock(), key=key, address=address, action=action, since=since, until=until)
    documents = [entry_document(entry) for entry in service.listing(entries, limit=limit, after=None)]
    print_document(documents, as_json=as_json, otherwise=_print_entries)
    return 0


def _print_entries(documents: Sequence[Mapping[str, Any]]) -> None:
    rows = [{**each, "who": each["user"] or (each["key"] or {}).get("name")} for each in documents]
    print_table(stdout_console(), "", IN_TABLE, rows)
