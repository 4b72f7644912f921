"""A worker of its own process that rows may kill: `python -m tests.jobs.dying DATA_DIR SECONDS`, so much later than now."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fakeredis

from inventory import wiring
from inventory.config import PerHost, Settings
from inventory.events.job_type import EventJobs
from inventory.events.model import Event, PlainEvent
from inventory.events.ports import Events
from inventory.imports.rows import Uploads
from inventory.jobs.chunks import Chunks
from inventory.jobs.runner import JobRunner
from inventory.records.model import Target
from inventory.services import Services
from inventory.store_pace import StorePace
from inventory.weather.job_type import CityJobs
from inventory.webpages.job_type import UrlJobs
from tests.fakes import FakeWeather, FakeWeb, Unlimited

DEADLY = "deadly"


def die_of(text: str) -> None:
    """Be killed by a text, as a worker is that runs out of memory over it."""
    if DEADLY in text:
        os.kill(os.getpid(), signal.SIGKILL)


class DeadlyWeb(FakeWeb):
    def target(self, text: str) -> Target:
        die_of(text)
        return super().target(text)


class DeadlyWeather(FakeWeather):
    def target(self, text: str) -> Target:
        die_of(text)
        return super().target(text)


class DeadlyEvents:
    def __init__(self, events: Events) -> None:
        self._events = events

    def add(self, events: Sequence[Event]) -> None:
        for event in events:
            die_of(event.message)
        self._events.add(events)

    def add_plain(self, job_id: str, events: Sequence[PlainEvent]) -> None:
        for event in events:
            die_of(event.message)
        self._events.add_plain(job_id, events)


def runner_of(services: Services) -> JobRunner:
    """A runner whose job types all die of a row."""
    uploads, day = Uploads(services.files), timedelta(days=1)
    types = [
        UrlJobs(services.records, services.sources["webpage"], uploads, fresh_for=day),  # type: ignore[arg-type]
        CityJobs(services.records, services.snapshots, services.sources["weather"], uploads, fresh_for=day),  # type: ignore[arg-type]
        EventJobs(DeadlyEvents(services.store.events), uploads, line_delay=0.0, sleep=lambda _: None),  # type: ignore[arg-type]
    ]
    return JobRunner(
        services.store.jobs,
        Chunks(services.files),
        {each.name: each for each in types},
        services.notifier,
        clock=services.jobs.clock,
        pace=StorePace(),
    )


def main(data_dir: str, later: str) -> None:
    settings = Settings(
        data_dir=Path(data_dir), upstream_rate=PerHost(1_000_000.0), upstream_concurrency=PerHost(10_000), retry_base=1.0
    )
    services = wiring.build(
        settings,
        redis=fakeredis.FakeRedis(),
        sources=[DeadlyWeb(), DeadlyWeather()],
        clock=lambda: datetime.now(UTC) + timedelta(seconds=float(later)),
        rng=random.Random(7),
        budgets=Unlimited(),
    )
    runner = runner_of(services)
    while services.store.jobs.due(now=services.jobs.clock() + timedelta(days=1), limit=1):
        runner.round()
        services.collector.collect_due(slots=4, stopping=lambda: False)


if __name__ == "__main__":
    main(*sys.argv[1:])
