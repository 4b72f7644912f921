"""The documents that the API of watches answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.clock import rfc3339
from inventory.watches.members import members_of
from inventory.watches.model import Finding, Group, Message, Watch
from inventory.watches.rehearsal import Rehearsal
from inventory.watches.settings import settings_of
from inventory.webhooks.model import Delivery

Document = dict[str, Any]

MAX_LISTED_GROUPS = 5
"""Groups of each message in a listing; the message itself has all."""


def watch_document(
    watch: Watch,
    *,
    scheduled: int | None = None,
    secrets: Mapping[str, str] | None = None,
    with_owner: bool = False,
) -> Document:
    """A watch; with how many targets it collects and the secrets of webhooks that were made for it, if these are given."""
    document = {"id": watch.id, **members_of(settings_of(watch))}
    document |= {
        "paused": watch.paused,
        "created_at": rfc3339(watch.created_at),
        "changed_at": rfc3339(watch.changed_at),
        "enrolled": watch.enrolled or watch.every is None,
        "messages": watch.messages,
        "last_message_at": _instant(watch.last_message_at),
    }
    if watch.limits is not None:
        document["limits"] = watch.limits.texts
    if with_owner and watch.owner:
        document["owner"] = watch.owner
    if scheduled is not None:
        document["scheduled"] = scheduled
    return document | {"webhook_secrets": dict(secrets)} if secrets else document


def listed_message(message: Message) -> Document:
    """A message in a listing: its largest groups, without samples."""
    shown = message.groups[:MAX_LISTED_GROUPS]
    return _message(message) | {
        "groups": [_group(each) for each in shown],
        "more_groups": len(message.groups) - len(shown) + message.more_groups,
    }


def message_document(message: Message, deliveries: Sequence[Delivery]) -> Document:
    """A message with the JSON that its receivers get, and how it was delivered."""
    return _message(message) | {
        "payload": json.loads(message.payload),
        "deliveries": [delivery_document(each) for each in deliveries],
    }


def finding_document(finding: Finding, key: str | None) -> Document:
    """A finding of a target of this URL, None if it is deleted."""
    return {
        "on": finding.on.value,
        **_sample(finding, key),
        "field": finding.field,
        "old": list(finding.old),
        "new": list(finding.new),
    }


def rehearsal_document(rehearsal: Rehearsal) -> Document:
    """What a watch would have told."""
    return {
        "since": rfc3339(rehearsal.since),
        "until": rfc3339(rehearsal.until),
        "complete": rehearsal.complete,
        "targets": rehearsal.targets,
        "findings": rehearsal.findings,
        "messages": rehearsal.messages,
        "groups": [_with_samples(each, rehearsal.keys) for each in rehearsal.groups],
        "omitted": rehearsal.omitted,
    }


def _message(message: Message) -> Document:
    return {
        "id": message.id,
        "number": message.number,
        "created_at": rfc3339(message.created_at),
        "findings": message.findings,
        "targets": message.targets,
    }


def _group(group: Group) -> Document:
    return {
        "on": group.on.value,
        "field": group.field,
        "old": list(group.old),
        "new": list(group.new),
        "count": group.count,
        "targets": group.targets,
        "first_at": rfc3339(group.first_at),
        "last_at": rfc3339(group.last_at),
    }


def _with_samples(group: Group, keys: Mapping[str, str]) -> Document:
    return _group(group) | {"samples": [_sample(each, keys.get(each.record_id)) for each in group.samples]}


def _sample(finding: Finding, key: str | None) -> Document:
    return {
        "url": key,
        "record_id": finding.record_id,
        "at": rfc3339(finding.at),
        "before": _instant(finding.before),
    }


def delivery_document(delivery: Delivery) -> Document:
    """A delivery, with what its latest try came to."""
    latest = delivery.attempts[-1] if delivery.attempts else None
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "address": delivery.address,
        "state": delivery.state.value,
        "attempt": delivery.attempt,
        "due_at": _instant(delivery.due_at),
        "ended_at": _instant(delivery.ended_at),
        "detail": None if latest is None else latest.detail,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)
