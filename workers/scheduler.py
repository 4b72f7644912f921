"""The scheduler rings again for work that is due, whoever lost the bell, ends what is over, and sweeps.

Any number of copies may run: a bell too many finds nothing to claim, `fail_spent` changes each record once, and what two
of them remove is removed once. A round does a bounded amount of each, so that it stays short whatever there is to do; a
sweep goes on where the round before ended, and begins anew when it has seen everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

import structlog

from inventory.clock import utc_now
from inventory.errors import StorageUnavailable
from inventory.jobs import retention
from inventory.queue import FEW
from inventory.wiring import Services

log = structlog.get_logger(__name__)

INTERVAL = 2.0
"""Seconds between two rounds: how long a lost bell or a pause that is over can go unnoticed."""
BATCH = 1_000
"""Spent records that are failed in one transaction."""
SWEPT = 100
"""Records whose old snapshots are removed, and snapshots, bodies and files that are looked at, in one round."""
RETIRED = 5_000
"""Rows of old jobs, and old lookups, that are removed in one round."""
UPLOAD_WITHOUT_JOB = timedelta(days=1)
"""How long an upload may be there before its job is."""
LOOK_AT_FILES = timedelta(minutes=1)
"""After which the files are looked at again when all of them were seen: each look may be a request that costs money."""


@dataclass
class Sweep:
    """Where the next round goes on."""

    snapshots: str = ""
    bodies: str = ""
    uploads: str = ""
    parts: str = ""
    files_at: datetime | None = None


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
    """One round: fail what is spent, end jobs that are done, ring for what is due; how many bells were rung."""
    now, records, queue = utc_now(), services.store.records, services.queue
    most = services.settings.max_attempts
    retry_at = now + timedelta(seconds=services.settings.retry_failed_after)
    while records.fail_spent(now=now, max_attempts=most, retry_at=retry_at, limit=BATCH) == BATCH:
        continue
    services.engine.complete()
    due, due_jobs = records.due(now=now, max_attempts=most, limit=FEW), services.store.jobs.due(now=now, limit=FEW)
    return sum(map(queue.ring, due)) + sum(map(queue.ring_job, due_jobs))


def retain(services: Services, sweep: Sweep) -> None:
    """Remove some of the snapshots beyond those to be kept, of old jobs and lookups, and of what workers left that died."""
    store, now = services.store, utc_now()
    retired = store.snapshots.retire(keep=services.settings.keep_snapshots, limit=SWEPT)
    if retired:
        log.info("snapshots_retired", count=retired)
    sweep.snapshots = store.snapshots.sweep(after=sweep.snapshots, limit=SWEPT)
    sweep.bodies = store.bodies.sweep(after=sweep.bodies, limit=SWEPT)
    old = now - timedelta(seconds=services.settings.keep_jobs_for)
    retired = retention.retire_jobs(store.jobs, services.files, before=old, limit=RETIRED)
    if retired:
        log.info("jobs_retired", count=retired)
    forgotten = store.history.retire(before=now - timedelta(seconds=services.settings.keep_history_for), limit=RETIRED)
    if forgotten:
        log.info("lookups_forgotten", count=forgotten)
    if sweep.files_at is None or now >= sweep.files_at:
        _sweep_files(services, sweep, now)


def _sweep_files(services: Services, sweep: Sweep, now: datetime) -> None:
    jobs, files, old = services.store.jobs, services.files, now - UPLOAD_WITHOUT_JOB
    sweep.uploads = retention.sweep_uploads(jobs, files, before=old, after=sweep.uploads, limit=SWEPT)
    sweep.parts = retention.sweep_parts(jobs, files, after=sweep.parts, limit=SWEPT)
    if not (sweep.uploads or sweep.parts):
        sweep.files_at = now + LOOK_AT_FILES
