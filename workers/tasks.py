"""What RQ calls. Ids are the only arguments; everything else is in the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from threading import Event

import structlog

from inventory import wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StorageUnavailable

log = structlog.get_logger(__name__)

PLACES = 16
"""Collections at once in one worker: they mostly wait for the outside."""

stopping = Event()
"""Set when this worker was asked to stop: it claims no more."""


@cache
def services() -> wiring.Services:
    """This process's services, built on first use, behind the fork."""
    return wiring.build(Settings.read())


def collect(record_id: str) -> int:
    """Answer a bell that rang for a record: collect whatever is due, this record among it; how many were settled.

    After `DRAIN_FOR` seconds it claims no more, and rings for what is left.
    """
    settled = _until_time_is_up(lambda stop: services().collector.drain(places=PLACES, stopping=stop))
    log.info("drained", rung_for=record_id, settled=settled)
    return settled


def work(job_id: str) -> int:
    """Answer a bell that rang for a job: work on whatever jobs there are, and collect; how many collections were settled.

    It ends as `collect` does; the batches that it holds by then are handed back.
    """
    settled = work_due()
    log.info("worked", rung_for=job_id, settled=settled)
    return settled


def work_due() -> int:
    """Work on whatever jobs there are, and collect whatever is due, for up to `DRAIN_FOR` seconds; how many were settled."""
    return _until_time_is_up(_work)


def ring_for_due(*, limit: int) -> int:
    """Ring for up to `limit` records and as many jobs that are due; how many bells were rung."""
    now, store, queue = utc_now(), services().store, services().queue
    records = store.records.due(now=now, max_attempts=services().settings.max_attempts, limit=limit)
    jobs = store.jobs.due(now=now, limit=limit)
    return sum(map(queue.ring, records)) + sum(map(queue.ring_job, jobs))


def _work(stop: Callable[[], bool]) -> int:
    with services().engine.feeding(stop) as more:
        return services().collector.drain(places=PLACES, stopping=stop, more=more)


def _until_time_is_up(drain: Callable[[Callable[[], bool]], int]) -> int:
    """What a drain settled until this worker is asked to stop or its time is up; then what is left is rung for.

    From a store that is away nothing is collected: the scheduler rings when it is back.
    """
    until = time.monotonic() + wiring.DRAIN_FOR
    try:
        settled = drain(lambda: stopping.is_set() or time.monotonic() > until)
        ring_for_due(limit=1)
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
        return 0
    return settled
