"""The scheduler's work for watches: a little in each round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog

from inventory.clock import utc_now
from inventory.services import Services
from workers.sweeping import is_put_off

log = structlog.get_logger(__name__)

WORK_FOR = 1.0
"""Seconds of a round for each kind of work, so that no other waits for long."""
MAX_REMOVED = 1_000
"""Messages that are removed in one round; void schedules among which they are looked for; outcomes that are forgotten."""
REMOVE_VOID_EVERY = timedelta(minutes=10)
"""Time between two sweeps through all schedules. Void ones collect nothing, and those that are due go at once."""
RETIRE_EVERY = timedelta(minutes=1)
"""Time between two searches for old messages."""


class BackgroundWatching:
    """Works for watches in the rounds of one scheduler, a kind of work for up to `WORK_FOR` seconds in each."""

    def __init__(self, services: Services) -> None:
        self._store, self._work = services.store, services.watch_work
        self._keep_for = timedelta(seconds=services.settings.keep_messages_for)
        self._void = ""
        self._void_at: datetime | None = None
        self._retire_at: datetime | None = None

    def look(self) -> None:
        """Let watches look at outcomes, and forget those of before any watch."""
        _for_a_while(self._work.looker.look)
        self._store.outcomes.forget(limit=MAX_REMOVED)

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
        """Remove old messages."""
        now = utc_now()
        if is_put_off(self._retire_at, RETIRE_EVERY, now):
            return
        retired = self._store.messages.retire(before=now - self._keep_for, limit=MAX_REMOVED)
        if retired:
            log.info("messages_retired", count=retired)
        self._retire_at = None if retired == MAX_REMOVED else now + RETIRE_EVERY

    def remove_void(self) -> None:
        """Remove some of the schedules of watches that are gone, paused or changed."""
        now = utc_now()
        if is_put_off(self._void_at, REMOVE_VOID_EVERY, now):
            return
        self._void = self._store.schedules.remove_void(after=self._void, limit=MAX_REMOVED)
        self._void_at = None if self._void else now + REMOVE_VOID_EVERY


def _for_a_while(step: Callable[[], int]) -> None:
    """Repeat a step while there is something to do, for up to `WORK_FOR` seconds."""
    until = monotonic() + WORK_FOR
    while step() and monotonic() < until:
        continue
