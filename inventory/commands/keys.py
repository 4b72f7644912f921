"""`inventory keys`: who may do what, from a terminal. It works on the store directly, so it needs no key itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from getpass import getuser
from typing import Any

import click

from inventory import wiring
from inventory.access.current import NOBODY
from inventory.access.documents import key_document
from inventory.access.keys import ADDABLE, COUNTED, KeyService
from inventory.access.model import Caller
from inventory.commands.terminal import as_json, errors_as_lines, print_document, print_lines, print_members
from inventory.commands.watch_options import Seconds
from inventory.config import Settings
from inventory.errors import InvalidRequest
from inventory.instants import EXAMPLES, instant_of, invalid

IN_LIST = ("id", "name", "scopes", "status", "expires_at", "last_used_at", "last_used_address")
KEEP_IT = "inventory: keep the key; it is not shown again"


@click.group()
def keys() -> None:
    """Make, list and revoke keys of the API.

    They are sent as `Authorization: Bearer KEY` or `X-API-Key: KEY`; docs/access.md has more.
    """


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="VERB[:HOST|:tag=TAG]",
              help="What it may do: read, collect, import, delete, watch, export or admin; repeatable.")  # fmt: skip
@click.option("--expires-in", type=Seconds(), help="When it ends.  [default: never]")
@click.option("--expires-at", metavar="INSTANT", help="The same, as an instant in RFC 3339.")
@click.option("--quota", "quotas", multiple=True, metavar=f"{'|'.join(COUNTED)}=N/minute|N/day",
              help="In place of INVENTORY_QUOTAS; repeatable.")  # fmt: skip
@click.option("--user-header", metavar="HEADER", help="Where a proxy that sends this key names its user, for the audit.")
@as_json
@errors_as_lines
def create(
    name: str,
    scopes: Sequence[str],
    expires_in: int | None,
    expires_at: str | None,
    quotas: Sequence[str],
    user_header: str | None,
    as_json: bool,
) -> int:
    """Make the key NAME, and print it."""
    services = wiring.build(Settings.read())
    key, text = services.keys.create(
        name,
        scopes,
        expires_at=None if expires_at is None else _instant(expires_at),
        expires_in=None if expires_in is None else timedelta(seconds=min(expires_in, ADDABLE.total_seconds())),
        quotas=_quotas(quotas),
        user_header=user_header,
    )
    services.audit.note(_by_command(), "key.create", key.id, request_id="")
    document = key_document(key, services.keys.clock(), text)
    print_document(document, as_json=as_json, otherwise=lambda key: print_members(_shown(key)))
    click.echo(KEEP_IT, err=True)
    return 0


@keys.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many.")
@as_json
@errors_as_lines
def list_(limit: int, as_json: bool) -> int:
    """List keys, newest first, without their texts."""
    service = _service()
    now = service.clock()
    documents = [key_document(each, now) for each in service.listing(limit=limit, after=None)]
    print_document(documents, as_json=as_json, otherwise=lambda keys: print_lines(IN_LIST, map(_shown, keys)))
    return 0


@keys.command()
@click.argument("key_id", metavar="ID")
@errors_as_lines
def revoke(key_id: str) -> int:
    """End the key ID, for good, within two seconds everywhere. Its watches are paused; its jobs go on."""
    services = wiring.build(Settings.read())
    services.keys.revoke(key_id)
    services.audit.note(_by_command(), "key.revoke", key_id, request_id="")
    return 0


def _service() -> KeyService:
    return wiring.build(Settings.read()).keys


def _by_command() -> Caller:
    """Who runs this command, for the audit: the user of this machine, without an address."""
    try:
        user = getuser()
    except (KeyError, OSError):  # an id without a name, as in containers
        user = f"uid {os.getuid()}"
    return replace(NOBODY, user=user)


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """A document as people read it: scopes and quotas with spaces between."""
    quotas = " ".join(f"{name}={quota}" for name, quota in document["quotas"].items()) or None
    return document | {"scopes": " ".join(document["scopes"]), "quotas": quotas}


def _instant(text: str) -> datetime:
    instant = instant_of(text)
    if instant is None:
        raise invalid("expires_at", f"{text[:50]!r} is not an instant. Send {EXAMPLES.partition(' (')[0]}.")
    return instant


def _quotas(given: Sequence[str]) -> dict[str, str]:
    """`lookups=600/minute` and `lookups=10000/day` are one quota with two parts."""
    quotas: dict[str, str] = {}
    for each in given:
        counted, equals, quota = each.partition("=")
        if not equals:
            raise InvalidRequest(f"{each[:50]!r} is no quota. Write one such as lookups=600/minute.")
        quotas[counted] = f"{quotas[counted]},{quota}" if counted in quotas else quota
    return quotas
