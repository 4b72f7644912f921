"""Wires watches and webhooks, and what delivers messages to them, by mail and into files."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.access import current
from inventory.access.keys import KeyService
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.observations.service import SearchService
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService
from inventory.watches.model import SinkKind
from inventory.watches.rehearsal import Rehearser
from inventory.watches.rounds.active import ActiveWatches
from inventory.watches.rounds.collecting import DueCollections
from inventory.watches.rounds.composing import Composer
from inventory.watches.rounds.enrolling import Enroller
from inventory.watches.rounds.looking import Looker
from inventory.watches.rounds.work import WatchWork
from inventory.watches.service import WatchService
from inventory.webhooks.delivering import Deliverer
from inventory.webhooks.email_sink import EmailSink
from inventory.webhooks.file_sink import FileSink
from inventory.webhooks.service import WebhookService
from inventory.webhooks.sink import Sink
from inventory.webhooks.webhook_sink import WebhookSink
from inventory.wiring.parts import Parts


def webhook_sink(parts: Parts) -> WebhookSink:
    """Posts messages where the guard allows it."""
    transport = RequestsTransport(Guard(parts.settings.allow_networks), resolve=parts.resolve, keep=False)
    return WebhookSink(transport, parts.clock)


def webhook_service(parts: Parts, sink: WebhookSink) -> WebhookService:
    """Webhooks as users see them."""
    store, guard = parts.store, Guard(parts.settings.allow_networks)
    wake = parts.notifier.wake_worker_to_deliver
    return WebhookService(store.webhooks, store.deliveries, guard, sink, wake, clock=parts.clock)


def watch_service(
    parts: Parts, records: RecordService, snapshots: SnapshotService, search: SearchService, webhooks: WebhookService
) -> WatchService:
    """Watches as users see them."""
    store, clock = parts.store, parts.clock
    rehearser = Rehearser(store.observations, records, snapshots, clock=clock, slot=search.slot)
    has_mail = parts.settings.smtp_url is not None
    return WatchService(
        store.watches,
        store.schedules,
        store.messages,
        webhooks,
        rehearser,
        has_mail=has_mail,
        clock=clock,
        owner=current.owner,
    )


def watch_work(parts: Parts, records: RecordService, keys: KeyService) -> WatchWork:
    """What is done for watches in the background."""
    store, clock, notifier = parts.store, parts.clock, parts.notifier
    watches, observed = ActiveWatches(store.watches), store.observations
    return WatchWork(
        looker=Looker(outcomes=store.outcomes, observed=observed, watches=watches, notifier=notifier, clock=clock),
        enroller=Enroller(schedules=store.schedules, observed=observed, watches=watches, notifier=notifier, clock=clock),
        collections=DueCollections(schedules=store.schedules, records=records, watches=watches, clock=clock),
        composer=Composer(
            messages=store.messages,
            records=records,
            public_url=parts.settings.public,
            clock=clock,
            has_ended=keys.has_ended,
        ),
        clock=clock,
    )


def deliverer(parts: Parts, sink: WebhookSink) -> Deliverer:
    """Delivers what is due, to every kind of destination."""
    settings, store = parts.settings, parts.store

    def payload(message_id: str) -> bytes | None:
        message = store.messages.find(message_id)
        return None if message is None else message.payload

    sinks: Mapping[str, Sink] = {
        SinkKind.WEBHOOK.value: sink,
        SinkKind.EMAIL.value: EmailSink(settings.smtp_url, settings.mail_from, parts.clock),
        SinkKind.FILE.value: FileSink(settings.data_dir / "messages"),
    }
    return Deliverer(store.deliveries, store.webhooks, payload, sinks, parts.notifier, clock=parts.clock, rng=parts.rng)
