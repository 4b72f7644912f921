"""What RQ calls collects the record that it names first, says what became of it, and ends, whatever it met."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from inventory.clock import utc_now
from inventory.services import Services
from tests.upstreams import Upstream
from tests.upstreams.answers import Answer
from workers import tasks


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Those that a worker process builds for itself, on a folder of their own and without Redis."""
    monkeypatch.setenv("INVENTORY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("INVENTORY_REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setenv("INVENTORY_ALLOW_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("INVENTORY_UPSTREAM_RATE", "1000")
    monkeypatch.setenv("INVENTORY_UPSTREAM_CONCURRENCY", "1")
    monkeypatch.setenv("INVENTORY_MAX_ATTEMPTS", "1")
    tasks.services.cache_clear()
    yield tasks.services()
    assert tasks.delivering.join(120)
    tasks.services().store.close()
    tasks.services.cache_clear()


def accept(services: Services, url: str, *, seconds_ago: int = 0) -> str:
    target = services.sources["webpage"].target(url)
    services.store.records.accept(target, now=utc_now() - timedelta(seconds=seconds_ago), seen=None)
    return target.id


def test_the_named_record_is_collected_first_and_then_whatever_is_due(services: Services, upstream: Upstream) -> None:
    for number in range(3):
        accept(services, upstream.url(f"/page/{number}"), seconds_ago=60)
    named = accept(services, upstream.url("/page/named"))

    assert tasks.collect(named) == "stored; this RQ job collected 4"

    assert upstream.requests[0].path == "/page/named"
    assert len(upstream.requests) == 4


def test_what_was_collected_before_is_reported_and_not_collected_again(services: Services, upstream: Upstream) -> None:
    named = accept(services, upstream.url("/page"))

    assert tasks.collect(named) == "stored"
    assert tasks.collect(named) == "already collected"
    assert upstream.count() == 1


def test_the_result_says_how_a_collection_failed(services: Services, upstream: Upstream) -> None:
    upstream.script("/gone", Answer(headers=(("Content-Encoding", "gzip"), ("Content-Length", "-1"))))
    named = accept(services, upstream.url("/gone"))

    outcome = tasks.collect(named)

    record = services.store.records.find(named)
    assert record is not None
    assert record.failure is not None
    assert outcome == f"failed: {record.failure.code}"
    assert tasks.collect(named) == f"already failed: {record.failure.code}"


def test_the_result_says_that_a_record_is_gone(services: Services) -> None:
    assert tasks.collect("0" * 32) == "deleted"
    assert tasks.work("0" * 32) == "deleted"


def test_an_internal_fault_outside_of_any_collection_ends_no_worker(services: Services, tmp_path: Path) -> None:
    record_id = accept(services, "http://127.0.0.1/")
    with closing(sqlite3.connect(tmp_path / "inventory.sqlite3")) as store:
        store.execute("UPDATE records SET accepted_at = 'what nobody can read'")
        store.commit()

    with capture_logs() as logged:
        assert tasks.work_due() == 0
        assert tasks.collect(record_id) == "not collected: the log says why"

    assert [line["where"] for line in logged if line["event"] == "internal_fault"] == ["work_due", "work_due"]
