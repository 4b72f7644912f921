"""What RQ calls comes to its end, whatever it meets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from inventory.clock import utc_now
from inventory.wiring import Services
from workers import tasks


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Those that a worker process builds for itself, on a folder of their own and without Redis."""
    monkeypatch.setenv("INVENTORY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("INVENTORY_REDIS_URL", "redis://127.0.0.1:9/0")
    tasks.services.cache_clear()
    yield tasks.services()
    tasks.services().store.close()
    tasks.services.cache_clear()


def test_a_fault_of_ours_outside_of_any_collection_ends_no_worker(services: Services, tmp_path: Path) -> None:
    target = services.sources["webpage"].target("http://a.test/")
    services.store.records.accept(target, now=utc_now(), seen=None)
    with closing(sqlite3.connect(tmp_path / "inventory.sqlite3")) as store:
        store.execute("UPDATE records SET accepted_at = 'what nobody can read'")
        store.commit()

    with capture_logs() as logged:
        assert tasks.work_due() == 0

    assert [line["where"] for line in logged if line["event"] == "internal_fault"] == ["work_due"]
