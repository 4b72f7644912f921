"""Webpages of a scripted web, collected through the services, and the archive of them as three programs read it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from flask.testing import FlaskClient
from warcio.archiveiterator import ArchiveIterator

from inventory import create_app
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.services import Services
from inventory.webpages.source import Webpage
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.http_client.scripted import ScriptedTransport

BODY_LIMIT = 1_000


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
    ) -> None:
        self.transport = ScriptedTransport.of()
        fetcher = Fetcher(self.transport, deadline=60, body_limit=body_limit, keep_wire=keep_wire)
        self.services: Services = make_services(sources=[Webpage(fetcher, Guard(allowed))])
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


@pytest.fixture
def world(make_services: Build, clock: FakeClock) -> World:
    return World(make_services, clock)
