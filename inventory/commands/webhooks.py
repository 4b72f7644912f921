"""`inventory webhook`: the receivers of messages, from a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import click

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
from inventory.commands.watch_tables import KEEP_IT
from inventory.config import Settings
from inventory.webhooks.documents import Document, delivery_document, tested_document, webhook_document
from inventory.webhooks.model import DeliveryState, Webhook
from inventory.webhooks.service import WebhookService

IN_LIST = ("id", "url", "enabled", "failing_since")
IN_LOG = ("id", "state", "attempt", "created_at", "due_at", "said")

webhook_id = click.argument("webhook_id", metavar="ID")


@click.group()
def webhook() -> None:
    """Make, test and list the receivers of messages.

    Messages are posted as Standard Webhooks 1.0 says; docs/watches.md has more.
    """


@webhook.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="How many.")
@as_json
@errors_as_lines
def list_(limit: int, as_json: bool) -> int:
    """List webhooks, newest first."""
    now = utc_now()
    documents = [webhook_document(each, now) for each in _service().listing(limit=limit, after=None)]
    print_document(documents, as_json=as_json, otherwise=partial(print_lines, IN_LIST))
    return 0


@webhook.command()
@click.argument("url")
@as_json
@errors_as_lines
def add(url: str, as_json: bool) -> int:
    """Make a webhook for URL, and print its secret. One that has the URL already is shown without."""
    return _show(*_service().create(url), as_json=as_json)


@webhook.command()
@webhook_id
@as_json
@errors_as_lines
def rotate(webhook_id: str, as_json: bool) -> int:
    """Give the webhook ID a new secret. Messages are signed with the old one, too, for 24 hours."""
    return _show(*_service().rotate(webhook_id), as_json=as_json)


@webhook.command()
@webhook_id
@as_json
@errors_as_lines
def enable(webhook_id: str, as_json: bool) -> int:
    """Enable the webhook ID, which a 410 or somebody disabled."""
    return _show(_service().change(webhook_id, enabled=True), None, as_json=as_json)


@webhook.command()
@webhook_id
@errors_as_lines
def remove(webhook_id: str) -> int:
    """Remove the webhook ID, and cancel its deliveries that go on."""
    _service().delete(webhook_id)
    return 0


@webhook.command()
@webhook_id
@as_json
@errors_as_lines
def test(webhook_id: str, as_json: bool) -> int:
    """Send a test message to the webhook ID now.

    It is signed. Its answer is shown; the exit code is 1 unless that is a 2xx.
    """
    document = tested_document(_service().test(webhook_id))
    print_document(document, as_json=as_json, otherwise=print_members)
    return 0 if document["delivered"] else FAILED


@webhook.command()
@webhook_id
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="How many.")
@as_json
@errors_as_lines
def log(webhook_id: str, state: str | None, limit: int, as_json: bool) -> int:
    """List what was sent to the webhook ID, newest first.

    Each line has what it answered last.
    """
    only = DeliveryState(state) if state else None
    documents = [delivery_document(each) for each in _service().deliveries(webhook_id, only, limit=limit, after=None)]
    print_document(documents, as_json=as_json, otherwise=_print_deliveries)
    return 0


def _print_deliveries(documents: Sequence[Document]) -> None:
    print_table(stdout_console(), "", IN_LOG, [each | {"said": _said(each["attempts"])} for each in documents])


@webhook.command()
@webhook_id
@click.argument("delivery_id", metavar="DELIVERY")
@as_json
@errors_as_lines
def again(webhook_id: str, delivery_id: str, as_json: bool) -> int:
    """Send DELIVERY to the webhook ID again, with the same webhook-id. A worker of the running service does it."""
    document = delivery_document(_service().again(webhook_id, delivery_id))
    print_document(document, as_json=as_json, otherwise=_print_without_attempts)
    return 0


def _service() -> WebhookService:
    return wiring.build(Settings.read()).webhooks


def _show(webhook: Webhook, secret: str | None, *, as_json: bool) -> int:
    print_document(webhook_document(webhook, utc_now(), secret), as_json=as_json, otherwise=print_members)
    if secret is not None:
        click.echo(KEEP_IT, err=True)
    return 0


def _print_without_attempts(delivery: Document) -> None:
    print_members({name: value for name, value in delivery.items() if name != "attempts"})


def _said(attempts: Sequence[Document]) -> str:
    """What came of the latest try."""
    if not attempts:
        return ""
    latest = attempts[-1]
    return f"{latest['status']}" if latest["detail"] is None else str(latest["detail"])
