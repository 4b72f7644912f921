"""A collection that finds no room here, in memory or on the disk, has failed at nothing: it is made again later."""

from __future__ import annotations

import resource
from dataclasses import replace
from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.http_client.failures import RETRY_HERE
from inventory.memory_budget import RETRY_AFTER, MemoryBudget, Room
from inventory.rate_limits.calls import Calls
from inventory.records.model import Content, State
from inventory.records.source import Collected
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.http_client.descriptors import no_descriptors
from tests.http_client.raw import Raw

URL = "http://example.test/"
PAGE = b"<p>" + b"x" * (2 * 1024 * 1024)


class RoomyWeb(FakeWeb):
    """A web whose pages take `size` bytes of memory to be read."""

    size = 10

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        assert calls is not None
        calls.room.take(self.size)
        return super().collect(key, previous, calls)


@pytest.fixture
def web() -> RoomyWeb:
    return RoomyWeb()


@pytest.fixture
def memory() -> MemoryBudget:
    return MemoryBudget(100, max_wait=0.05)


@pytest.fixture
def taken(memory: MemoryBudget) -> Room:
    """All the memory, taken by others."""
    room = memory.room()
    room.take(100)
    return room


@pytest.fixture
def services(make_services: Build, memory: MemoryBudget) -> wiring.Services:
    return make_services(memory=memory)


@pytest.fixture
def client(services: wiring.Services) -> FlaskClient:
    return create_app(services=services).test_client()


def collect(services: wiring.Services) -> int:
    return services.collector.collect_due(slots=4, stopping=lambda: False)


def state(services: wiring.Services, url: str) -> tuple[State, int, object]:
    record = services.store.records.find(services.sources["webpage"].target(url).id)
    assert record is not None
    return record.state, record.attempt, record.failure


def test_a_claim_that_gets_no_memory_goes_back_uncounted_and_is_collected_later(
    services: wiring.Services, taken: Room, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    services.acceptances.collect_soon(services.sources["webpage"].target(URL))
    for _ in range(2 * services.settings.max_attempts):
        assert collect(services) == 0
        assert state(services, URL) == (State.PENDING, 0, None)
        clock.forward(RETRY_AFTER)
    told = capsys.readouterr().out
    assert "no_room" in told
    assert "internal_fault" not in told

    taken.keep(0)
    assert collect(services) == 1
    assert state(services, URL) == (State.STORED, 1, None)


def test_a_claim_of_a_dead_worker_goes_back_as_well(services: wiring.Services, taken: Room, clock: FakeClock) -> None:
    target = services.sources["webpage"].target(URL)
    services.acceptances.collect_soon(target)
    assert services.collector.claim(target.id)
    clock.forward(services.settings.lease + 1)

    assert collect(services) == 0
    assert state(services, URL) == (State.PENDING, 1, None), "the worker that died made one"


def test_who_waits_for_a_collection_without_memory_is_promised_it(
    services: wiring.Services, client: FlaskClient, taken: Room
) -> None:
    answer = client.post("/api/v1/metadata", json={"url": URL})

    assert (answer.status_code, answer.get_json()["status"]) == (202, "pending")
    assert state(services, URL) == (State.PENDING, 0, None)


def test_who_waits_for_a_large_answer_without_memory_finds_it_later(
    services: wiring.Services, client: FlaskClient, web: RoomyWeb, taken: Room
) -> None:
    web.size = 0
    web.pages[URL] = Collected(web.usual(URL).content, PAGE)
    answer = client.post("/api/v1/metadata", json={"url": URL})

    assert answer.status_code == 202
    found = client.get(answer.headers["Location"])
    assert (found.status_code, found.get_json()["page_source"]) == (200, PAGE.decode())


def test_a_page_that_the_disk_cannot_keep_is_collected_once_it_can(
    make_services: Build, settings: Settings, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    services = make_services(replace(settings, allow_networks=(ip_network("127.0.0.1/32"),)), sources=None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Raw() as upstream:
        upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
        services.acceptances.collect_soon(services.sources["webpage"].target(upstream.url()))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, hard))  # which the store does not reach
        try:
            assert collect(services) == 0
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert state(services, upstream.url()) == (State.PENDING, 0, None)
        assert "TMPDIR" in capsys.readouterr().out

        clock.forward(60)
        assert collect(services) == 1
        assert state(services, upstream.url()) == (State.STORED, 1, None)


def test_a_page_for_which_the_system_gives_no_descriptor_is_collected_once_it_does(
    make_services: Build, settings: Settings, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    services = make_services(replace(settings, allow_networks=(ip_network("127.0.0.1/32"),)), sources=None)
    with Raw() as upstream:
        upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        services.acceptances.collect_soon(services.sources["webpage"].target(upstream.url()))
        for _ in range(2 * services.settings.max_attempts):
            with no_descriptors():
                assert collect(services) == 0
            assert state(services, upstream.url()) == (State.PENDING, 0, None)
            clock.forward(RETRY_HERE)
        assert "Too many open files" in capsys.readouterr().out

        assert collect(services) == 1
        assert state(services, upstream.url()) == (State.STORED, 1, None)
