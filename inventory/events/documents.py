"""The documents that the events API answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.clock import rfc3339
from inventory.events.model import Event, EventStats

Document = dict[str, Any]


def event_document(event: Event) -> Document:
    """A log event."""
    return {
        "id": event.id,
        "job_id": event.job_id,
        "line": event.line,
        "timestamp": rfc3339(event.timestamp),
        "level": event.level,
        "service": event.service,
        "message": event.message,
        "attributes": event.attributes,
        "trace_id": event.trace_id,
    }


def stats_document(stats: EventStats) -> Document:
    """Counts: of levels and services the largest first, of hours the newest."""
    by_hour = {rfc3339(hour): stats.by_hour[hour] for hour in sorted(stats.by_hour, reverse=True)}
    return {
        "total": stats.total,
        "by_level": _largest_first(stats.by_level),
        "by_service": _largest_first(stats.by_service),
        "by_hour": {hour: sum(counts.values()) for hour, counts in by_hour.items()},
        "by_hour_and_level": {hour: _largest_first(counts) for hour, counts in by_hour.items()},
    }


def _largest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda count: (-count[1], count[0])))
