"""The history of lookups, for the sources that are configured to have one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

import structlog

from inventory.clock import Clock
from inventory.errors import StorageUnavailable
from inventory.history.model import Lookup, LookupOutcome
from inventory.history.ports import History
from inventory.listing import Key
from inventory.records.model import Target

log = structlog.get_logger(__name__)


class HistoryService:
    """Keeps the lookups of some `sources`."""

    def __init__(self, history: History, sources: Collection[str], *, clock: Clock) -> None:
        self._history = history
        self._sources = frozenset(sources)
        self._clock = clock

    def keeps(self, source: str) -> bool:
        """Whether the lookups of a source are kept."""
        return source in self._sources

    def note(self, target: Target, outcome: LookupOutcome) -> None:
        """Keep a lookup, if its source has a history. One that cannot be kept is logged, and is answered all the same."""
        if target.source not in self._sources:
            return
        try:
            self._history.add(Lookup(secrets.token_hex(16), target.source, target.key, outcome, self._clock()))
        except StorageUnavailable as error:
            log.warning("lookup_not_kept", source=target.source, key=target.key, error=str(error))

    def listing(self, source: str | None, *, limit: int, after: Key | None) -> Sequence[Lookup]:
        """Lookups, newest first, those after the position `after`."""
        return self._history.listing(source, limit=limit, after=after)

    def clear(self) -> None:
        """Forget all lookups."""
        self._history.clear()
