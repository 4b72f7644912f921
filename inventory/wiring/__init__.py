"""The one place that chooses implementations."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import sleep

from redis import Redis

from inventory.access.audit import AuditService
from inventory.access.caller_limits import CallerLimits
from inventory.access.keys import KeyService
from inventory.access.quotas import QuotaService
from inventory.activity.service import ActivityService
from inventory.archive.service import ArchiveService
from inventory.cdx.service import CdxService
from inventory.changes.fleet import FleetChanges
from inventory.changes.service import ChangeService
from inventory.clock import Clock, utc_now
from inventory.config import Settings
from inventory.events.service import EventService
from inventory.files import Files
from inventory.history.service import HistoryService
from inventory.html_pages.page import page_of
from inventory.http_client.resolver import Resolve, resolve
from inventory.jobs.stream import JobStream
from inventory.mementos.service import MementoService
from inventory.memory_budget import MemoryBudget
from inventory.notifier import Notifier, connect
from inventory.observations.indexing import Indexer
from inventory.observations.reindexing import Reindexer
from inventory.observations.service import SearchService
from inventory.ops import request_metrics
from inventory.ops.write_probe import WriteProbe
from inventory.policy.indexing import PolicyIndexing
from inventory.policy.replaying import Replayer
from inventory.policy.service import PolicyService
from inventory.policy.verdicts import Verdicts
from inventory.products.service import ProductService
from inventory.rate_limits.model import Budgets
from inventory.rate_limits.service import UpstreamService
from inventory.records.claim_collector import Observe
from inventory.records.inline import InlineCollector
from inventory.records.service import RecordService
from inventory.records.source import Source
from inventory.services import Services
from inventory.slots import Slots
from inventory.store import Store
from inventory.store_pace import StorePace
from inventory.thread_shares import share_threads
from inventory.weather.service import WeatherService
from inventory.wiring import bulk, collecting, messages
from inventory.wiring.access import access_service, browser_sessions
from inventory.wiring.parts import Parts, all_quotas, all_sources, open_store, shared_budgets

__all__ = ["BODIES_IN_MEMORY", "COLLECT_FOR", "READ_FOR", "Services", "build", "open_store"]

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
    memory: MemoryBudget | None = None,
    pace: StorePace | None = None,
    in_background: bool = False,
) -> Services:
    """The services for these settings; a keyword replaces a part. `in_background` nobody waits for a slow store."""
    redis = redis or connect(settings.redis, socket_timeout=1.0)
    parts = Parts(
        settings=settings,
        store=store or open_store(settings, in_background=in_background),
        notifier=Notifier(redis, job_timeout=int(COLLECT_FOR + READ_FOR + 2 * settings.lease), masking=settings.masking),
        budgets=budgets or shared_budgets(settings, redis),
        sources={source.name: source for source in sources or all_sources(settings, resolve, clock)},
        files=Files(settings.files, secret=settings.files_secret),
        memory=memory or MemoryBudget(BODIES_IN_MEMORY * settings.body_limit),
        threads=share_threads(settings.spare_threads),
        pace=pace or StorePace(),
        resolve=resolve,
        clock=clock,
        rng=rng or random.Random(),  # noqa: S311 - jitter is not a secret
        sleep=sleep,
    )
    return _services(parts, observe, all_quotas(settings, redis))


def _services(parts: Parts, observe: Observe | None, quotas: QuotaService) -> Services:
    settings, store, clock = parts.settings, parts.store, parts.clock
    audit = _audit(parts)
    acceptances = collecting.acceptance_service(parts, audit)
    records = collecting.record_service(parts, acceptances)
    snapshots = collecting.snapshot_service(parts)
    verdicts = Verdicts(store.policies, store.observations, settings.indexed_policies)
    collector = collecting.collector(parts, verdicts, observe)
    inline = collecting.inline_collector(parts, acceptances, collector)
    webhook_sink = messages.webhook_sink(parts)
    webhooks = messages.webhook_service(parts, webhook_sink)
    history = HistoryService(store.history, settings.history_sources, clock=clock)
    search = _search(parts, records, verdicts)
    indexer = Indexer(store.observations, records, snapshots, page_of, verdicts, parts.notifier, parts.rng)
    job_types = bulk.all_job_types(parts, records, snapshots, search, indexer)
    jobs = bulk.job_service(parts, job_types, records)
    sessions = browser_sessions(store, clock)
    access = access_service(settings, store, sessions, clock)
    keys = KeyService(store.keys, access.forget, clock=clock)
    reindexer = Reindexer(store.observations, indexer, clock, parts.sleep)
    policies = PolicyService(
        store.policies, store.observations, records, snapshots, PolicyIndexing(verdicts, reindexer), clock=clock
    )
    return Services(
        settings=settings,
        store=store,
        write_probe=WriteProbe(store),
        files=parts.files,
        notifier=parts.notifier,
        sources=parts.sources,
        collector=collector,
        records=records,
        acceptances=acceptances,
        snapshots=snapshots,
        inline=inline,
        search=search,
        indexer=indexer,
        reindexer=reindexer,
        changes=ChangeService(snapshots, clock=clock),
        fleet_changes=FleetChanges(store.observations, records, snapshots, clock=clock),
        archive=ArchiveService(snapshots, search, clock=clock),
        cdx=CdxService(store.captures, records, secret=lambda: sessions.secret),
        mementos=MementoService(snapshots),
        events=EventService(store.events),
        jobs=jobs,
        streams=JobStream(store.jobs, parts.notifier, slots=settings.live_streams, clock=clock),
        job_types=job_types,
        job_runner=bulk.job_runner(parts, job_types),
        imports=bulk.import_service(parts, jobs, job_types),
        history=history,
        activity=ActivityService(store.activity, records, clock=clock),
        weather=_weather(settings, records, inline, history),
        upstreams=UpstreamService(parts.budgets, clock=clock),
        products=ProductService(store.products, jobs, snapshots, settings.product_feeds, clock=clock),
        policies=policies,
        replays=Replayer(policies, store.observations, snapshots),
        watches=messages.watch_service(parts, records, snapshots, search, webhooks),
        watch_work=messages.watch_work(parts, records, keys),
        webhooks=webhooks,
        deliverer=messages.deliverer(parts, webhook_sink),
        access=access,
        sessions=sessions,
        keys=keys,
        limits=CallerLimits(search.labels),
        audit=audit,
        quotas=quotas,
    )


def _audit(parts: Parts) -> AuditService:
    settings, count = parts.settings, request_metrics.count_audit
    return AuditService(parts.store.audit, settings.masking, mode=settings.mode, clock=parts.clock, count=count)


def _search(parts: Parts, records: RecordService, verdicts: Verdicts) -> SearchService:
    slots = Slots(SEARCHES_AT_ONCE, max_wait=SEARCHES_WAIT, admitted=parts.threads.searches)
    return SearchService(parts.store.observations, records, verdicts, clock=parts.clock, slots=slots)


def _weather(settings: Settings, records: RecordService, inline: InlineCollector, history: HistoryService) -> WeatherService:
    fresh_for = timedelta(seconds=settings.weather_fresh_for)
    return WeatherService(records, inline, history, fresh_for=fresh_for, wait_for=settings.fetch_deadline)
