"""Webpages of a scripted web, collected through the services, and the archive of them as three programs read it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from flask.testing import FlaskClient
from warcio.archiveiterator import ArchiveIterator

from inventory import create_app
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.records.model import RecordFilter
from inventory.services import Services
from inventory.webpages.source import Webpage
from tests.conftest import Build
from tests.contract.backends import MockBackend, SqliteBackend
from tests.fakes import FakeClock
from tests.http_client.scripted import ScriptedTransport

BODY_LIMIT = 1_000


def members(archive: bytes) -> list[bytes]:
    """The members of gzip, one for each record."""
    found = []
    while archive:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        inflate.decompress(archive)
        found.append(archive[: len(archive) - len(inflate.unused_data)])
        archive = inflate.unused_data
    return found


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record as a reader found it: named fields in lower case with all their values, and its block."""

    kind: str
    fields: Mapping[str, Sequence[str]]
    block: bytes

    def __getitem__(self, name: str) -> str:
        [value] = self.fields[name.lower()]
        return value

    @property
    def head(self) -> bytes:
        return self.block.partition(b"\r\n\r\n")[0]

    @property
    def payload(self) -> bytes:
        return self.block.partition(b"\r\n\r\n")[2]


def _record(fields: Sequence[tuple[str, str]], block: bytes) -> Record:
    named: dict[str, list[str]] = {}
    for name, value in fields:
        named.setdefault(name.lower(), []).append(value)
    return Record(kind=named["warc-type"][0], fields=named, block=block)


def by_warcio(archive: bytes) -> list[Record]:
    found = ArchiveIterator(io.BytesIO(archive), no_record_parse=True)
    return [_record(each.rec_headers.headers, each.raw_stream.read()) for each in found]


def by_fastwarc(archive: bytes) -> list[Record]:
    found = FastIterator(io.BytesIO(archive), parse_http=False)
    return [_record(list(each.headers.items()), each.reader.read()) for each in found]


class World:
    """A web whose answers a test writes byte for byte, and the inventory that collects it."""

    def __init__(
        self,
        make_services: Build,
        clock: FakeClock,
        *,
        body_limit: int = BODY_LIMIT,
        allowed: Sequence[IPv4Network] = (),
        keep_wire: bool = False,
        **replaced: Any,
    ) -> None:
        self.transport = ScriptedTransport.of()
        fetcher = Fetcher(self.transport, deadline=60, body_limit=body_limit, keep_wire=keep_wire)
        self.services: Services = make_services(sources=[Webpage(fetcher, Guard(allowed))], **replaced)
        self.client: FlaskClient = create_app(services=self.services).test_client()
        self._clock = clock

    def collect(self, url: str, *answers: bytes) -> str:
        """Collect a URL that is answered so, and the redirects that it leads to; the id of the snapshot."""
        left = list(answers)
        self.transport.answer = lambda _request: left.pop(0)
        self._clock.forward(10)
        target = self.services.records.collectable("webpage", url)
        self.services.inline.collect(target)
        found = self.services.records.find(target)
        assert found is not None
        assert found.snapshot is not None
        return found.snapshot.id

    def refresh(self, url: str, *answers: bytes) -> None:
        """The same by a request that may have conditions, as for a lookup of what is stale."""
        left = list(answers)
        self.transport.answer = lambda _request: left.pop(0)
        self._clock.forward(100_000)
        self.client.get("/api/v1/metadata", query_string={"url": url})
        self.services.collector.collect_due(slots=1, stopping=lambda: False)
        assert not left

    def archive(self, **query: Any) -> bytes:
        with self.client.get("/api/v1/archive.warc.gz", query_string=query) as answer:
            assert answer.status_code == 200, answer.text
            return answer.data

    def records(self, *kinds: str, **query: Any) -> list[Record]:
        """The records, or those of some kinds."""
        return [each for each in by_warcio(self.archive(**query)) if not kinds or each.kind in kinds]

    def load(self, archive: bytes, name: str = "site.warc.gz") -> list[dict[str, Any]]:
        """Import an archive; the rows of the job when it has ended, in their order."""
        job = self.job(archive, name)
        assert (job["status"], job["error"]) == ("completed", None)
        return self.rows(job)

    def job(self, archive: bytes, name: str = "site.warc.gz") -> dict[str, Any]:
        """The job that an archive became, when it has ended."""
        job_id = self.upload(archive, name)
        self.work()
        return dict(self.client.get(f"/api/v1/jobs/{job_id}").json)

    def upload(self, archive: bytes, name: str = "site.warc.gz") -> str:
        """The id of the job that an archive becomes."""
        form = {"file": (io.BytesIO(archive), name)}
        answer = self.client.post("/api/v1/imports", query_string={"kind": "archive"}, data=form)
        assert answer.status_code == 202, answer.text
        return str(answer.json["job_id"])

    def work(self) -> None:
        """Work on all jobs until they have ended."""
        runner = self.services.job_runner()
        while claimed := runner.claim():
            while runner.step(claimed):
                pass

    def rows(self, job: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of a job, in their order."""
        found: list[dict[str, Any]] = self.client.get(f"/api/v1/jobs/{job['job_id']}/rows?limit=100").json["rows"]
        return sorted(found, key=lambda each: int(each["row"]))

    def known(self) -> dict[str, Any]:
        """By the keys of targets all that is observed, with intervals, and all snapshots with their bodies."""
        store = self.services.store
        while self.services.indexer.walk().step():
            pass
        records = store.records.listing(RecordFilter(), limit=1_000, after=None)
        intervals = store.observations.intervals({each.id: datetime(1990, 1, 1, tzinfo=UTC) for each in records})
        return {
            each.target.key: {
                "observed": intervals[each.id],
                "collected": (each.first_collected_at, each.collected_at, each.snapshots, each.snapshot_id),
                "snapshots": [
                    (one.id, one.collected_at, dict(one.content), self.services.snapshots.body(one.body_sha256 or ""))
                    for one in store.snapshots.listing(each.id, limit=1_000, after=None)
                ],
            }
            for each in records
        }


@pytest.fixture
def world(make_services: Build, clock: FakeClock) -> World:
    return World(make_services, clock)


@pytest.fixture(params=["sqlite", "mongomock"])
def empty(request: pytest.FixtureRequest, make_services: Build, clock: FakeClock, tmp_path: Path) -> Iterator[World]:
    """Another inventory, which has nothing yet and may fetch nothing."""
    backend = SqliteBackend(tmp_path / "empty.sqlite3") if request.param == "sqlite" else MockBackend()
    with closing(backend.open()) as store:
        yield World(make_services, clock, store=store)
