"""Watches, findings, messages, webhooks and deliveries as JSON bytes, as both stores keep them, and back: pure.

What people and sites wrote is in there, because JSON bytes give every text back (`store.codecs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from inventory.limits import limits_of
from inventory.store.codecs import content_bytes, from_millis, read_content, text_bytes, to_millis, to_millis_or_none
from inventory.store.frames import keep_content, kept_content
from inventory.watches.model import Destination, Finding, Group, Message, On, SinkKind, Watch
from inventory.webhooks.model import KEPT_ATTEMPTS, Attempt, Delivery

Key = TypeVar("Key")


def key_of(text: str) -> bytes:
    """What stands for a text of any length that no two may have."""
    return sha256(text_bytes(text) or b"").digest()


def watch_content(watch: Watch) -> bytes:
    """What people set of a watch and no store looks for; without limits and a pause as earlier versions kept it."""
    content: dict[str, Any] = {
        "name": watch.name,
        "query": watch.query,
        "every": watch.every,
        "on": [each.value for each in watch.on],
        "fields": watch.fields,
        "persist": watch.persist,
        "cooldown": watch.cooldown,
        "expires_within": watch.expires_within,
        "destinations": [[each.kind.value, each.address] for each in watch.destinations],
        "owner": watch.owner,
    }
    if watch.resumed_at is not None:
        content["resumed_at"] = to_millis(watch.resumed_at)
    if watch.limits is not None:
        content["limits"] = watch.limits.texts
    return content_bytes(content)


def read_watch(content: bytes) -> Mapping[str, Any]:
    """The members of a watch that `watch_content` kept."""
    kept = read_content(content)
    destinations = tuple(Destination(SinkKind(kind), address) for kind, address in kept["destinations"])
    on, resumed_at = tuple(On(each) for each in kept["on"]), _instant(kept.get("resumed_at"))
    limits = limits_of(kept.get("limits"))
    return kept | {"on": on, "destinations": destinations, "resumed_at": resumed_at, "limits": limits}


def finding_content(finding: Finding) -> bytes:
    """What a finding says but for its identity."""
    return content_bytes(_told(finding) | {"field": finding.field})


def read_finding(content: bytes) -> Mapping[str, Any]:
    """The members of a finding that `finding_content` kept."""
    return _untold(read_content(content))


def told_at_once(sizes: Iterable[tuple[Key, int]], max_bytes: int) -> Iterator[Key]:
    """The first of these findings, each with the bytes that it takes: as many as one message tells."""
    left = max_bytes
    for number, (key, size) in enumerate(sizes):
        left -= size
        if left < 0 and number > 0:
            return
        yield key


def message_values(message: Message) -> dict[str, Any]:
    """The values of a message, by the names that both stores have for them."""
    return {
        "id": message.id,
        "watch_id": message.watch_id,
        "number": message.number,
        "created_at": to_millis(message.created_at),
        "findings": message.findings,
        "targets": message.targets,
        "groups": _keep_groups(message),
        "payload": message.payload,
    }


def _keep_groups(message: Message) -> bytes:
    """The groups of a message, compressed."""
    return keep_content({"groups": [_group(each) for each in message.groups], "more": message.more_groups})


def kept_groups(kept: bytes) -> Mapping[str, Any]:
    """The members of a message that `message_values` kept as `groups`."""
    content = kept_content(kept)
    return {"groups": tuple(_read_group(each) for each in content["groups"]), "more_groups": content.get("more", 0)}


def secrets_content(secrets: Sequence[tuple[str, datetime | None]]) -> bytes:
    """The secrets of a webhook, each with its end."""
    return content_bytes({"secrets": [[secret, to_millis_or_none(until)] for secret, until in secrets]})


def read_secrets(content: bytes) -> Sequence[tuple[str, datetime | None]]:
    """The secrets that `secrets_content` kept."""
    return tuple((secret, _instant(until)) for secret, until in read_content(content)["secrets"])


def attempts_content(attempts: Sequence[Attempt]) -> bytes:
    """The latest attempts of a delivery."""
    latest = attempts[-KEPT_ATTEMPTS:]
    return content_bytes({"attempts": [[to_millis(each.at), each.status, each.detail, each.elapsed_ms] for each in latest]})


def read_attempts(content: bytes) -> Sequence[Attempt]:
    """The attempts that `attempts_content` kept."""
    return tuple(
        Attempt(at=from_millis(at), status=status, detail=detail, elapsed_ms=elapsed_ms)
        for at, status, detail, elapsed_ms in read_content(content)["attempts"]
    )


def _told(finding: Finding) -> dict[str, Any]:
    return {"old": list(finding.old), "new": list(finding.new), "before": to_millis_or_none(finding.before)}


def _untold(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, "old": tuple(kept["old"]), "new": tuple(kept["new"]), "before": _instant(kept["before"])}


def _group(group: Group) -> dict[str, Any]:
    return {
        "on": group.on.value,
        "field": group.field,
        "old": list(group.old),
        "new": list(group.new),
        "count": group.count,
        "targets": group.targets,
        "since": to_millis(group.since),
        "first_at": to_millis(group.first_at),
        "last_at": to_millis(group.last_at),
        "samples": [
            {
                "watch_id": each.watch_id,
                "record_id": each.record_id,
                "on": each.on.value,
                "at": to_millis(each.at),
                "field": each.field,
            }
            | _told(each)
            for each in group.samples
        ],
    }


def _read_group(kept: Mapping[str, Any]) -> Group:
    kept = {"targets": kept["count"], "since": kept["first_at"], **kept}  # the first messages had neither
    instants = {name: from_millis(kept[name]) for name in ("since", "first_at", "last_at")}
    texts = {name: tuple(kept[name]) for name in ("old", "new")}
    samples = (_untold(each) | {"on": On(each["on"]), "at": from_millis(each["at"])} for each in kept["samples"])
    changed = {"on": On(kept["on"]), "samples": tuple(Finding(**each) for each in samples)}
    return Group(**{**kept, **instants, **texts, **changed})


def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)


def delivery_values(delivery: Delivery) -> dict[str, Any]:
    """The values of a delivery, by the names that both stores have for them."""
    return {
        "id": delivery.id,
        "message_id": delivery.message_id,
        "watch_id": delivery.watch_id,
        "kind": delivery.kind,
        "address": text_bytes(delivery.address),
        "created_at": to_millis(delivery.created_at),
        "due_at": to_millis_or_none(delivery.due_at),
        "state": delivery.state.value,
        "attempt": delivery.attempt,
        "lease": delivery.lease,
        "fence": delivery.fence,
        "ended_at": to_millis_or_none(delivery.ended_at),
        "attempts": attempts_content(delivery.attempts),
        "again_at": to_millis_or_none(delivery.again_at),
    }
