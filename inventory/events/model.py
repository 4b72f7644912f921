"""Log events: one line of an imported log file each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from inventory.listing import Key

MAX_LEVELS = 6
"""Levels that events may have."""
MAX_SEARCHED, MAX_SEARCHED_CHARACTERS = 10_000, 16 * 1024 * 1024
"""Events that a search looks at for one page, or minutes in which a trace may be, and characters of messages."""


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
        return id_of(self.job_id, self.line)


class PlainEvent(NamedTuple):
    """An event of a job as a store keeps it, one of millions: instant in milliseconds since 1970, attributes as JSON.

    No text has half of a surrogate pair.
    """

    line: int
    timestamp: int
    level: str
    service: str
    message: str
    attributes: str
    trace_id: str | None


def id_of(job_id: str, line: int) -> str:
    """The id of an event."""
    return f"{job_id}-{line:010d}"


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
    """How many events there are, by level, by service, and by the hour that they begin in (newest first) and the level."""

    total: int
    by_level: Mapping[str, int]
    by_service: Mapping[str, int]
    by_hour: Mapping[datetime, Mapping[str, int]]


@dataclass(slots=True)
class EventSearch:
    """A search for the events of a trace, or for a text in messages, in any case, or for both.

    It ends after `limit` events, or when it has looked at enough.
    """

    limit: int
    text: str = ""
    trace_id: str | None = None
    found: int = 0
    looked: int = 0
    characters: int = 0
    _needle: str = field(init=False)

    def __post_init__(self) -> None:
        self._needle = self.text.casefold()

    def takes(self, message: str) -> bool:
        """Whether the next event, whose message this is, has the text."""
        self.looked += 1
        self.characters += len(message)
        is_found = self._needle in message.casefold()
        self.found += is_found
        return is_found

    def skip(self) -> None:
        """Count a minute that was looked at."""
        self.looked += 1

    @property
    def is_over(self) -> bool:
        """Whether the page ends here."""
        is_tired = self.looked >= MAX_SEARCHED or self.characters >= MAX_SEARCHED_CHARACTERS
        return is_tired or self.found >= self.limit


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """The events that a search found, newest first, and the position up to which it looked; None if it saw all."""

    events: Sequence[Event]
    reached: Key | None
