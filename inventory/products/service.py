"""Product feeds: runs that pull them, and the results of the latest one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from inventory.clock import Clock
from inventory.errors import NotFound
from inventory.jobs.model import Job, JobStatus, Row, RowOutcome
from inventory.jobs.service import JobService
from inventory.listing import Key
from inventory.products.feeds import Feed
from inventory.products.job_type import FEEDS, KIND
from inventory.products.model import CatalogueEntry, Category, ProductFilter
from inventory.products.ports import Products
from inventory.products.progress import FeedProgress
from inventory.records.model import Snapshot
from inventory.records.snapshots import SnapshotService

MAX_TRENDS, MAX_PRICES = 20, 20
"""Products in a summary whose prices changed last, and prices of each."""
MAX_ERRORS = 200
"""Rows of each outcome that a summary shows."""
MAX_CATEGORIES = 100
PRODUCTS, MAX_PRODUCTS = 100, 1_000
"""Products in a summary: as a rule, and at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is at `now`, with the progress of each of its feeds; None for a feed that has not begun."""

    job: Job
    feeds: Sequence[tuple[str, FeedProgress | None]]
    now: datetime

    @property
    def is_complete(self) -> bool:
        """Whether each feed came to its end, and nothing of it is missing."""
        return all(progress is not None and progress.is_complete for _, progress in self.feeds)

    @property
    def seconds(self) -> float | None:
        """How long it has taken so far; None before it begins."""
        if self.job.started_at is None:
            return None
        return max(0.0, ((self.job.finished_at or self.now) - self.job.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Trend:
    """A product whose price changed, and its snapshots, newest first."""

    entry: CatalogueEntry
    snapshots: Sequence[Snapshot]


@dataclass(frozen=True, slots=True)
class Summary:
    """The latest run that has begun, if there is one, and the catalogue; `errors` are rows that failed or were rejected.

    `products` are those that were added last.
    """

    run: Run | None
    products: Sequence[CatalogueEntry]
    categories: Sequence[Category]
    trends: Sequence[Trend]
    errors: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ProductService:
    """Every method may raise `StorageUnavailable`."""

    products: Products
    jobs: JobService
    snapshots: SnapshotService
    feeds: Sequence[Feed]
    clock: Clock

    def start(self) -> Job:
        """A job that pulls all feeds, durably accepted; the same one while it is unfinished."""
        names = [feed.name for feed in self.feeds]
        return self.jobs.create(Job(token_hex(16), KIND, self.clock(), options={FEEDS: names}))

    def run(self, job: Job) -> Run:
        """How far a run has come, feed by feed."""
        kept = self.jobs.checkpoints(job.id)
        progress = {number: FeedProgress.read(checkpoint) for number, checkpoint in kept.items()}
        return Run(job, [(name, progress.get(number)) for number, name in enumerate(job.options[FEEDS], 1)], self.clock())

    def listing(self, chosen: ProductFilter, *, limit: int, after: Key | None) -> Sequence[CatalogueEntry]:
        return self.products.listing(chosen, limit=limit, after=after)

    def find(self, record_id: str) -> CatalogueEntry:
        """One product; `NotFound` if there is none."""
        found = self.products.find(record_id)
        if found is None:
            raise NotFound(f"There is no product {record_id[:50]}; /api/v1/products lists all.")
        return found

    def changed(self, *, limit: int) -> Sequence[CatalogueEntry]:
        """See `Products.changed`."""
        return self.products.changed(limit=limit)

    def versions(self, record_id: str, *, limit: int, after: Key | None) -> Sequence[Snapshot]:
        """What the latest runs saw of a product, newest first: as many snapshots as are kept."""
        return self.snapshots.newest(record_id, limit=limit, after=after)

    def summary(self, *, products: int = PRODUCTS) -> Summary:
        """The results of the latest run that has begun, and what the catalogue holds, with so many of its products."""
        run = self.latest_run()
        shown = self.listing(ProductFilter(), limit=products, after=None) if products else []
        categories = self.products.categories(limit=MAX_CATEGORIES)
        return Summary(run, shown, categories, self._trends(), self.errors(run, limit=MAX_ERRORS))

    def latest_run(self) -> Run | None:
        """The latest run that has begun, if there is one."""
        begun = [job for job in self.jobs.latest(KIND, limit=2) if job.status is not JobStatus.QUEUED]
        return self.run(begun[0]) if begun else None

    def errors(self, run: Run | None, *, limit: int) -> Sequence[Row]:
        """Rows of a run that failed and that were rejected, so many of each: pages before items."""
        if run is None:
            return []
        rows = self.jobs.rows
        return [
            row
            for outcome in (RowOutcome.FAILED, RowOutcome.REJECTED)
            for row in rows(run.job.id, outcome, limit=limit, after=0)
        ]

    def _trends(self) -> Sequence[Trend]:
        return [
            Trend(entry, self.versions(entry.record_id, limit=MAX_PRICES, after=None))
            for entry in self.changed(limit=MAX_TRENDS)
        ]
