"""Hand-written stand-ins for what the kind `events` works with: the port, and the pause."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.errors import StorageUnavailable
from inventory.events.model import Event, EventFilter, EventStats
from inventory.listing import Key


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

    def listing(self, chosen: EventFilter, *, limit: int, after: Key | None) -> Sequence[Event]:
        raise NotImplementedError

    def stats(self, chosen: EventFilter, *, hours: int) -> EventStats:
        raise NotImplementedError


class FakeSleep:
    """A pause that takes no time; `naps` are the seconds of each."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.naps.append(seconds)
