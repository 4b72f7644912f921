"""The documents that the activity's API answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from inventory.activity.model import ActivityReport, Ended
from inventory.clock import rfc3339

Document = dict[str, Any]


def activity_document(report: ActivityReport) -> Document:
    """A report, with one member of `hours` for each hour, also where nothing ended."""
    return {
        "since": rfc3339(report.period.since),
        "until": rfc3339(report.period.until),
        "resolution": "hour",
        "hours": [{"at": rfc3339(at), **_ended(ended)} for at, ended in report.hours],
        "totals": _ended(report.total),
        "sources": [{"source": source, **_ended(ended)} for source, ended in report.sources.items()],
        "records": asdict(report.records),
    }


def _ended(ended: Ended) -> Document:
    return {"stored": ended.stored, "failed": ended.failed, "failures": dict(ended.failures)}
