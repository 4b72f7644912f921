"""What an older version kept in the middle of its work is all there, and the work on it goes on.

`older/` has been written by that version: records in every state, finished jobs, one whose file was read in part, log events
and a product feed halfway, products, history. Instants are those of its clock.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bson import json_util

from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.events.model import EventFilter
from inventory.http_client.body import Body
from inventory.jobs.chunks import Chunks
from inventory.jobs.model import JobStatus
from inventory.jobs.runner import JobRunner
from inventory.products.feeds import Feed, FieldPath
from inventory.products.job_type import FeedJobs
from inventory.products.model import CatalogueEntry, ProductFilter
from inventory.products.pages import PageResponse, Pages
from inventory.products.paginators import Numbered
from inventory.records.model import RecordFilter, State
from inventory.records.source import Collected
from inventory.services import Services
from inventory.store import Store
from inventory.store_pace import StorePace
from inventory.webpages.documents import record_document
from inventory.webpages.schemas import RecordSchema
from tests.conftest import Build
from tests.contract.backends import Backend, SqliteBackend, database
from tests.end_to_end.stack import wait_until
from tests.fakes import FakeClock, FakeWeb, Unlimited
from tests.jobs.actions import Worker, found, rows_of

OLDER = Path(__file__).parent / "older"
NOW = datetime.fromisoformat("2026-02-02T12:00:21.623000+00:00")
"""When the older version stopped."""
EVENTS_DONE, URLS_DONE, URLS, EVENTS, QUEUED = (f"{n:032x}" for n in (1, 3, 5, 7, 9))
FEED = "f" * 31 + "0"
ACME = Feed(
    "acme",
    "http://acme.test/items",
    {name: FieldPath(name) for name in ("id", "title", "price")},
    paginator=Numbered(),
    rate=1_000.0,
)


class Shop:
    """Answers the pages 1 to 4 of two products each."""

    read = staticmethod(Pages.read)

    def __init__(self) -> None:
        self.pages: list[int] = []

    def get(self, url: str, headers: object) -> PageResponse:
        number = int(url.rpartition("=")[2])
        self.pages.append(number)
        items = [{"id": f"{number}-{n}", "title": "A", "price": number} for n in (1, 2)] if number <= 4 else []
        return PageResponse(200, Body(json.dumps(items).encode()), (), None, 0.0)


@pytest.fixture
def older(backend: Backend) -> Backend:
    """A store that holds what the older version kept."""
    if isinstance(backend, SqliteBackend):
        backend.path.parent.mkdir()
        with closing(sqlite3.connect(backend.path)) as connection:
            connection.executescript((OLDER / "sqlite.sql").read_text())
        return backend
    with closing(backend.open()) as store:
        store.prepare()
    with backend.client() as client:  # type: ignore[attr-defined]
        for collection in json_util.loads((OLDER / "mongo.json").read_text()):
            for name, documents in collection.items():
                if name != "meta":
                    database(client)[name].insert_many(documents)
    return backend


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def services(make_services: Build, older: Backend, tmp_path: Path, clock: FakeClock, web: FakeWeb) -> Services:
    """Those of this version, on the older store and files, a minute after the older version stopped."""
    shutil.copytree(OLDER / "files", tmp_path / "files")
    clock.now = NOW
    clock.forward(61)
    gone = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    web.pages["http://example.test/gone"] = gone
    settings = Settings(data_dir=tmp_path, retry_base=1.0, history_sources=("weather",))
    return make_services(settings, store=older.open())


def everything(store: Store) -> dict[str, Any]:
    """All that can be read of a store, as JSON has it."""
    records = store.records.listing(RecordFilter(), limit=999, after=None)
    jobs = store.jobs.listing(None, limit=99, after=None)
    snapshots = [each for record in records for each in store.snapshots.listing(record.id, limit=99, after=None)]
    bodies = sorted({each.body_sha256 for each in snapshots if each.body_sha256})
    read = {
        "records": [older_record(asdict(each)) for each in records],
        "snapshots": [asdict(each) | {"content": dict(each.content)} for each in snapshots],
        "bodies": {sha256: (store.bodies.find(sha256) or b"").decode() for sha256 in bodies},
        "jobs": [of_nobody(asdict(each)) for each in jobs],
        "rows": {job.id: [asdict(each) for each in store.jobs.rows(job.id, None, limit=999, after=0)] for job in jobs},
        "checkpoints": {job.id: store.jobs.checkpoints(job.id) for job in jobs},
        "events": [asdict(each) for each in store.events.listing(EventFilter(), limit=99, after=None)],
        "history": [asdict(each) for each in store.history.listing(None, limit=99, after=None)],
        "products": [_as_then(each) for each in store.products.listing(ProductFilter(), limit=99, after=None)],
    }
    document: dict[str, Any] = json.loads(json.dumps(read, default=lambda value: value.isoformat()))
    return document


def older_record(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what the older version did not know."""
    if record["failure"] is not None and not record["failure"]["redirects"]:
        del record["failure"]["redirects"]
    return of_nobody(record)


def of_nobody(document: dict[str, Any]) -> dict[str, Any]:
    """A record or job without its owner, which it has not."""
    assert document.pop("owner") == ""
    return document


def _as_then(entry: CatalogueEntry) -> dict[str, Any]:
    """A product without the member that the older version did not have, where it has none."""
    document = asdict(entry)
    if document["product"]["price_exact"] is None:
        del document["product"]["price_exact"]
    return document


def worked_to_the_end(services: Services, shop: Shop, clock: FakeClock) -> None:
    """All jobs are ended, and nothing is due any more."""
    feed = FeedJobs(
        services.store.products,
        [ACME],
        shop,
        Unlimited(),
        clock=clock,
        rng=random.Random(7),  # type: ignore[arg-type]
    )
    types = {**services.job_types, feed.name: feed}
    new_runner = partial(
        JobRunner, services.store.jobs, Chunks(services.files), types, services.notifier, clock=clock, pace=StorePace()
    )
    worker = Worker(services, new_runner)

    def ended() -> bool:
        worker.round()
        worker.collect()
        clock.forward(0.3)
        return all(job.status.finished for job in services.store.jobs.listing(None, limit=99, after=None))

    wait_until(ended, "all jobs are ended", 100)


def test_everything_is_read_as_the_older_version_read_it(older: Backend) -> None:
    name = "in_sqlite.json" if isinstance(older, SqliteBackend) else "in_mongo.json"

    with closing(older.open()) as store:
        assert everything(store) == json.loads((OLDER / name).read_text())


def test_an_unfinished_job_is_known_by_what_it_would_do(services: Services) -> None:
    queued = found(services, QUEUED)

    assert services.store.jobs.create(replace(queued, id="a" * 32)).id == QUEUED


def test_jobs_go_on_where_they_were_and_every_row_is_counted_once(services: Services, shop: Shop, clock: FakeClock) -> None:
    before = {job_id: rows_of(services, job_id) for job_id in (EVENTS_DONE, URLS_DONE, URLS)}

    worked_to_the_end(services, shop, clock)

    assert {found(services, job).status for job in (URLS, EVENTS, QUEUED, FEED)} == {JobStatus.COMPLETED}
    assert [row.row for row in rows_of(services, URLS)] == list(range(1, 20))
    assert {job: found(services, job).counts.succeeded for job in (URLS, EVENTS, QUEUED, FEED)} == {
        URLS: 19,
        EVENTS: 7,
        QUEUED: 1,
        FEED: 8,
    }
    assert rows_of(services, URLS)[: len(before[URLS])] == before[URLS]
    assert [rows_of(services, job) for job in (EVENTS_DONE, URLS_DONE)] == [before[EVENTS_DONE], before[URLS_DONE]]
    assert len(services.store.events.listing(EventFilter(job_id=EVENTS), limit=99, after=None)) == 7
    assert shop.pages[0] == 3
    assert len(services.store.products.listing(ProductFilter(), limit=99, after=None)) == 8


def test_records_that_are_due_are_collected_and_those_that_are_stored_stay(
    services: Services, shop: Shop, clock: FakeClock
) -> None:
    store = services.store
    before = everything(store)

    worked_to_the_end(services, shop, clock)

    after = everything(store)
    states = {record["target"]["key"].rpartition("/")[2]: record for record in after["records"]}
    assert {states[name]["state"] for name in ("later", "owed", "dies", "queued", "18")} == {State.STORED}
    assert (states["dies"]["attempt"], states["later"]["attempt"], states["owed"]["attempt"]) == (2, 2, 1)
    assert states["gone"]["failure"]["code"] == "dns_failure"
    for name in ("snapshots", "history", "events"):
        assert [each for each in before[name] if each not in after[name]] == []
    assert before["bodies"].items() <= after["bodies"].items()


def test_a_record_of_the_older_version_is_answered_without_what_that_did_not_record(services: Services) -> None:
    target = services.records.target("webpage", "http://example.test/twice")
    found = services.records.look_up(target, collect=False).found

    document = record_document(found, stale=False)

    assert RecordSchema().validate(document) == {}
    assert "page" not in document
    assert "request" not in document["response"]


def test_a_snapshot_of_the_older_version_can_be_compared_with_one_of_this(services: Services, web: FakeWeb) -> None:
    target = services.records.target("webpage", "http://example.test/twice")
    [latest] = services.snapshots.listing(target, limit=1, after=None)
    assert latest.body_sha256 is not None
    text = f"<title>New</title>{services.snapshots.body(latest.body_sha256).decode()}"
    content = dict(latest.content)
    content["response"] = content["response"] | {"request": {"method": "GET", "target": "/twice", "headers": []}}
    content["page"] = {"title": "New", "generators": [], "hosts": {}, "inline_scripts": 0, "defects": []}
    web.pages[target.key] = Collected(content, text.encode())
    services.inline.collect(target)

    diff = services.changes.diff(*services.changes.pair(target, None, None))

    assert [(each.field, each.new) for each in diff.changes] == [("title", "New")]


def test_two_snapshots_of_the_older_version_can_be_compared(services: Services) -> None:
    pair = services.changes.pair(services.records.target("webpage", "http://example.test/twice"), None, None)

    diff = services.changes.diff(*pair)

    assert pair[0].id != pair[1].id
    assert set(diff.counts.values()) == {0}
