"""What all services of a process are built of, and which store, budgets and sources the settings mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import unquote, urlsplit

from redis import Redis

from inventory.access.counters import Counters, FallbackCounters, LocalCounters
from inventory.access.quotas import QuotaService
from inventory.clock import Clock
from inventory.config import Settings
from inventory.files import Files
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.http_client.resolver import Resolve
from inventory.memory_budget import MemoryBudget
from inventory.notifier import Notifier
from inventory.products import feeds
from inventory.rate_limits import model as budget_model
from inventory.rate_limits.fallback import FallbackBudgets
from inventory.rate_limits.limits import HostLimits
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Budgets
from inventory.rate_limits.shared import SharedBudgets
from inventory.records.source import Source
from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from inventory.store_pace import StorePace
from inventory.thread_shares import ThreadShares
from inventory.weather.providers import OpenMeteo, OpenWeather, Provider
from inventory.weather.source import MAX_BYTES, Weather
from inventory.webpages.source import Webpage

OPENWEATHER_URL = "https://api.openweathermap.org/data/2.5/weather"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What several services share."""

    settings: Settings
    store: Store
    notifier: Notifier
    budgets: Budgets
    sources: Mapping[str, Source]
    files: Files
    memory: MemoryBudget
    threads: ThreadShares
    pace: StorePace
    resolve: Resolve
    clock: Clock
    rng: Random
    sleep: Callable[[float], object]


def open_store(settings: Settings, *, in_background: bool = False) -> Store:
    """The store that the settings name; it connects on first use. Nobody waits for what is done `in_background`."""
    if settings.store.startswith("sqlite:"):
        return SqliteStore(sqlite_path(settings))
    from inventory.store.mongo import MongoStore, connection  # here: the embedded stack does without, pymongo starts slowly

    return MongoStore(settings.store, patience=connection.IN_BACKGROUND if in_background else connection.WITH_CALLER)


def sqlite_path(settings: Settings) -> Path:
    """The file of a store on SQLite."""
    return Path(unquote(urlsplit(settings.store).path[1:]))


def shared_budgets(settings: Settings, redis: Redis) -> Budgets:
    """How often each upstream may be called: by all programs together, and by this one alone while Redis is away."""
    rate, concurrency = settings.upstream_rate, settings.upstream_concurrency
    feed_limits = feeds.limits(settings.product_feeds)
    limits = HostLimits(rate.default, concurrency.default, rate.hosts, concurrency.hosts, feed_limits)
    policy = budget_model.Policy(lease=settings.lease)
    programs = settings.api_processes + settings.workers
    local = LocalBudgets(lambda host: limits(host).share(programs), policy)
    return FallbackBudgets(SharedBudgets(redis, limits, policy), local)


def all_quotas(settings: Settings, redis: Redis) -> QuotaService:
    """How much each caller may do, counted by all processes of the API together, and by each alone while Redis is away."""

    def make_shared() -> Counters:
        from inventory.access.shared_counters import SharedCounters  # here, because few need `limits`, which takes 25 ms

        return SharedCounters(redis)

    local = LocalCounters(processes=settings.api_processes)
    return QuotaService(FallbackCounters(make_shared, local), settings.quotas)


def all_sources(settings: Settings, resolve: Resolve, clock: Clock) -> Sequence[Source]:
    """Everything that can be collected."""
    guard = Guard(settings.allow_networks)
    transport = RequestsTransport(guard, resolve=resolve)
    deadline, hops = settings.fetch_deadline, settings.max_redirects
    fetcher = Fetcher(
        transport,
        deadline=deadline,
        body_limit=settings.body_limit,
        max_redirects=hops,
        clock=clock,
        keep_wire=settings.keep_wire_bodies,
    )
    # A third of the deadline each, because the weather of a city takes up to three calls, one after the other.
    weather = Fetcher(transport, deadline=deadline / 3, body_limit=MAX_BYTES, max_redirects=hops, clock=clock)
    return [Webpage(fetcher, guard, clock), Weather(weather, _weather_provider(settings))]


def _weather_provider(settings: Settings) -> Provider:
    if not settings.openweather_key:
        return OpenMeteo(settings.weather_geocoding_url, settings.weather_url)
    given = settings.weather_url != Settings.weather_url
    return OpenWeather(settings.weather_url if given else OPENWEATHER_URL, settings.openweather_key)
