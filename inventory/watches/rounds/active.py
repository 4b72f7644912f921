"""The watches that are not paused, ready to look at targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from inventory.errors import InvalidQuery
from inventory.watches.model import Watch
from inventory.watches.parsing import ParsedWatch, parsed
from inventory.watches.ports import Watches

log = structlog.get_logger(__name__)


class ActiveWatches:
    """Reads them, and parses each only when it has changed; for one thread."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._parsed: dict[str, tuple[Watch, ParsedWatch | None]] = {}

    def by_id(self) -> Mapping[str, Watch]:
        """All that are not paused."""
        return {each.id: each for each in self._watches.active()}

    def parsed(self) -> Sequence[ParsedWatch]:
        """The same, parsed; without those whose query only an earlier version could read, which a line in the log tells."""
        before, self._parsed = self._parsed, {}
        for each in self._watches.active():
            known = before.get(each.id)
            self._parsed[each.id] = known if known is not None and known[0] == each else (each, _read(each))
        return [each for _, each in self._parsed.values() if each is not None]


def _read(watch: Watch) -> ParsedWatch | None:
    try:
        return parsed(watch)
    except InvalidQuery as error:
        log.warning("watch_not_read", watch_id=watch.id, error=str(error))
        return None
