"""The documents that the weather API answers."""

from __future__ import annotations

from typing import Any

from inventory.clock import rfc3339
from inventory.records.model import Record, RecordWithSnapshot, Status
from inventory.weather.service import Summary

Document = dict[str, Any]


def weather_document(found: RecordWithSnapshot, *, stale: bool) -> Document:
    """The weather in a city, as it was collected."""
    assert found.snapshot is not None
    content = found.snapshot.content
    document = {
        "city": content["city"]["name"],
        "key": found.record.target.key,
        "place": content["city"],
        **content["weather"],
    }
    return document | {"collected_at": rfc3339(found.snapshot.collected_at), "stale": stale}


def meant(place: Document) -> str:
    """Which city a name was taken for, and of how many, in words."""
    name = ", ".join(part for part in (place["name"], place["region"], place["country"]) if part)
    return f"{name}; the most populous of {place['candidates']} that may be meant" if place["candidates"] > 1 else name


def summary_document(summary: Summary) -> Document:
    """Counts, and the latest of what was refreshed and of what failed."""
    return {
        "counts": {status.value: summary.counts.get(status, 0) for status in Status},
        "refreshed": [weather_document(found, stale=stale) for found, stale in summary.refreshed],
        "failures": [_failure(record) for record in summary.failed],
    }


def _failure(record: Record) -> Document:
    failure = record.failure
    assert failure is not None
    return {"city": record.target.key, "code": failure.code, "detail": failure.detail, "at": rfc3339(failure.at)}
