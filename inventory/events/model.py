"""Log events: one line of an imported log file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One log line. Its identity is (job, line): importing the same job's line again changes nothing.

    `timestamp` is in UTC with millisecond precision; `attributes` are JSON-ready.
    """

    job_id: str
    line: int
    timestamp: datetime
    level: str
    service: str
    message: str
    attributes: Mapping[str, Any]
    trace_id: str | None = None

    @property
    def id(self) -> str:
        """The job's id and the line, zero-padded, so that ids of one job sort by line."""
        return f"{self.job_id}-{self.line:010d}"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a listing or a statistic takes; None means any. `since` is included, `until` is not."""

    job_id: str | None = None
    level: str | None = None
    service: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventStats:
    """How many events there are, by level, by service, and by the hour that they begin in (newest first)."""

    total: int
    by_level: Mapping[str, int]
    by_service: Mapping[str, int]
    by_hour: Mapping[datetime, int]
