"""Wires records and what collects them: in workers, and while a caller waits."""

from __future__ import annotations

from datetime import timedelta

from inventory.access import current
from inventory.access.audit import AuditService
from inventory.observations.observing import Observer, Verdicts
from inventory.records.acceptances import AcceptanceService
from inventory.records.admission import Admission
from inventory.records.call_permits import CallPermits
from inventory.records.claim_collector import ClaimCollector, Observe
from inventory.records.collector import Collector
from inventory.records.inline import InlineCollector
from inventory.records.outcomes import CollectionPolicy, collection_retries
from inventory.records.service import RecordService
from inventory.records.settling import Settler
from inventory.records.snapshots import SnapshotService
from inventory.robots.gate import RobotsGate
from inventory.webpages.model import SOURCE as WEBPAGES
from inventory.wiring.parts import Parts


def acceptance_service(parts: Parts, audit: AuditService) -> AcceptanceService:
    """Acceptances for callers."""
    return AcceptanceService(
        parts.store.records, parts.notifier, clock=parts.clock, owner=current.owner, noted=audit.note_lookup
    )


def record_service(parts: Parts, acceptances: AcceptanceService) -> RecordService:
    """Lookups."""
    return RecordService(
        parts.store.records,
        acceptances,
        parts.sources,
        parts.notifier,
        fresh_for=timedelta(seconds=parts.settings.fresh_for),
        waiting=parts.threads.waiting_lookups,
        clock=parts.clock,
    )


def snapshot_service(parts: Parts) -> SnapshotService:
    """Snapshots, and what belongs to them."""
    store = parts.store
    return SnapshotService(store.records, store.snapshots, store.bodies, clock=parts.clock)


def collector(parts: Parts, verdicts: Verdicts, observe: Observe | None) -> Collector:
    """What collects claims, and settles them. `observe` replaces what is stated of an outcome."""
    store, policy = parts.store, _policy(parts)
    settler = Settler(
        store.records, parts.notifier, policy, clock=parts.clock, rng=parts.rng, sleep=parts.sleep, pace=parts.pace
    )
    claims = ClaimCollector(
        store.snapshots,
        parts.sources,
        parts.notifier,
        settler,
        policy,
        parts.budgets,
        clock=parts.clock,
        rng=parts.rng,
        sleep=parts.sleep,
        observe=observe or Observer(store.observations, verdicts).statements,
        memory=parts.memory,
        admission=_admission(parts, policy),
    )
    permits = CallPermits(parts.budgets, parts.notifier)
    return Collector(store.records, claims, permits, settler, policy, clock=parts.clock, sleep=parts.sleep)


def inline_collector(parts: Parts, acceptances: AcceptanceService, collector: Collector) -> InlineCollector:
    """What collects while a caller waits."""
    return InlineCollector(
        acceptances,
        parts.store.records,
        collector,
        clock=parts.clock,
        slots=parts.settings.inline_slots,
        memory=parts.memory,
    )


def _admission(parts: Parts, policy: CollectionPolicy) -> Admission | None:
    """What refuses targets of jobs and watches, if anything does."""
    webpages = parts.sources.get(WEBPAGES)
    if webpages is None or not parts.settings.respect_robots:
        return None
    return RobotsGate(parts.store.records, webpages, lease_for=policy.lease_for, clock=parts.clock)


def _policy(parts: Parts) -> CollectionPolicy:
    settings = parts.settings
    return CollectionPolicy(
        lease_for=timedelta(seconds=settings.lease),
        retry=collection_retries(max_attempts=settings.max_attempts, base=settings.retry_base),
        retry_failed_after=timedelta(seconds=settings.retry_failed_after),
    )
