"""The scheduler rings again for work that is due, whoever lost the bell, ends what has no attempt left, and sweeps.

Any number of copies may run: a bell too many finds nothing to claim, `fail_spent` changes each record once, and what two
of them remove is removed once. A round does a bounded amount of each, so that it stays short whatever there is to do; a
sweep goes on where the round before ended, and begins anew when it has seen everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

import structlog

from inventory.clock import utc_now
from inventory.errors import StorageUnavailable
from inventory.queue import FEW
from inventory.wiring import Services

log = structlog.get_logger(__name__)

INTERVAL = 2.0
"""Seconds between two rounds: how long a lost bell or a pause that is over can go unnoticed."""
BATCH = 1_000
"""Spent records that are failed in one transaction."""
SWEPT = 100
"""Records whose old snapshots are removed, and snapshots and bodies that are looked at, in one round."""


@dataclass
class Sweep:
    """Where the next round goes on."""

    snapshots: str = ""
    bodies: str = ""


def run(services: Services, stopping: Event, *, pulse: Callable[[], None], interval: float = INTERVAL) -> None:
    """Do rounds until told to stop, with a pulse for each; a store that is away is tried again in the next one."""
    sweep = Sweep()
    while not stopping.is_set():
        pulse()
        try:
            round_(services)
            retain(services, sweep)
        except StorageUnavailable as error:
            log.warning("store_not_ready", error=str(error))
        stopping.wait(interval)


def round_(services: Services) -> int:
    """One round: fail what is spent, ring for what is due; how many bells were rung."""
    now, records = utc_now(), services.store.records
    most = services.settings.max_attempts
    retry_at = now + timedelta(seconds=services.settings.retry_failed_after)
    while records.fail_spent(now=now, max_attempts=most, retry_at=retry_at, limit=BATCH) == BATCH:
        continue
    due = records.due(now=now, max_attempts=most, limit=FEW)
    return sum(services.queue.ring(record_id) for record_id in due)


def retain(services: Services, sweep: Sweep) -> None:
    """Remove some of the snapshots beyond those to be kept, and of what workers that died left behind."""
    store = services.store
    retired = store.snapshots.retire(keep=services.settings.keep_snapshots, limit=SWEPT)
    if retired:
        log.info("snapshots_retired", count=retired)
    sweep.snapshots = store.snapshots.sweep(after=sweep.snapshots, limit=SWEPT)
    sweep.bodies = store.bodies.sweep(after=sweep.bodies, limit=SWEPT)
