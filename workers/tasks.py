"""What RQ calls. Ids are the only arguments; everything else is in the store."""

from __future__ import annotations

import time
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
    settled = collect_due()
    log.info("drained", rung_for=record_id, settled=settled)
    return settled


def work(job_id: str) -> int:
    """Answer a bell that rang for a job: work on whatever jobs there are, and collect; how many claims were settled."""
    settled = collect_due()
    log.info("worked", rung_for=job_id, settled=settled)
    return settled


def collect_due() -> int:
    """Collect whatever is due for up to `DRAIN_FOR` seconds, then ring for what is left; how many were settled.

    From a store that is away nothing is collected: the scheduler rings when it is back.
    """
    until = time.monotonic() + wiring.DRAIN_FOR
    try:
        settled = services().collector.drain(places=PLACES, stopping=lambda: stopping.is_set() or time.monotonic() > until)
        ring_for_due(limit=1)
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
        return 0
    return settled


def ring_for_due(*, limit: int) -> int:
    """Ring for up to `limit` records that are due; how many bells were rung."""
    due = services().store.records.due(now=utc_now(), max_attempts=services().settings.max_attempts, limit=limit)
    return sum(services().queue.ring(record_id) for record_id in due)
