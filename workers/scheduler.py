"""The scheduler wakes workers again for what is due, ends what is over, and removes what is not needed any more.

Any number of copies may run: a worker that is woken too often finds nothing to claim, and each change and removal happens
once. A round does a bounded amount of each. A sweep goes on where the round before ended. When it has seen everything, it
starts again, at once or after a pause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import TypeVar

import structlog

from inventory import faults
from inventory.clock import utc_now
from inventory.errors import StorageUnavailable
from inventory.jobs import retention
from inventory.jobs.runner import complete_jobs
from inventory.services import Services
from workers import heartbeat
from workers.indexing import BackgroundIndexing
from workers.sweeping import is_put_off
from workers.waking import wake_for_deliveries, wake_for_jobs, wake_for_records
from workers.watching import BackgroundWatching

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

INTERVAL = 2.0
"""Seconds between two rounds: how long a lost RQ job or a pause that is over can go unnoticed."""
MAX_FAILED = 1_000
"""Spent records that are failed in one transaction."""
MAX_SWEPT = 100
"""Records whose old snapshots are removed, and snapshots, bodies and files that are checked, in one round."""
MAX_RETIRED = 5_000
"""Rows of old jobs, old lookups, old log events, old entries of the audit, and old hours, that are removed in one round."""
MAX_NOTED = 20
"""Imports of log files of which it is noted in one round that there are events: their age counts from then on."""
MAX_NAMED = 2_000
"""Records of an older version that the index of captures takes up in one round."""
MAX_PRUNED = 1_000
"""Targets and values that are checked in one round: whether they have a record, and whether any observation has them."""
KEEP_ACTIVITY_FOR = timedelta(days=400)
"""How long it is kept how many collections ended in an hour: some ten rows an hour, and a year to compare with."""
RETIRE_ACTIVITY_EVERY = timedelta(hours=1)
"""Time between two looks for hours that are too old: each hour there is one more."""
UPLOAD_WITHOUT_JOB = timedelta(days=1)
"""How long an upload may be there before its job is."""
PRUNE_EVERY = timedelta(hours=1)
"""Time between two sweeps through all targets and values: they take half of the CPU of an idle SQLite stack."""
SWEEP_FILES_EVERY = timedelta(minutes=1)
"""Time between two sweeps through all files: each listing may be a request that costs money."""


@dataclass
class Sweep:
    """Where the next round goes on, and when the next sweep begins that was put off."""

    snapshots: str = ""
    bodies: str = ""
    events: str = ""
    uploads: str = ""
    chunks: str = ""
    values: int = 0
    values_at: datetime | None = None
    activity_at: datetime | None = None
    files_at: datetime | None = None


def run(services: Services, stopping: Event, *, interval: float = INTERVAL) -> None:
    """Do rounds until told to stop, with a heartbeat for each step; a store that is away is tried again in the next one."""
    sweep, indexing, watching = Sweep(), BackgroundIndexing(services), BackgroundWatching(services)
    while not stopping.is_set():
        try:
            round_(services, indexing, watching)
            retain(services, sweep, watching)
        except StorageUnavailable as error:
            log.warning("store_not_ready", error=str(error))
        stopping.wait(interval)


def round_(
    services: Services, indexing: BackgroundIndexing | None = None, watching: BackgroundWatching | None = None
) -> int:
    """One round: fail what is spent, end jobs that are done, work for watches, wake workers for what is due, index.

    How many RQ jobs that made.
    """
    now, limit = utc_now(), services.notifier.waiting_limit()
    _attempt(services, "fail_spent", partial(_fail_spent, services))
    _attempt(services, "complete_jobs", partial(complete_jobs, services.store.jobs, services.notifier, now=now))
    _watch(services, watching or BackgroundWatching(services))
    now = utc_now()
    for_messages = _attempt(services, "wake_for_deliveries", partial(wake_for_deliveries, services, now=now, limit=limit))
    for_records = _attempt(services, "wake_for_records", partial(wake_for_records, services, now=now, limit=limit))
    for_jobs = _attempt(services, "wake_for_jobs", partial(wake_for_jobs, services, now=now, limit=limit))
    _attempt(services, "index_records", (indexing or BackgroundIndexing(services)).index_some)
    _attempt(services, "name_captures", partial(services.store.captures.name_some, MAX_NAMED))
    return (for_messages or 0) + (for_records or 0) + (for_jobs or 0)


def _watch(services: Services, watching: BackgroundWatching) -> None:
    """Work for watches. What that makes due, workers are woken for in the same round."""
    _attempt(services, "pause_watches", watching.pause)
    _attempt(services, "look_for_watches", watching.look)
    _attempt(services, "enrol_for_watches", watching.enrol)
    _attempt(services, "collect_for_watches", watching.collect)
    _attempt(services, "compose_messages", watching.compose)


def retain(services: Services, sweep: Sweep, watching: BackgroundWatching | None = None) -> None:
    """Remove some of what is old or not needed any more, and of what dead workers left.

    What needs the file store comes last, because that may be away alone.
    """
    _attempt(services, "retire_snapshots", partial(_retire_snapshots, services))
    _attempt(services, "sweep_snapshots", partial(_sweep_snapshots, services, sweep))
    _attempt(services, "sweep_bodies", partial(_sweep_bodies, services, sweep))
    _attempt(services, "prune_values", partial(_prune_values, services, sweep))
    _attempt(services, "retire_lookups", partial(_retire_lookups, services))
    _attempt(services, "prune_audit", partial(_prune_audit, services))
    _attempt(services, "retire_activity", partial(_retire_activity, services, sweep))
    _attempt(services, "retire_events", partial(_retire_events, services, sweep))
    watching = watching or BackgroundWatching(services)
    _attempt(services, "retire_messages", watching.retire)
    _attempt(services, "sweep_schedules", watching.sweep)
    _attempt(services, "retire_jobs", partial(_retire_jobs, services))
    _attempt(services, "sweep_files", partial(_sweep_files, services, sweep))


def _attempt(services: Services, name: str, step: Callable[[], Result]) -> Result | None:
    """The result of a step. This is the outermost edge of a round: an internal fault in one step keeps no other from it."""
    heartbeat.beat(services.settings.data_dir, "scheduler")
    try:
        return step()
    except StorageUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - logged and counted, and the next round tries it again
        faults.note(services.notifier, error, name)
        return None


def _fail_spent(services: Services) -> None:
    now, max_attempts = utc_now(), services.settings.max_attempts
    retry_at = now + timedelta(seconds=services.settings.retry_failed_after)
    fail_spent = partial(services.store.records.fail_spent, now=now, max_attempts=max_attempts, retry_at=retry_at)
    while fail_spent(limit=MAX_FAILED) == MAX_FAILED:
        continue


def _prune_values(services: Services, sweep: Sweep) -> None:
    now = utc_now()
    if is_put_off(sweep.values_at, PRUNE_EVERY, now):
        return
    sweep.values = services.store.observations.prune(after=sweep.values, limit=MAX_PRUNED)
    if not sweep.values:
        sweep.values_at = now + PRUNE_EVERY


def _retire_snapshots(services: Services) -> None:
    retired = services.store.snapshots.retire(keep=services.settings.keep_snapshots, limit=MAX_SWEPT)
    if retired:
        log.info("snapshots_retired", count=retired)


def _sweep_snapshots(services: Services, sweep: Sweep) -> None:
    sweep.snapshots = services.store.snapshots.sweep(after=sweep.snapshots, limit=MAX_SWEPT)


def _sweep_bodies(services: Services, sweep: Sweep) -> None:
    sweep.bodies = services.store.bodies.sweep(after=sweep.bodies, limit=MAX_SWEPT)


def _retire_lookups(services: Services) -> None:
    old = utc_now() - timedelta(seconds=services.settings.keep_history_for)
    forgotten = services.store.history.retire(before=old, limit=MAX_RETIRED)
    if forgotten:
        log.info("lookups_forgotten", count=forgotten)


def _prune_audit(services: Services) -> None:
    old = utc_now() - timedelta(seconds=services.settings.keep_audit_for)
    pruned = services.store.audit.prune(before=old, limit=MAX_RETIRED)
    if pruned:
        log.info("audit_pruned", count=pruned)


def _retire_activity(services: Services, sweep: Sweep) -> None:
    now = utc_now()
    if is_put_off(sweep.activity_at, RETIRE_ACTIVITY_EVERY, now):
        return
    retired = services.store.activity.retire(before=now - KEEP_ACTIVITY_FOR, limit=MAX_RETIRED)
    if retired < MAX_RETIRED:
        sweep.activity_at = now + RETIRE_ACTIVITY_EVERY
    if retired:
        log.info("activity_retired", count=retired)


def _retire_events(services: Services, sweep: Sweep) -> None:
    now = utc_now()
    sweep.events = services.store.events.note_imports(after=sweep.events, limit=MAX_NOTED, now=now)
    old = now - timedelta(seconds=services.settings.keep_events_for)
    retired = services.store.events.retire(before=old, limit=MAX_RETIRED)
    if retired:
        log.info("events_retired", count=retired)


def _retire_jobs(services: Services) -> None:
    old = utc_now() - timedelta(seconds=services.settings.keep_jobs_for)
    retired = retention.retire_jobs(services.store.jobs, services.files, before=old, limit=MAX_RETIRED)
    if retired:
        log.info("jobs_retired", count=retired)


def _sweep_files(services: Services, sweep: Sweep) -> None:
    now = utc_now()
    if is_put_off(sweep.files_at, SWEEP_FILES_EVERY, now):
        return
    jobs, files, old = services.store.jobs, services.files, now - UPLOAD_WITHOUT_JOB
    sweep.uploads = retention.sweep_uploads(jobs, files, before=old, after=sweep.uploads, limit=MAX_SWEPT)
    sweep.chunks = retention.sweep_chunks(jobs, files, after=sweep.chunks, limit=MAX_SWEPT)
    if not (sweep.uploads or sweep.chunks):
        sweep.files_at = now + SWEEP_FILES_EVERY
