"""Waking workers for what is due, so that a lost RQ job costs time and nothing else."""

from __future__ import annotations

from datetime import datetime

from inventory.services import Services


def wake_for_records(services: Services, *, now: datetime, limit: int) -> int:
    """Wake workers for up to `limit` records that are due; how many RQ jobs were enqueued."""
    due = services.store.records.due(now=now, max_attempts=services.settings.max_attempts, limit=limit)
    return sum(services.notifier.wake_worker(record_id, key) for record_id, key in due.items())


def wake_for_jobs(services: Services, *, now: datetime, limit: int) -> int:
    """The same for jobs that have something to do."""
    found = [services.store.jobs.find(job_id) for job_id in services.store.jobs.due(now=now, limit=limit)]
    jobs = [job for job in found if job is not None]
    return sum(services.notifier.wake_worker_for_job(job.id, job.label) for job in jobs)


def wake_for_deliveries(services: Services, *, now: datetime, limit: int) -> int:
    """The same for deliveries that are due."""
    due = services.store.deliveries.due(now=now, limit=limit)
    return sum(services.notifier.wake_worker_to_deliver(delivery_id, to) for delivery_id, to in due.items())
