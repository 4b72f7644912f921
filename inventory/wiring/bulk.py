"""Wires jobs: their types, the files that they are made of, and what works on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial

from inventory.access import current
from inventory.archive.job_type import ArchiveJobs
from inventory.events.job_type import EventJobs
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.imports.archives import Archives
from inventory.imports.rows import Uploads
from inventory.imports.service import ImportService
from inventory.jobs.chunks import Chunks
from inventory.jobs.job_type import JobType
from inventory.jobs.runner import JobRunner
from inventory.jobs.service import JobService
from inventory.observations.indexing import Indexer
from inventory.observations.service import SearchService
from inventory.products import pages
from inventory.products.job_type import FeedJobs
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService
from inventory.services import MakeJobRunner
from inventory.weather.job_type import CityJobs
from inventory.weather.service import SOURCE as WEATHER
from inventory.webpages.job_type import UrlJobs
from inventory.webpages.model import SOURCE as WEBPAGES
from inventory.wiring.parts import Parts


def all_job_types(
    parts: Parts, records: RecordService, snapshots: SnapshotService, search: SearchService, indexer: Indexer
) -> Mapping[str, JobType]:
    """The types of all jobs, by name."""
    return {each.name: each for each in (*_imported(parts, records, snapshots, search, indexer), _feeds(parts))}


def _imported(
    parts: Parts, records: RecordService, snapshots: SnapshotService, search: SearchService, indexer: Indexer
) -> Iterator[JobType]:
    """The types of jobs that files become, in the order of the documentation."""
    settings, sources, uploads = parts.settings, parts.sources, Uploads(parts.files)
    if source := sources.get(WEBPAGES):
        fresh_for = timedelta(seconds=settings.fresh_for)
        yield UrlJobs(records, source, uploads, fresh_for=fresh_for, add_labels=search.add_tags, labels=search.labels)
    if source := sources.get(WEATHER):
        yield CityJobs(records, snapshots, source, uploads, fresh_for=timedelta(seconds=settings.weather_fresh_for))
    yield EventJobs(parts.store.events, uploads, line_delay=settings.events_line_delay, sleep=parts.sleep)
    if source := sources.get(WEBPAGES):
        yield ArchiveJobs(
            snapshots,
            source,
            Archives(parts.files),
            keep=settings.keep_snapshots,
            body_limit=settings.body_limit,
            index=indexer.index,
            labels=search.labels,
            clock=parts.clock,
        )


def _feeds(parts: Parts) -> FeedJobs:
    """Fetches pages of product feeds. Each call is one request, because each request has a permit of its own."""
    settings, clock = parts.settings, parts.clock
    fetcher = Fetcher(
        RequestsTransport(Guard(settings.allow_networks), resolve=parts.resolve, resend=False),
        deadline=settings.fetch_deadline,
        body_limit=pages.MAX_PAGE_BYTES,
        max_redirects=0,
    )
    source = pages.Pages(fetcher, clock)
    products, feeds = parts.store.products, settings.product_feeds
    return FeedJobs(products, feeds, source, parts.budgets, clock=clock, rng=parts.rng, notifier=parts.notifier)


def job_service(parts: Parts, job_types: Mapping[str, JobType], records: RecordService) -> JobService:
    """Jobs as users see them."""
    jobs, files, notifier = parts.store.jobs, parts.files, parts.notifier
    return JobService(jobs, job_types, records, files, notifier, clock=parts.clock, owner=current.owner)


def job_runner(parts: Parts, job_types: Mapping[str, JobType]) -> MakeJobRunner:
    """What works on jobs, in workers."""
    jobs, chunks = parts.store.jobs, Chunks(parts.files)
    return partial(JobRunner, jobs, chunks, job_types, parts.notifier, clock=parts.clock, pace=parts.pace)


def import_service(parts: Parts, jobs: JobService, job_types: Mapping[str, JobType]) -> ImportService:
    """What makes jobs of files."""
    return ImportService(
        jobs,
        parts.files,
        job_types,
        upload_limit=parts.settings.upload_limit,
        slots=parts.threads.uploads,
        waiting=parts.threads.waiting_uploads,
        clock=parts.clock,
    )
