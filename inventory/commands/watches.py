"""`inventory watch`: what is watched, and the messages about it, from a terminal."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import click

from inventory import wiring
from inventory.commands.terminal import as_json, errors_as_lines, print_document
from inventory.commands.watch_files import apply, export
from inventory.commands.watch_options import loaded, settings_options
from inventory.commands.watch_tables import print_messages, print_rehearsal, print_secrets, print_watch, print_watches
from inventory.config import Settings
from inventory.services import Services
from inventory.watches import documents
from inventory.watches.documents import Document
from inventory.watches.members import settings_from, with_members
from inventory.watches.model import Watch
from inventory.watches.schemas import WatchChange, WatchRequest
from inventory.watches.service import MAX_DAYS, Made, WatchService
from inventory.webhooks.model import ID

watch_name = click.argument("name", metavar="NAME")


@click.group()
def watch() -> None:
    """Collect targets on a schedule, and tell what changes.

    docs/watches.md has more.

    NAME is the name of a watch, or its id.
    """


@watch.command()
@watch_name
@click.argument("query")
@settings_options
@as_json
@errors_as_lines
def add(as_json: bool, **members: Any) -> int:
    """Make the watch NAME of the targets that QUERY matches.

    docs/queries.md has its language.
    """
    settings = settings_from(loaded(WatchRequest(), members))
    return _show_made(_services().watches.create(settings), as_json=as_json)


@watch.command()
@watch_name
@click.option("--query", help="Which targets, in place of those before.")
@settings_options
@as_json
@errors_as_lines
def change(name: str, as_json: bool, **members: Any) -> int:
    """Change what these options say of the watch NAME. An empty text, such as --webhook '', leaves none."""
    change = loaded(WatchChange(), members)
    watches = _services().watches
    made = watches.change(_found(watches, name).id, partial(with_members, members=change))
    return _show_made(made, as_json=as_json)


@watch.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many.")
@as_json
@errors_as_lines
def list_(limit: int, as_json: bool) -> int:
    """List watches, newest first."""
    found = [documents.watch_document(each) for each in _services().watches.listing(limit=limit, after=None)]
    print_document(found, as_json=as_json, otherwise=print_watches)
    return 0


@watch.command()
@watch_name
@as_json
@errors_as_lines
def show(name: str, as_json: bool) -> int:
    """Show the watch NAME, and how many targets are collected for it."""
    watches = _services().watches
    found = _found(watches, name)
    _show(documents.watch_document(found, scheduled=watches.scheduled([found]).get(found.id, 0)), as_json=as_json)
    return 0


@watch.command()
@watch_name
@click.option("--days", type=click.IntRange(1, MAX_DAYS), default=7, show_default=True, help="Look back so far.")
@as_json
@errors_as_lines
def test(name: str, days: int, as_json: bool) -> int:
    """Show what the watch NAME would have told of the last days. Nothing is sent."""
    watches = _services().watches
    document = documents.rehearsal_document(watches.test(_found(watches, name).id, days=days))
    print_document(document, as_json=as_json, otherwise=print_rehearsal)
    return 0


@watch.command()
@watch_name
@click.option("--message", "number", type=click.IntRange(1), metavar="N", help="Show what was sent of message N, as JSON.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many.")
@as_json
@errors_as_lines
def log(name: str, number: int | None, limit: int, as_json: bool) -> int:
    """List the messages of the watch NAME, newest first, or show one."""
    watches = _services().watches
    watch_id = _found(watches, name).id
    if number is not None:
        message = watches.message(watch_id, number)
        click.echo(
            json.dumps(documents.message_document(message, watches.deliveries(message)), indent=None if as_json else 2)
        )
        return 0
    found = [documents.listed_message(each) for each in watches.messages(watch_id, limit=limit, after=None)]
    print_document(found, as_json=as_json, otherwise=print_messages)
    return 0


@watch.command()
@watch_name
@click.argument("number", type=click.IntRange(1), metavar="N")
@click.argument("delivery_id", metavar="DELIVERY")
@as_json
@errors_as_lines
def again(name: str, number: int, delivery_id: str, as_json: bool) -> int:
    """Send message N of the watch NAME again.

    `log --message N` names each DELIVERY. A worker of the running service does it.
    """
    watches = _services().watches
    _show(documents.delivery_document(watches.again(_found(watches, name).id, number, delivery_id)), as_json=as_json)
    return 0


@watch.command()
@watch_name
@as_json
@errors_as_lines
def pause(name: str, as_json: bool) -> int:
    """Let the watch NAME collect nothing and find nothing for now."""
    watches = _services().watches
    _show(documents.watch_document(watches.pause(_found(watches, name).id)), as_json=as_json)
    return 0


@watch.command()
@watch_name
@as_json
@errors_as_lines
def resume(name: str, as_json: bool) -> int:
    """Let the watch NAME go on."""
    watches = _services().watches
    _show(documents.watch_document(watches.resume(_found(watches, name).id)), as_json=as_json)
    return 0


@watch.command()
@watch_name
@errors_as_lines
def remove(name: str) -> int:
    """Remove the watch NAME, its messages, and what it found. Webhooks stay."""
    watches = _services().watches
    watches.delete(_found(watches, name).id)
    return 0


for _each in (apply, export):
    watch.add_command(_each)


def _services() -> Services:
    return wiring.build(Settings.read())


def _found(watches: WatchService, name: str) -> Watch:
    """The watch of an id or a name."""
    return watches.find(name) if ID.fullmatch(name) else watches.named(name)


def _show_made(made: Made, *, as_json: bool) -> int:
    _show(documents.watch_document(made.watch, secrets=made.secrets), as_json=as_json)
    print_secrets({} if as_json else made.secrets)
    return 0


def _show(document: Document, *, as_json: bool) -> None:
    print_document(document, as_json=as_json, otherwise=print_watch)
