"""What RQ calls. Ids are the only arguments; everything else is in the store."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cache, partial
from threading import Event

import structlog

from inventory import faults, wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.jobs.runner import JobRunner
from inventory.records.collector import RESERVATION_NEAR
from inventory.services import Services
from workers import cpu_affinity

log = structlog.get_logger(__name__)

PLACES = 40
"""Collections at once in one worker, 32 of them also for jobs: they mostly wait for the outside."""

stopping = Event()
"""Set when this worker was asked to stop: it claims no more."""


@cache
def services() -> Services:
    """This process's services, built on first use, behind the fork."""
    return wiring.build(Settings.read())


def collect(record_id: str) -> int:
    """Answer a bell that rang for a record: do whatever is due, this record among it; how many collections were settled."""
    return _answer(record_id)


def work(job_id: str) -> int:
    """Answer a bell that rang for a job, in the same way: the two differ in which is answered first."""
    return _answer(job_id)


def work_due() -> int:
    """Collect whatever is due, and work on jobs, for up to `COLLECT_FOR` seconds; how many collections were settled.

    Then it claims no more, hands back the batches that it holds, and rings for what is left. A file that is being read is
    read on for `READ_FOR` more. In a store that is away nothing is done, and after a fault of ours no more: the scheduler
    rings again for what is due.
    """
    until = time.monotonic() + wiring.COLLECT_FOR

    def is_time_up(runner: JobRunner) -> bool:
        over = time.monotonic() - until
        return stopping.is_set() or over > wiring.READ_FOR or (over > 0 and not runner.is_reading)

    try:
        with cpu_affinity.kept(), services().job_runner(stopping=stopping.is_set) as runner:
            stop = partial(is_time_up, runner)
            settled = services().collector.collect_due(slots=PLACES, stopping=stop, more=runner.more)
        ring_for_due(limit=1, ahead=RESERVATION_NEAR if services().collector.is_reservation_near() else timedelta(0))
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
        return 0
    except Exception as error:  # noqa: BLE001 - the outermost edge of a worker, which goes on: logged and counted
        faults.note(services().notifier, error, "drain")
        return 0
    return settled


def ring_for_due(*, limit: int, ahead: timedelta = timedelta(0)) -> int:
    """Ring for up to `limit` records and as many jobs that are due, records `ahead` of that; how many bells were rung."""
    now, store, queue = utc_now(), services().store, services().notifier
    records = store.records.due(now=now + ahead, max_attempts=services().settings.max_attempts, limit=limit)
    jobs = store.jobs.due(now=now, limit=limit)
    return sum(map(queue.wake_worker, records)) + sum(map(queue.wake_worker_for_job, jobs))


def _answer(rung_for: str) -> int:
    settled = work_due()
    log.info("drained", rung_for=rung_for, settled=settled)
    return settled
