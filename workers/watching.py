"""The scheduler's work for watches: a little in each round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from inventory.services import Services
from workers.sweeping import is_put_off

log = structlog.get_logger(__name__)

WORK_FOR = 1.0
"""Seconds of a round for each kind of work, so that no other waits for long."""
MAX_SWEPT = 1_000
"""Schedules that are looked through in one round, and outcomes that are forgotten."""
MAX_REMOVED = 2_000
"""Rows of old messages that are removed in one transaction."""
SWEEP_EVERY = timedelta(minutes=10)
"""Time between two sweeps through all schedules. Void ones collect nothing, and those that are due go at once."""
PAUSE_EVERY = timedelta(seconds=10)
"""Time between two looks at the keys of all watches."""
RETIRE_EVERY = timedelta(minutes=1)
"""Time between two searches for old messages."""


class BackgroundWatching:
    """Works for watches in the rounds of one scheduler, a kind of work for up to `WORK_FOR` seconds in each."""

    def __init__(self, services: Services) -> None:
        self._store, self._work = services.store, services.watch_work
        self._watches, self._keys = services.watches, services.keys
        self._clock = services.watch_work.clock
        self._keep_for = timedelta(seconds=services.settings.keep_messages_for)
        self._swept = ""
        self._swept_at: datetime | None = None
        self._retire_at: datetime | None = None
        self._pause_at: datetime | None = None

    def pause(self) -> None:
        """Pause the watches of keys that were revoked or have expired."""
        now = self._clock()
        if is_put_off(self._pause_at, PAUSE_EVERY, now):
            return
        for each in self._watches.pause_orphans(self._keys.has_ended):
            log.warning("watch_paused", watch_id=each.id, key_id=each.owner)
        self._pause_at = now + PAUSE_EVERY

    def look(self) -> None:
        """Let watches look at outcomes, and forget those of before any watch."""
        _for_a_while(self._work.looker.look)
        self._store.outcomes.forget(limit=MAX_SWEPT)

    def enrol(self) -> None:
        """Give the targets of new and changed watches schedules."""
        _for_a_while(self._work.enroller.enrol_some)

    def collect(self) -> None:
        """Accept the collections that are due for watches."""
        _for_a_while(self._work.collections.accept_some)

    def compose(self) -> None:
        """Make the messages that are due."""
        _for_a_while(self._work.composer.compose_next)

    def retire(self) -> None:
        """Remove old messages, and what watches left that are gone."""
        now = self._clock()
        if is_put_off(self._retire_at, RETIRE_EVERY, now):
            return
        retire = partial(self._store.messages.retire, before=now - self._keep_for, limit=MAX_REMOVED)
        retired, is_over = _for_a_while(retire)
        if retired:
            log.info("messages_retired", rows=retired)
        self._retire_at = now + RETIRE_EVERY if is_over else None

    def sweep(self) -> None:
        """Look through some of the schedules: those of watches that are gone, paused or changed are removed."""
        now = self._clock()
        if is_put_off(self._swept_at, SWEEP_EVERY, now):
            return
        self._swept = self._store.schedules.sweep(after=self._swept, limit=MAX_SWEPT, now=now)
        self._swept_at = None if self._swept else now + SWEEP_EVERY


def _for_a_while(step: Callable[[], int]) -> tuple[int, bool]:
    """Repeat a step while there is something to do, for up to `WORK_FOR` seconds; how much that was, and if that was all."""
    until, done = monotonic() + WORK_FOR, 0
    while done_now := step():
        done += done_now
        if monotonic() >= until:
            return done, False
    return done, True
