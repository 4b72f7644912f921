"""Collections that take all the memory there is give it back, whatever becomes of them, and others then have it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from threading import Lock, Thread

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.errors import Deferred, SourceFailure
from inventory.rate_limits.calls import Calls
from inventory.rate_limits.model import Reason
from inventory.records.model import Content, State
from inventory.records.source import Collected
from inventory.wiring import BODIES_IN_MEMORY
from tests.conftest import Build
from tests.fakes import FakeWeb, content

URL = "http://example.test/"
LIMIT = 1024 * 1024
ALL = BODIES_IN_MEMORY * LIMIT


class HeavyWeb(FakeWeb):
    """A web of pages as large as may be, each of which takes all the memory; every third one then ends badly."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once, self.most = 0, 0
        self.ends: Counter[str] = Counter()
        self.counting = Lock()

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        assert calls is not None
        calls.room.take(ALL)
        with self.counting:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            return self._end(key)
        finally:
            with self.counting:
                self.at_once -= 1

    def _end(self, key: str) -> Collected:
        end = ("stored", "failed", "broken", "deferred", "stored", "stored")[int(key.removeprefix(URL) or 0) % 6]
        with self._lock:
            self.ends[end] += 1
        if end == "failed":
            raise SourceFailure("timeout", "too late", permanent=True)
        if end == "broken":
            raise ValueError
        if end == "deferred" and self.ends[end] == 1:
            raise Deferred("example.test", Reason.RATE, 0.0)
        return Collected(content(key), bytes(LIMIT))


@pytest.fixture
def web() -> HeavyWeb:
    return HeavyWeb()


@pytest.fixture
def services(make_services: Build, settings: Settings) -> wiring.Services:
    return make_services(replace(settings, body_limit=LIMIT))


@pytest.fixture
def client(services: wiring.Services) -> FlaskClient:
    return create_app(services=services).test_client()


def test_a_worker_collects_all_of_them_one_at_a_time(services: wiring.Services, web: HeavyWeb) -> None:
    for n in range(30):
        services.acceptances.collect_soon(services.sources["webpage"].target(f"{URL}{n}"))
    services.collector.collect_due(slots=10, stopping=lambda: False)

    assert web.most == 1
    assert set(web.ends) == {"stored", "failed", "broken", "deferred"}
    found = [services.store.records.find(services.sources["webpage"].target(f"{URL}{n}").id) for n in range(30)]
    states = Counter(None if record is None else record.state for record in found)
    assert states[State.STORED] >= 15
    assert states[State.STORED] + states[State.FAILED] + states[State.PENDING] == 30


def test_answers_of_inline_collections_hold_it_until_they_are_sent(
    services: wiring.Services, client: FlaskClient, web: HeavyWeb
) -> None:
    for n in (0, 1, 2, 4, 5, 6):
        answer = client.post("/api/v1/metadata", json={"url": f"{URL}{n}"})
        other = Thread(target=services.inline.room().take, args=(1,))
        other.start()
        if n in (1, 2):
            assert answer.status_code in (500, 502, 504)
        else:
            assert answer.status_code == 201
            other.join(0.1)
            assert other.is_alive(), "the answer holds all of it"
            assert len(answer.get_json()["page_source"]) >= LIMIT
        answer.close()
        other.join(60)
        assert not other.is_alive()


def test_an_answer_that_nobody_takes_gives_it_back_too(services: wiring.Services, web: HeavyWeb) -> None:
    target = services.sources["webpage"].target(URL)
    for _ in range(3):
        room = services.inline.room()
        assert services.inline.collect(target, room).ready
        assert room.held
        del room


def test_who_makes_no_answer_holds_none(services: wiring.Services, web: HeavyWeb) -> None:
    target = services.sources["webpage"].target(URL)
    results = [services.inline.collect(target) for _ in range(3)]
    assert all(result.ready for result in results)
