"""A store of each earlier version of SQLite's schema, made by the programs of then (`versions/make.py`), read by this one.

What that version answered about its data is what this one answers, and what it owed is done.
"""

from __future__ import annotations

import base64
import json
import lzma
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.config import Settings
from inventory.records.model import Record, RecordFilter, Target
from inventory.services import Services
from inventory.store.sqlite.migrations import MIGRATIONS
from tests.conftest import Build
from tests.contract.backends import SqliteBackend
from tests.contract.versions.asked import GETS
from tests.end_to_end.stack import wait_until
from tests.fakes import FakeClock
from tests.jobs.actions import Worker

HERE = Path(__file__).parent / "versions"
VERSIONS = range(1, len(MIGRATIONS))
OLD = pytest.mark.parametrize("version", VERSIONS)

CHANGES = frozenset(
    {"stale", "age", "poll_after", "next_cursor", "request_id", "retry_at", "eta_seconds", "rate", "until", "built_in"}
)
"""Members that say something of the moment in which they are asked for, or of the program."""


class OldStore:
    """The store of a version, in a folder, and what that version answered."""

    def __init__(self, version: int, folder: Path) -> None:
        document = json.loads(lzma.decompress((HERE / f"{version}.json.xz").read_bytes()))
        self.site: str = document["site"]
        self.answers: Mapping[str, Any] = document["answers"]
        self.path = folder / "inventory.sqlite3"
        self.path.write_bytes(lzma.decompress((HERE / f"{version}.sqlite3.xz").read_bytes()))
        for name, content in document["uploads"].items():
            upload = folder / "files" / "uploads" / name
            upload.parent.mkdir(parents=True, exist_ok=True)
            upload.write_bytes(base64.b64decode(content))


@pytest.fixture
def old(version: int, tmp_path: Path) -> OldStore:
    return OldStore(version, tmp_path)


@pytest.fixture
def services(make_services: Build, settings: Settings, old: OldStore, clock: FakeClock) -> Services:
    with closing(sqlite3.connect(old.path)) as store:
        latest = store.execute("SELECT max(accepted_at) FROM records").fetchone()[0]
    clock.forward(latest / 1000 - clock.now.timestamp() + 61)
    return make_services(settings, store=SqliteBackend(old.path).open())


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services.settings, services).test_client()


def lacking(then: Any, now: Any, where: str = "") -> list[str]:
    """Where the answer of now has not what the answer of then had. It may have more members."""
    if isinstance(then, dict) and isinstance(now, dict):
        pairs = [(name, then[name], now.get(name)) for name in then if name not in CHANGES]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = [(str(n), *each) for n, each in enumerate(zip(then, now, strict=True))]
    else:
        return [] if then == now else [f"{where}: {str(then)[:80]} is {str(now)[:80]}"]
    return [each for name, *both in pairs for each in lacking(*both, f"{where}.{name}")]


def test_there_is_a_store_of_each_earlier_version() -> None:
    assert [version for version in VERSIONS if not (HERE / f"{version}.sqlite3.xz").exists()] == []


@OLD
def test_a_store_is_of_the_version_that_it_is_named_after_and_has_data(old: OldStore, version: int) -> None:
    with closing(sqlite3.connect(old.path)) as store:
        assert store.execute("PRAGMA user_version").fetchone()[0] == version
        assert store.execute("SELECT count(*) FROM records").fetchone()[0] > 3
        assert store.execute("SELECT count(*) FROM snapshots").fetchone()[0] > 3


@OLD
def test_what_an_older_version_answered_is_answered_now(old: OldStore, client: FlaskClient, version: int) -> None:
    wrong = []
    asked = {path.replace("SITE", old.site) for path in GETS}
    for path in sorted(asked & old.answers.keys()):  # the history before the weather, which adds to it
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        wrong += lacking(old.answers[path], answer.get_json(), path)

    assert wrong == [], "\n".join(wrong)


@OLD
def test_everything_can_be_asked_of_an_older_store(old: OldStore, client: FlaskClient, version: int) -> None:
    """Also what that version did not know of."""
    for path in GETS:
        answer = client.get(path.replace("SITE", old.site))
        assert answer.status_code in (200, 202, 404), f"{path}: {answer.text}"


@OLD
def test_what_an_older_version_owed_is_done(
    old: OldStore, services: Services, clock: FakeClock, web: Any, version: int
) -> None:
    owed = services.records.target("webpage", f"{old.site}/site/owed")
    assert record_of(services, owed).snapshots == 0
    worker = Worker(services)

    def is_done() -> bool:
        worker.round()
        worker.collect()
        clock.forward(30)
        jobs = services.store.jobs.listing(None, limit=99, after=None)
        records = services.store.records.listing(RecordFilter(), limit=99, after=None)
        return all(job.status.finished for job in jobs) and not any(each.due_at for each in records)

    wait_until(is_done, "everything is done", 100)
    assert record_of(services, owed).snapshots == 1


def record_of(services: Services, target: Target) -> Record:
    record = services.store.records.find(target.id)
    assert record is not None
    return record
