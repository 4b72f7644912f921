"""What RQ calls. Ids are the only arguments; everything else is in the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from threading import Event
from typing import TypeVar

import structlog

from inventory import faults, wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.jobs.runner import JobRunner
from inventory.records.collector import RESERVATION_NEAR
from inventory.services import Services
from workers import cpu_affinity, outcomes
from workers.background import Background
from workers.lingering import Lingering
from workers.waking import wake_for_jobs, wake_for_records

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

SLOTS = 40
"""Collections at once in one worker, 32 of them also for jobs: they mostly wait for upstreams."""

stopping = Event()
"""Set when this worker was asked to stop: it claims no more."""

delivering = Background(lambda first: _to_its_end(partial(_deliver, first), otherwise=None), name="deliver")
"""What this worker delivers, beside what RQ lets it do."""


@cache
def services() -> Services:
    """This process's services, built on first use, after the fork."""
    return wiring.build(Settings.read(), in_background=True)


def collect(record_id: str) -> str:
    """Collect this record first if it is due, then whatever else is due; what became of it, in words."""
    return _to_its_end(partial(_collect, record_id), otherwise="not collected: the log says why")


def work(job_id: str) -> str:
    """Work on jobs and collect what is due, as `collect` does; how far this job came, in words."""
    return _to_its_end(partial(_work, job_id), otherwise="not worked on: the log says why")


def deliver(delivery_id: str) -> str:
    """Begin to send this delivery, if it is due, and whatever else is due; whether that began, in words."""
    return "begun" if delivering.begin(delivery_id) else "left to what this worker is delivering already"


def work_due() -> int:
    """Deliver and collect what is due, and work on jobs; how many collections were settled. Nothing is raised."""
    delivering.begin(None)
    return _to_its_end(_work_due, otherwise=0)


def _collect(record_id: str) -> str:
    records = services().store.records
    before = records.find(record_id)
    settled = _work_due(first=record_id)
    outcome = outcomes.of_record(before, records.find(record_id), settled=settled, now=utc_now())
    log.info("collected_due", record_id=record_id, settled=settled, outcome=outcome)
    return outcome


def _work(job_id: str) -> str:
    settled = _work_due()
    outcome = outcomes.of_job(services().store.jobs.find(job_id), settled=settled)
    log.info("worked_on_due", job_id=job_id, settled=settled, outcome=outcome)
    return outcome


def _deliver(first: str | None) -> None:
    settled = services().deliverer.deliver_due(stopping=stopping.is_set, first=first)
    log.info("delivered_due", delivery_id=first, settled=settled)


def _work_due(first: str | None = None) -> int:
    """Work for up to `COLLECT_FOR` seconds, or `READ_FOR` more while a file is read, then wake workers for what is left.
    If the store is slow, that may begin late, so it goes on for longer.

    A file that is read would be read from its start again by the next worker. The claimed batches are handed back.
    """
    until = time.monotonic() + wiring.COLLECT_FOR

    def is_time_up(runner: JobRunner) -> bool:
        over = time.monotonic() - until - runner.pace.slack.total_seconds()
        return stopping.is_set() or over > wiring.READ_FOR or (over > 0 and not runner.is_splitting)

    collector = services().collector
    with cpu_affinity.kept(services().settings.data_dir), services().job_runner(stopping=stopping.is_set) as runner:
        stop = partial(is_time_up, runner)
        lingering = Lingering(runner.more, stopping)
        settled = collector.collect_due(slots=SLOTS, stopping=stop, more=lingering.more, first=first)
    now, soon = utc_now(), RESERVATION_NEAR if collector.is_reservation_near() else timedelta(0)
    wake_for_records(services(), now=now + soon, limit=1)
    wake_for_jobs(services(), now=now, limit=1)
    return settled


def _to_its_end(work: Callable[[], Result], *, otherwise: Result) -> Result:
    """What some work results in. Whatever is raised, the worker goes on: the scheduler wakes it again for what is due."""
    try:
        return work()
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
    except Exception as error:  # noqa: BLE001 - the outermost edge of a worker: logged and counted
        faults.note(services().notifier, error, "work_due")
    return otherwise
