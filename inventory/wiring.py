"""The one place that chooses implementations."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import sleep
from urllib.parse import unquote, urlsplit

from redis import Redis

from inventory.changes.fleet import FleetChanges
from inventory.changes.service import ChangeService
from inventory.clock import Clock, utc_now
from inventory.config import Settings
from inventory.events.job_type import EventJobs
from inventory.events.service import EventService
from inventory.files import Files
from inventory.history.service import HistoryService
from inventory.html_pages.page import page_of
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.http_client.resolver import Resolve, resolve
from inventory.imports.rows import Uploads
from inventory.imports.service import ImportService
from inventory.jobs.chunks import Chunks
from inventory.jobs.job_type import JobType
from inventory.jobs.runner import JobRunner
from inventory.jobs.service import JobService
from inventory.jobs.stream import JobStream
from inventory.memory_budget import MemoryBudget
from inventory.notifier import Notifier, connect
from inventory.observations.indexing import Indexer
from inventory.observations.observing import Observer
from inventory.observations.reindexing import Reindexer
from inventory.observations.service import SearchService
from inventory.ops.write_probe import WriteProbe
from inventory.products import feeds, pages
from inventory.products.job_type import FeedJobs
from inventory.products.service import ProductService
from inventory.rate_limits import model as budget_model
from inventory.rate_limits.fallback import FallbackBudgets
from inventory.rate_limits.limits import HostLimits
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Budgets
from inventory.rate_limits.service import UpstreamService
from inventory.rate_limits.shared import SharedBudgets
from inventory.records.collector import Collector, Observe
from inventory.records.inline import InlineCollector
from inventory.records.outcomes import CollectionPolicy, collection_retries
from inventory.records.service import RecordService
from inventory.records.source import Source
from inventory.services import Services
from inventory.slots import Slots
from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from inventory.weather.job_type import CityJobs
from inventory.weather.providers import OpenMeteo, OpenWeather, Provider
from inventory.weather.service import WeatherService
from inventory.weather.source import MAX_BYTES, Weather
from inventory.webpages.job_type import UrlJobs
from inventory.webpages.source import Webpage

SEARCHES_AT_ONCE = 2
"""Threads of a process share one interpreter: with more, each search takes longer, and each lookup waits for all of them."""
SEARCHES_WAIT = 5.0
"""Seconds that a search waits for others."""
COLLECT_FOR = 20
"""Seconds for which a worker claims further work in one RQ job, so that no RQ job runs for ever."""
READ_FOR = 600
"""Seconds that it may take in addition to split the file of a job: one gigabyte takes some minutes."""
BODIES_IN_MEMORY = 6
"""Large bodies that collections of a process have room for: what one takes to be read, and two that wait to be kept."""
MAX_UPLOADS = 4
"""Files that one API process receives at once."""
OPENWEATHER_URL = "https://api.openweathermap.org/data/2.5/weather"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadShares:
    """How many threads of an API process each may take, of those that neither collecting inline nor streaming takes."""

    uploads: int
    waiting_uploads: int
    searches: int
    waiting_lookups: int


def build(
    settings: Settings,
    *,
    store: Store | None = None,
    redis: Redis | None = None,
    sources: Sequence[Source] | None = None,
    resolve: Resolve = resolve,
    clock: Clock = utc_now,
    rng: random.Random | None = None,
    sleep: Callable[[float], object] = sleep,
    budgets: Budgets | None = None,
    observe: Observe | None = None,
) -> Services:
    """The services for these settings; a keyword replaces a part."""
    store = store or open_store(settings)
    redis = redis or connect(settings.redis, socket_timeout=1.0)
    rng = rng or random.Random()  # noqa: S311 - jitter is not a secret
    budgets = budgets or _budgets(settings, redis)
    notifier = Notifier(redis, job_timeout=int(COLLECT_FOR + READ_FOR + 2 * settings.lease))
    registry = {source.name: source for source in sources or _sources(settings, resolve, clock)}
    files = Files(settings.files)
    threads = share_threads(settings.spare_threads)
    memory = MemoryBudget(BODIES_IN_MEMORY * settings.body_limit)

    collector = Collector(
        store.records,
        store.snapshots,
        registry,
        notifier,
        _policy(settings),
        budgets,
        clock=clock,
        rng=rng,
        sleep=sleep,
        observe=observe or Observer(store.observations).statements,
        memory=memory,
    )
    records = _records(settings, store, registry, notifier, threads, clock)
    inline = InlineCollector(records, store.records, collector, slots=settings.inline_slots, memory=memory)
    search = SearchService(
        store.observations,
        records,
        clock=clock,
        slots=Slots(SEARCHES_AT_ONCE, max_wait=SEARCHES_WAIT, admitted=threads.searches),
    )
    imported = _job_types(settings, store, records, search, files, registry, sleep)
    feed_jobs = _feed_jobs(settings, store, budgets, notifier, resolve=resolve, clock=clock, rng=rng)
    job_types = {each.name: each for each in (*imported, feed_jobs)}
    jobs = JobService(store.jobs, job_types, records, files, notifier, clock=clock)
    history = HistoryService(store.history, settings.history_sources, clock=clock)
    indexer = Indexer(store.observations, records, page_of, notifier, rng)
    return Services(
        settings=settings,
        store=store,
        write_probe=WriteProbe(store),
        files=files,
        notifier=notifier,
        sources=registry,
        collector=collector,
        records=records,
        inline=inline,
        search=search,
        indexer=indexer,
        reindexer=Reindexer(store.observations, indexer, clock, sleep),
        changes=ChangeService(records, clock=clock),
        fleet_changes=FleetChanges(store.observations, records, clock=clock),
        events=EventService(store.events),
        jobs=jobs,
        streams=JobStream(store.jobs, notifier, slots=settings.live_streams, clock=clock),
        job_types=job_types,
        job_runner=partial(JobRunner, store.jobs, Chunks(files), job_types, notifier, clock=clock),
        imports=_imports(settings, jobs, files, job_types, threads, clock),
        history=history,
        weather=_weather(settings, records, inline, history),
        upstreams=UpstreamService(budgets, clock=clock),
        products=ProductService(store.products, jobs, records, settings.product_feeds, clock=clock),
    )


def share_threads(spare: int) -> ThreadShares:
    """Share out the spare threads; an eighth is always left to lookups that do not wait."""
    slots = min(MAX_UPLOADS, spare // 4)  # more uploads at once would only share the same disk
    uploads = max(1, slots)
    searches = max(2, spare // 8)  # each may take seconds of a processor
    lookups = spare - uploads - slots - searches - max(1, spare // 8)
    return ThreadShares(uploads=uploads, waiting_uploads=slots, searches=searches, waiting_lookups=max(0, lookups))


def _records(
    settings: Settings, store: Store, sources: Mapping[str, Source], notifier: Notifier, threads: ThreadShares, clock: Clock
) -> RecordService:
    return RecordService(
        store.records,
        store.snapshots,
        store.bodies,
        sources,
        notifier,
        fresh_for=timedelta(seconds=settings.fresh_for),
        waiting=threads.waiting_lookups,
        clock=clock,
    )


def _imports(
    settings: Settings,
    jobs: JobService,
    files: Files,
    job_types: Mapping[str, JobType],
    threads: ThreadShares,
    clock: Clock,
) -> ImportService:
    return ImportService(
        jobs,
        files,
        job_types,
        upload_limit=settings.upload_limit,
        slots=threads.uploads,
        waiting=threads.waiting_uploads,
        clock=clock,
    )


def _policy(settings: Settings) -> CollectionPolicy:
    return CollectionPolicy(
        lease_for=timedelta(seconds=settings.lease),
        retry=collection_retries(max_attempts=settings.max_attempts, base=settings.retry_base),
        retry_failed_after=timedelta(seconds=settings.retry_failed_after),
    )


def _budgets(settings: Settings, redis: Redis) -> Budgets:
    """How often each upstream may be called: by all programs together, and by this one alone while Redis is away."""
    rate, concurrency = settings.upstream_rate, settings.upstream_concurrency
    feed_limits = feeds.limits(settings.product_feeds)
    limits = HostLimits(rate.default, concurrency.default, rate.hosts, concurrency.hosts, feed_limits)
    policy = budget_model.Policy(lease=settings.lease)
    programs = settings.api_processes + settings.workers
    local = LocalBudgets(lambda host: limits(host).share(programs), policy)
    return FallbackBudgets(SharedBudgets(redis, limits, policy), local)


def _sources(settings: Settings, resolve: Resolve, clock: Clock) -> Sequence[Source]:
    guard = Guard(settings.allow_networks)
    transport = RequestsTransport(guard, resolve=resolve)
    deadline, hops = settings.fetch_deadline, settings.max_redirects
    fetcher = Fetcher(transport, deadline=deadline, body_limit=settings.body_limit, max_redirects=hops, clock=clock)
    # A third of the deadline each, because the weather of a city takes up to three calls, one after the other.
    weather = Fetcher(transport, deadline=deadline / 3, body_limit=MAX_BYTES, max_redirects=hops, clock=clock)
    return [Webpage(fetcher, guard, clock), Weather(weather, _weather_provider(settings))]


def _weather_provider(settings: Settings) -> Provider:
    if not settings.openweather_key:
        return OpenMeteo(settings.weather_geocoding_url, settings.weather_url)
    given = settings.weather_url != Settings.weather_url
    return OpenWeather(settings.weather_url if given else OPENWEATHER_URL, settings.openweather_key)


def _feed_jobs(
    settings: Settings,
    store: Store,
    budgets: Budgets,
    notifier: Notifier,
    *,
    resolve: Resolve,
    clock: Clock,
    rng: random.Random,
) -> FeedJobs:
    """Fetches pages of product feeds. Each call is one request, because each request has a permit of its own."""
    fetcher = Fetcher(
        RequestsTransport(Guard(settings.allow_networks), resolve=resolve, resend=False),
        deadline=settings.fetch_deadline,
        body_limit=pages.MAX_PAGE_BYTES,
        max_redirects=0,
    )
    source = pages.Pages(fetcher, clock)
    return FeedJobs(store.products, settings.product_feeds, source, budgets, clock=clock, rng=rng, notifier=notifier)


def _job_types(
    settings: Settings,
    store: Store,
    records: RecordService,
    search: SearchService,
    files: Files,
    sources: Mapping[str, Source],
    sleep: Callable[[float], object],
) -> Iterator[JobType]:
    """The types of jobs that files become, in the order of the documentation."""
    uploads = Uploads(files)
    if source := sources.get("webpage"):
        fresh_for = timedelta(seconds=settings.fresh_for)
        yield UrlJobs(records, source, uploads, fresh_for=fresh_for, add_labels=search.add_tags)
    if source := sources.get("weather"):
        yield CityJobs(records, source, uploads, fresh_for=timedelta(seconds=settings.weather_fresh_for))
    yield EventJobs(store.events, uploads, line_delay=settings.events_line_delay, sleep=sleep)


def _weather(settings: Settings, records: RecordService, inline: InlineCollector, history: HistoryService) -> WeatherService:
    fresh_for = timedelta(seconds=settings.weather_fresh_for)
    return WeatherService(records, inline, history, fresh_for=fresh_for, wait_for=settings.fetch_deadline)


def open_store(settings: Settings) -> Store:
    """The store that the settings name; it connects on first use."""
    if settings.store.startswith("sqlite:"):
        return SqliteStore(unquote(urlsplit(settings.store).path[1:]))
    from inventory.store.mongo import MongoStore  # here, because the embedded stack does without: pymongo starts slowly

    return MongoStore(settings.store)
