"""The parts that one process is wired with, and how a view gets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:  # types only: views import this module, and the features of the services have views
    from inventory.access.audit import AuditService
    from inventory.access.caller_limits import CallerLimits
    from inventory.access.keys import KeyService
    from inventory.access.quotas import QuotaService
    from inventory.access.service import AccessService
    from inventory.access.sessions import Sessions
    from inventory.activity.service import ActivityService
    from inventory.archive.service import ArchiveService
    from inventory.cdx.service import CdxService
    from inventory.changes.fleet import FleetChanges
    from inventory.changes.service import ChangeService
    from inventory.config import Settings
    from inventory.events.service import EventService
    from inventory.files import Files
    from inventory.history.service import HistoryService
    from inventory.imports.service import ImportService
    from inventory.jobs.job_type import JobType
    from inventory.jobs.runner import JobRunner
    from inventory.jobs.service import JobService
    from inventory.jobs.stream import JobStream
    from inventory.mementos.service import MementoService
    from inventory.notifier import Notifier
    from inventory.observations.indexing import Indexer
    from inventory.observations.reindexing import Reindexer
    from inventory.observations.service import SearchService
    from inventory.ops.write_probe import WriteProbe
    from inventory.policy.replaying import Replayer
    from inventory.policy.service import PolicyService
    from inventory.products.service import ProductService
    from inventory.rate_limits.service import UpstreamService
    from inventory.records.acceptances import AcceptanceService
    from inventory.records.collector import Collector
    from inventory.records.inline import InlineCollector
    from inventory.records.service import RecordService
    from inventory.records.snapshots import SnapshotService
    from inventory.records.source import Source
    from inventory.store import Store
    from inventory.watches.rounds.work import WatchWork
    from inventory.watches.service import WatchService
    from inventory.weather.service import WeatherService
    from inventory.webhooks.delivering import Deliverer
    from inventory.webhooks.service import WebhookService

EXTENSION = "inventory"


class MakeJobRunner(Protocol):
    """Makes a runner that works on jobs until `stopping` says so."""

    def __call__(self, *, stopping: Callable[[], bool] = ...) -> JobRunner: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that one process is wired with. Building it connects to nothing."""

    settings: Settings
    store: Store
    write_probe: WriteProbe
    files: Files
    notifier: Notifier
    sources: Mapping[str, Source]
    collector: Collector
    records: RecordService
    acceptances: AcceptanceService
    snapshots: SnapshotService
    inline: InlineCollector
    indexer: Indexer
    search: SearchService
    reindexer: Reindexer
    changes: ChangeService
    fleet_changes: FleetChanges
    archive: ArchiveService
    cdx: CdxService
    mementos: MementoService
    events: EventService
    jobs: JobService
    streams: JobStream
    job_types: Mapping[str, JobType]
    job_runner: MakeJobRunner
    imports: ImportService
    history: HistoryService
    activity: ActivityService
    weather: WeatherService
    upstreams: UpstreamService
    products: ProductService
    policies: PolicyService
    replays: Replayer
    watches: WatchService
    watch_work: WatchWork
    webhooks: WebhookService
    deliverer: Deliverer
    access: AccessService
    sessions: Sessions
    keys: KeyService
    limits: CallerLimits
    audit: AuditService
    quotas: QuotaService


def services() -> Services:
    """The services that the current application was wired with."""
    from flask import current_app  # here: workers, scheduler and commands have services without Flask, which takes 70 ms

    return cast(Services, current_app.extensions[EXTENSION])
