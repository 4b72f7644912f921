"""The one place that chooses implementations."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from threading import Event
from time import monotonic, sleep
from urllib.parse import unquote, urlsplit

import structlog
from redis import Redis

from inventory.clock import Clock, utc_now
from inventory.config import Settings
from inventory.errors import StartError, StorageUnavailable, UnusableStore
from inventory.events.job_type import EventLines
from inventory.events.service import EventService
from inventory.files import Files
from inventory.history.service import HistoryService
from inventory.http_client.fetcher import Fetcher, Resolve, resolve
from inventory.http_client.guard import Guard
from inventory.imports.lookups import LookupLines
from inventory.imports.service import ImportService
from inventory.imports.uploads import Uploads
from inventory.jobs.chunks import Chunks
from inventory.jobs.engine import Engine
from inventory.jobs.job_type import JobType
from inventory.jobs.service import JobService
from inventory.jobs.stream import JobStream
from inventory.notifier import Notifier, connect
from inventory.products import feeds, pages
from inventory.products.job_type import FeedLines
from inventory.products.service import ProductService
from inventory.rate_limits import model as budget_model
from inventory.rate_limits.fallback import FallbackBudgets
from inventory.rate_limits.limits import HostLimits
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Budgets
from inventory.rate_limits.service import UpstreamService
from inventory.rate_limits.shared import SharedBudgets
from inventory.records.collector import Collector, Policy
from inventory.records.service import RecordService
from inventory.records.source import Source
from inventory.services import Services
from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from inventory.weather.service import WeatherService
from inventory.weather.source import LARGEST, OpenMeteo, OpenWeather, Weather
from inventory.webpages.source import Webpage

log = structlog.get_logger(__name__)

DRAIN_FOR = 20
"""Seconds for which a notifier claims further work before it hands over to the next one, so that no RQ job runs for ever."""
MOST_UPLOADS = 4
"""Files that one API process receives at once."""
OPENWEATHER_URL = "https://api.openweathermap.org/data/2.5/weather"
READ_FOR = 600
"""Seconds for which it goes on beyond that while it reads a job's file: that of a gigabyte takes some minutes."""
WAIT_FOR_STORE = 1.0
"""Seconds between two lines that say that the store is waited for."""


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
) -> Services:
    """The services for these settings; a keyword replaces a part."""
    store = store or open_store(settings)
    redis = redis or connect(settings.redis, socket_timeout=1.0)
    notifier = Notifier(
        redis,
        job_timeout=int(DRAIN_FOR + READ_FOR + 2 * settings.lease),
    )
    registry = {source.name: source for source in sources or _sources(settings, resolve)}
    policy = Policy(
        lease_for=timedelta(seconds=settings.lease),
        max_attempts=settings.max_attempts,
        retry_base=settings.retry_base,
        retry_failed_after=timedelta(seconds=settings.retry_failed_after),
    )
    rng = rng or random.Random()  # noqa: S311 - jitter is no secret
    budgets = budgets or _budgets(settings, redis)
    collector = Collector(
        store.records, store.snapshots, registry, notifier, policy, budgets, clock=clock, rng=rng, sleep=sleep
    )
    records = RecordService(
        store.records,
        store.snapshots,
        store.bodies,
        registry,
        notifier,
        collector,
        fresh_for=timedelta(seconds=settings.fresh_for),
        slots=settings.inline_slots,
        waiting=_waiting_places(settings),
        clock=clock,
    )
    files = Files(settings.files)
    feed_pages = pages.Pages(_page_fetcher(settings, resolve), clock)
    pulling = FeedLines(store.products, settings.product_feeds, feed_pages, budgets, clock=clock, rng=rng, notifier=notifier)
    kinds = {**_kinds(settings, store, records, files, registry, sleep), pulling.name: pulling}
    jobs = JobService(store.jobs, records, files, notifier, clock=clock)
    history = HistoryService(store.history, settings.history_sources, clock=clock)
    return Services(
        settings=settings,
        store=store,
        files=files,
        notifier=notifier,
        sources=registry,
        collector=collector,
        records=records,
        events=EventService(store.events),
        jobs=jobs,
        live=JobStream(store.jobs, notifier, places=settings.live_streams, clock=clock),
        kinds=kinds,
        engine=Engine(store.jobs, Chunks(files), kinds, notifier, clock=clock),
        imports=ImportService(
            jobs,
            files,
            kinds,
            upload_limit=settings.upload_limit,
            places=_upload_places(settings),
            waiting=_waiting_uploads(settings),
            clock=clock,
        ),
        history=history,
        weather=WeatherService(
            records,
            history,
            fresh_for=timedelta(seconds=settings.weather_fresh_for),
            patience=settings.fetch_deadline,
        ),
        upstreams=UpstreamService(budgets, clock=clock),
        products=ProductService(store.products, jobs, records, settings.product_feeds, clock=clock),
    )


def _budgets(settings: Settings, redis: Redis) -> Budgets:
    """What upstreams may be asked: by all programs together, and by this one while Redis is away."""
    rate, concurrency = settings.upstream_rate, settings.upstream_concurrency
    whole = feeds.limits(settings.product_feeds)
    limits = HostLimits(rate.default, concurrency.default, rate.hosts, concurrency.hosts, whole)
    policy = budget_model.Policy(lease=settings.lease)
    programs = settings.api_processes + settings.workers
    local = LocalBudgets(lambda host: limits(host).share(programs), policy)
    return FallbackBudgets(SharedBudgets(redis, limits, policy), local)


def _sources(settings: Settings, resolve: Resolve) -> Sequence[Source]:
    """What can be collected."""
    guard = Guard(settings.allow_networks)
    fetcher = Fetcher(guard, deadline=settings.fetch_deadline, body_limit=settings.body_limit, resolve=resolve)
    # Two calls in a row are to end within one deadline.
    brief = Fetcher(guard, deadline=settings.fetch_deadline / 2, body_limit=LARGEST, resolve=resolve)
    return [Webpage(fetcher, guard), Weather(brief, _provider(settings))]


def _page_fetcher(settings: Settings, resolve: Resolve) -> Fetcher:
    """What asks for pages of product feeds: each call is one request, and each upstream, with its port, has a budget."""
    return Fetcher(
        Guard(settings.allow_networks),
        deadline=settings.fetch_deadline,
        body_limit=pages.LARGEST,
        resolve=resolve,
        max_redirects=0,
        resend=False,
    )


def _provider(settings: Settings) -> OpenMeteo | OpenWeather:
    """Who is asked for the weather."""
    if not settings.openweather_key:
        return OpenMeteo(settings.weather_geocoding_url, settings.weather_url)
    own = settings.weather_url != Settings.weather_url
    return OpenWeather(settings.weather_url if own else OPENWEATHER_URL, settings.openweather_key)


def _upload_places(settings: Settings) -> int:
    """A few of the spare threads: more uploads at once would share the same disk."""
    return max(1, min(MOST_UPLOADS, settings.spare_threads // 4))


def _waiting_uploads(settings: Settings) -> int:
    """As many threads again for uploads that wait for such a place, which is a matter of seconds."""
    return min(MOST_UPLOADS, settings.spare_threads // 4)


def _waiting_places(settings: Settings) -> int:
    """The rest of the spare threads, but for an eighth, which is always left to lookups that do not wait."""
    spare = settings.spare_threads
    return max(0, spare - _upload_places(settings) - _waiting_uploads(settings) - max(1, spare // 8))


def _kinds(
    settings: Settings,
    store: Store,
    records: RecordService,
    files: Files,
    sources: Mapping[str, Source],
    sleep: Callable[[float], object],
) -> Mapping[str, JobType]:
    """What jobs can do."""
    read = Uploads(files).rows
    lookups = {"urls": ("webpage", settings.fresh_for), "cities": ("weather", settings.weather_fresh_for)}
    kinds: list[JobType] = [EventLines(store.events, read, line_delay=settings.events_line_delay, sleep=sleep)]
    kinds += [
        LookupLines(name, records, sources[source], read, fresh_for=timedelta(seconds=fresh_for))
        for name, (source, fresh_for) in lookups.items()
        if source in sources
    ]
    return {kind.name: kind for kind in kinds}


def open_store(settings: Settings) -> Store:
    """The store that the settings name; it connects on first use."""
    if settings.store.startswith("sqlite:"):
        return SqliteStore(unquote(urlsplit(settings.store).path[1:]))
    from inventory.store.mongo import MongoStore  # here, because the embedded stack does without: pymongo starts slowly

    return MongoStore(settings.store)


def prepare(store: Store) -> None:
    """Make the store usable; `StartError` if it can never be, and `StorageUnavailable` if it is away."""
    try:
        store.prepare()
    except UnusableStore as error:
        raise StartError(str(error)) from error


def check_start(settings: Settings) -> None:
    """Prepare the store if it answers; `StartError` if it can never be used. A store that is away is waited for later."""
    store = open_store(settings)
    try:
        prepare(store)
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
    finally:
        store.close()


def await_store(settings: Settings, stopping: Event) -> bool:
    """Wait until the store is prepared, with a log line a second; False if `stopping` is set before that.

    Raises `StartError` if the store can never be used.
    """
    store = open_store(settings)
    try:
        while not stopping.is_set():
            asked_at = monotonic()
            try:
                prepare(store)
            except StorageUnavailable as error:
                log.warning("waiting_for_store", error=str(error))
                stopping.wait(max(0.0, WAIT_FOR_STORE - (monotonic() - asked_at)))
            else:
                return True
        return False
    finally:
        store.close()
