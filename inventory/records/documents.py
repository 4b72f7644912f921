"""The documents that the records API answers."""

from __future__ import annotations

from typing import Any

from inventory.clock import rfc3339
from inventory.records.model import Failure, Record

Document = dict[str, Any]


def listed_record(record: Record) -> Document:
    """A record without its contents."""
    return {
        "id": record.id,
        "source": record.target.source,
        "key": record.target.key,
        "host": record.target.host,
        "status": record.status.value,
        "state": record.state.value,
        "requested_at": rfc3339(record.requested_at),
        "first_collected_at": None if record.first_collected_at is None else rfc3339(record.first_collected_at),
        "collected_at": None if record.collected_at is None else rfc3339(record.collected_at),
        "snapshots": record.snapshots,
        "attempt": record.attempt,
        "failure": None if record.failure is None else _listed_failure(record.failure),
    }


def failure_document(failure: Failure) -> Document:
    """A failure as the API shows it."""
    return _listed_failure(failure) | {"redirects": list(failure.redirects)}


def _listed_failure(failure: Failure) -> Document:
    """A failure without its redirects."""
    return {
        "code": failure.code,
        "detail": failure.detail,
        "permanent": failure.permanent,
        "attempts": failure.attempts,
        "at": rfc3339(failure.at),
        "retry_at": rfc3339(failure.retry_at),
    }
