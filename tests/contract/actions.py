"""What the tests do with a store, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from inventory.records.model import Failed, Failure, Postponed, Record, Snapshot, Stored, Target
from inventory.store import Store

NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
LEASE = timedelta(seconds=35)
BODY = b"<p>hello</p>"
CONTENT: Mapping[str, Any] = {"headers": [{"name": "Server", "value": "ECS"}]}


def after(seconds: float) -> datetime:
    """The instant so many seconds after the tests' beginning."""
    return NOW + timedelta(seconds=seconds)


def target(n: int = 0, *, source: str = "webpage", host: str = "example.com") -> Target:
    return Target(source, f"https://{host}/{n}", host)


def accept(store: Store, n: int = 0, *, now: datetime = NOW) -> Record:
    """A record that is pending now."""
    return accept_target(store, target(n), now=now)


def accept_target(store: Store, wanted: Target, *, now: datetime = NOW) -> Record:
    acceptance = store.records.accept(wanted, now=now, seen=store.records.find(wanted.id))
    assert acceptance.accepted
    return acceptance.record


def claim(store: Store, record: Record | Target, *, now: datetime = NOW) -> Record:
    """The claim of a record that can be claimed."""
    claimed = store.records.claim(record.id, now=now, lease_for=LEASE)
    assert claimed is not None
    return claimed


def stored(owned: Record, *, body: bytes | None = BODY, content: Mapping[str, Any] = CONTENT, at: datetime = NOW) -> Stored:
    """The outcome of a claim that collected this."""
    assert owned.lease is not None
    name = None if body is None else sha256(body).hexdigest()
    return Stored(owned, Snapshot(owned.lease, owned.id, at, content, name), body)


def shared(owned: Record, *, body: bytes = BODY, at: datetime = NOW) -> Stored:
    """The outcome of a claim that asked only whether the snapshot before, which had this body, still holds."""
    return replace(stored(owned, body=body, at=at), body=None)


def failure(code: str = "dns_failure", *, at: datetime = NOW) -> Failure:
    return Failure(code, "It has no address.", False, 1, at, at + timedelta(seconds=300))


def failed(owned: Record, code: str = "dns_failure", *, at: datetime = NOW) -> Failed:
    return Failed(owned, failure(code, at=at))


def postponed(owned: Record, *, until: datetime, why: Failure | None = None) -> Postponed:
    return Postponed(owned, until, why)


def collect(store: Store, wanted: Target, *, body: bytes | None = BODY, now: datetime = NOW) -> Stored:
    """Accept, claim and store; the outcome that took effect."""
    outcome = stored(claim(store, accept_target(store, wanted, now=now), now=now), body=body, at=now)
    assert store.records.settle([outcome]) == [True]
    return outcome


def found(store: Store, record: Record | Target) -> Record:
    """The record as it is kept now."""
    kept = store.records.find(record.id)
    assert kept is not None
    return kept
