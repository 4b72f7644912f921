"""Hand-written stand-ins for what the job type `events` works with: the port, the files, and the pause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from inventory.errors import StorageUnavailable
from inventory.events.model import Event, EventFilter, EventSearch, EventStats, FoundEvents, PlainEvent
from inventory.jobs.job_type import FileRows
from inventory.jobs.model import InputRow, Job
from inventory.listing import Key
from inventory.store.codecs import instant_of


class FakeEvents:
    """Keeps events by id; `away` makes it unavailable after the given number of calls, `calls` counts those of `add`."""

    def __init__(self) -> None:
        self.kept: dict[str, Event] = {}
        self.calls: list[int] = []
        self.away = False

    def add(self, events: Sequence[Event]) -> None:
        self.calls.append(len(events))
        if self.away:
            raise StorageUnavailable("The store is away.")
        for event in events:
            self.kept.setdefault(event.id, event)

    def add_plain(self, job_id: str, events: Sequence[PlainEvent]) -> None:
        self.add([read_again(job_id, event) for event in events])

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        raise NotImplementedError

    def search(self, chosen: EventFilter, search: EventSearch, *, after: Key | None) -> FoundEvents:
        raise NotImplementedError

    def note_imports(self, *, after: str, limit: int, now: datetime) -> str:
        raise NotImplementedError

    def retire(self, *, before: datetime, limit: int) -> int:
        raise NotImplementedError

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        raise NotImplementedError


def read_again(job_id: str, plain: PlainEvent) -> Event:
    """A plain event as it is read from a store."""
    rest = {"timestamp": instant_of(plain.timestamp), "attributes": json.loads(plain.attributes)}
    return Event(job_id=job_id, **plain._asdict() | rest)


class FakeUploads:
    """Uploads whose every file has these rows, each with the position of its end."""

    def __init__(self, rows: Sequence[tuple[InputRow, int]] = ()) -> None:
        self._rows = rows

    def rows(self, job: Job, file_rows: FileRows) -> Iterator[tuple[InputRow, int]]:
        return iter(self._rows)

    in_blocks = rows


class FakeSleep:
    """A pause that takes no time; `naps` are the seconds of each."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
