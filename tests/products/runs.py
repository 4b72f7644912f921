"""What the tests do with product feeds: describe those of the demo, and run them in this process, in real time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fakeredis
import requests

from inventory import wiring
from inventory.config import Settings
from inventory.demo import addresses
from inventory.jobs.model import Job
from inventory.jobs.runner import complete_jobs
from inventory.products.feed_file import read
from inventory.products.feeds import Feed, limits
from inventory.rate_limits.limits import Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Policy
from inventory.services import Services
from tests.end_to_end.stack import wait_until

HUGE = Limit(1_000_000, 1_000, 1_000)


def described(folder: Path, urls: Mapping[str, str]) -> Path:
    """The file that describes the demo's feeds."""
    ports = {name: urlsplit(url).port or 0 for name, url in urls.items()}
    file = folder / "feeds.yaml"
    file.write_text(addresses.feeds(ports))
    return file


def feeds_of(folder: Path, urls: Mapping[str, str], **changes: Any) -> tuple[Feed, ...]:
    """The demo's feeds, with what all of them are to have otherwise."""
    return tuple(replace(feed, **changes) for feed in read(described(folder, urls)))


@contextmanager
def running(
    folder: Path, feeds: Sequence[Feed], budgets_of: Callable[..., LocalBudgets] = LocalBudgets
) -> Iterator[Services]:
    """Services with these feeds, on a store of their own."""
    settings = Settings.read()
    settings = replace(
        settings, data_dir=folder, product_feeds=tuple(feeds), allow_networks=(demo_network(),), fetch_deadline=2.0
    )
    known = limits(feeds)
    budgets = budgets_of(lambda host: known.get(host, HUGE), Policy(lease=settings.lease, first_pause=0.5))
    services = wiring.build(settings, redis=fakeredis.FakeRedis(), budgets=budgets)
    yield services
    services.store.close()


def demo_network() -> Any:
    """The loopback of the demo, opened."""
    from inventory.local_stack.demo import LOOPBACK

    return LOOPBACK


def run(services: Services, *, seconds: float = 100.0) -> Job:
    """A run from its start to its end, worked on in this process."""
    job = services.products.start()
    with running_worker(services):
        return wait_until(lambda: ended(services, job), "the run ends", seconds)


@contextmanager
def running_worker(services: Services) -> Iterator[Callable[[float], bool]]:
    """Inside, jobs are worked on."""
    with services.job_runner() as runner:
        yield runner.more


def ended(services: Services, job: Job) -> Job | None:
    """The job, if it is over."""
    complete_jobs(services.store.jobs, services.notifier, now=services.jobs.clock())
    found = services.jobs.find(job.id)
    return found if found.status.finished else None


def instants(url: str) -> Sequence[float]:
    """When requests came to an upstream of the demo, in seconds on its clock."""
    return [each["at"] for each in requests.get(f"{url}/_log", timeout=60).json()]


def counts(url: str) -> Mapping[str, Any]:
    """What an upstream of the demo has counted."""
    found: Mapping[str, Any] = requests.get(f"{url}/_counts", timeout=60).json()
    return found
