"""Collecting from hosts that may not be called now: what waits, what does not, and that it comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep

import pytest
from flask.testing import FlaskClient

from inventory import create_app, urls, wiring
from inventory.clock import utc_now
from inventory.errors import SourceFailure
from inventory.rate_limits.calls import Calls
from inventory.rate_limits.limits import HostLimits, Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Breaker, Policy, Upstream
from inventory.records.model import Content, State, Status, Target
from inventory.records.source import Collected
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb

BUSY, QUICK = "http://busy.test/", "http://quick.test/"
BURST = 4
BREAKER = Policy(lease=35.0, failures=5, first_pause=10.0, longest_pause=600.0)


class CallingWeb(FakeWeb):
    """A web that is called with permits, as a fetcher calls it."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        assert calls is not None
        calls.begin(urls.parse(key).host)
        return super().collect(key, previous)


@pytest.fixture
def web() -> FakeWeb:
    return CallingWeb()


@pytest.fixture
def budgets(clock: FakeClock) -> LocalBudgets:
    limits = HostLimits(10, 4, whole={"rare.test": Limit(0.1, 1, 1)})
    return LocalBudgets(limits, BREAKER, clock=lambda: round(clock().timestamp() * 1_000_000))


@pytest.fixture
def services(make_services: Build, clock: FakeClock, budgets: LocalBudgets) -> wiring.Services:
    return make_services(sleep=clock.forward, budgets=budgets)


def accept_for_a_job(services: wiring.Services, *urls: str) -> list[Target]:
    targets = [services.sources["webpage"].target(url) for url in urls]
    for start in range(0, len(targets), 1_000):
        some = [(target, None) for target in targets[start : start + 1_000]]
        services.store.records.accept_all(some, now=services.records.clock())
    return targets


def collect(services: wiring.Services, until: Callable[[], bool]) -> None:
    """Work as a worker does whose time passes whenever it sleeps."""
    services.collector.collect_due(slots=10, stopping=until)


def work_to_the_end(services: wiring.Services, clock: FakeClock) -> None:
    """A worker that the scheduler wakes every two seconds, until nothing is pending."""
    while services.store.records.tally("webpage").get(Status.PENDING):
        collect(services, lambda: False)
        clock.forward(2)


def state_of(services: wiring.Services, host: str) -> Upstream:
    return services.upstreams.find(host)


def test_a_target_of_a_quick_host_does_not_wait_for_10_000_of_another_one(
    services: wiring.Services, web: FakeWeb, clock: FakeClock
) -> None:
    accept_for_a_job(services, *(f"{BUSY}{n}" for n in range(10_000)))
    accept_for_a_job(services, QUICK)
    began = clock()

    collect(services, lambda: web.asked[QUICK] == 1)

    assert sum(web.asked.values()) == 1 + BURST, "the quick one, and what the other host allows at once"
    assert clock() == began, "nothing was slept on"


def test_a_lookup_goes_before_10_000_targets_of_a_job(services: wiring.Services, web: FakeWeb, clock: FakeClock) -> None:
    accept_for_a_job(services, *(f"{BUSY}{n}" for n in range(10_000)))
    collect(services, lambda: deferred(services, "busy.test") >= 100)
    services.acceptances.collect_soon(services.sources["webpage"].target(f"{BUSY}asked-for"))
    before, began = sum(web.asked.values()), clock()

    collect(services, lambda: web.asked[f"{BUSY}asked-for"] == 1)

    assert sum(web.asked.values()) - before <= 2, "no more than the host has room for meanwhile"
    assert clock() - began <= timedelta(seconds=1)


def deferred(services: wiring.Services, host: str) -> int:
    known = services.upstreams.listing(limit=9, after=None)
    return sum(upstream.put_off for upstream in known if upstream.host == host)


def test_what_is_deferred_comes_at_its_reservation_at_the_rate_that_its_host_allows(
    services: wiring.Services, web: FakeWeb, clock: FakeClock
) -> None:
    targets = accept_for_a_job(services, *(f"{BUSY}{n}" for n in range(200)))
    began = clock()

    collect(services, lambda: False)

    assert set(web.asked.values()) == {1}
    assert len(web.asked) == 200
    assert (200 - BURST) / 10 <= (clock() - began).total_seconds() <= 1.1 * 200 / 10
    for target in targets:
        record = services.store.records.find(target.id)
        assert record is not None
        assert (record.state, record.attempt) == (State.STORED, 1), "being deferred is not an attempt"


def test_every_permit_is_given_back(services: wiring.Services, web: FakeWeb) -> None:
    web.pages = {f"{BUSY}{n}": SourceFailure("timeout", "late", permanent=True) for n in range(0, 50, 2)}
    accept_for_a_job(services, *(f"{BUSY}{n}" for n in range(50)))

    collect(services, lambda: False)

    assert state_of(services, "busy.test").in_use == 0


class BrokenWeb(CallingWeb):
    """A source with an internal fault."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        super().collect(key, previous, calls)
        raise ZeroDivisionError


class TestASourceThatBreaks:
    @pytest.fixture
    def web(self) -> FakeWeb:
        return BrokenWeb()

    def test_gives_its_permit_back_too(self, services: wiring.Services, web: FakeWeb) -> None:
        accept_for_a_job(services, BUSY)

        collect(services, lambda: False)

        assert web.asked[BUSY] == 1
        assert state_of(services, "busy.test").in_use == 0


class TestADeadHost:
    @pytest.fixture
    def web(self) -> FakeWeb:
        web = CallingWeb()
        web.pages = {f"{BUSY}{n}": SourceFailure("connection_refused", "busy.test: refused") for n in range(300)}
        return web

    def test_comes_to_its_end_in_bounded_time_and_is_hardly_called(
        self, services: wiring.Services, web: FakeWeb, clock: FakeClock
    ) -> None:
        targets = accept_for_a_job(services, *(f"{BUSY}{n}" for n in range(300)))
        began = clock()

        work_to_the_end(services, clock)

        rounds = services.settings.max_attempts - 1
        assert clock() - began <= rounds * timedelta(seconds=300 / 10 + BREAKER.longest_pause)
        found = services.store.records.find_all([target.id for target in targets]).values()
        assert {record.failure.code for record in found if record.failure} == {"breaker_open", "connection_refused"}
        assert sum(web.asked.values()) <= 5 + 3 + 10, "those that opened it, those beside them, and some probes"

    def test_is_called_by_one_probe_and_closes_when_that_is_answered(
        self, services: wiring.Services, web: FakeWeb, clock: FakeClock
    ) -> None:
        accept_for_a_job(services, *(f"{BUSY}{n}" for n in range(60)))
        collect(services, lambda: sum(web.asked.values()) >= 5)
        assert state_of(services, "busy.test").breaker is Breaker.OPEN
        asked = sum(web.asked.values())

        accept_for_a_job(services, QUICK)
        collect(services, lambda: web.asked[QUICK] == 1)
        assert sum(web.asked.values()) == asked + 1, "others are collected meanwhile, and it is not called"

        web.pages.clear()
        work_to_the_end(services, clock)

        assert state_of(services, "busy.test").breaker is Breaker.CLOSED
        assert sum(web.asked.values()) >= 60


class TiredWeb(CallingWeb):
    """A web whose next calls, so many of them, take their time."""

    slow = 0

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        collected = super().collect(key, previous, calls)
        with self._lock:
            self.slow -= 1
            pause = 0.5 if self.slow >= 0 else 0.004
        sleep(pause)
        return collected


class TestAHostThatWasSlow:
    """In real time, because how long calls take is measured."""

    @pytest.fixture
    def web(self) -> FakeWeb:
        return TiredWeb()

    @pytest.fixture
    def services(self, make_services: Build) -> wiring.Services:
        return make_services(clock=utc_now, budgets=LocalBudgets(HostLimits(1_000, 4), BREAKER))

    def seconds_for(self, services: wiring.Services, host: str) -> float:
        accept_for_a_job(services, *(f"http://{host}/{n}" for n in range(600)))
        began = monotonic()
        while services.store.records.tally("webpage").get(Status.PENDING):
            collect(services, lambda: monotonic() > began + 100)
            assert monotonic() <= began + 100
        return monotonic() - began

    def test_does_not_keep_those_waiting_who_were_deferred_meanwhile(self, services: wiring.Services, web: TiredWeb) -> None:
        fresh = self.seconds_for(services, "fresh.test")
        web.slow = 24

        assert self.seconds_for(services, "tired.test") - 24 / 4 * 0.5 <= 8 * fresh + 10, "75 s if all were paced so"


class TestInline:
    @pytest.fixture
    def client(self, services: wiring.Services) -> FlaskClient:
        return create_app(services=services).test_client()

    def post(self, client: FlaskClient, url: str) -> tuple[int, str]:
        answer = client.post("/api/v1/metadata", json={"url": url})
        assert answer.json is not None
        return answer.status_code, answer.json.get("status") or answer.json["code"]

    def test_it_is_collected_when_its_reservation_comes_soon(self, client: FlaskClient, services: wiring.Services) -> None:
        assert {self.post(client, f"{BUSY}{n}") for n in range(20)} == {(201, "stored")}

    def test_it_is_accepted_when_its_reservation_is_far_and_a_worker_collects_it_then(
        self, client: FlaskClient, services: wiring.Services, web: FakeWeb, clock: FakeClock
    ) -> None:
        rare = "http://rare.test/"
        assert self.post(client, rare) == (201, "stored")

        assert self.post(client, f"{rare}2") == (202, "pending")
        record = services.store.records.find(services.sources["webpage"].target(f"{rare}2").id)
        assert record is not None
        assert (record.attempt, record.failure) == (0, None)

        clock.forward(11)
        collect(services, lambda: False)
        assert web.asked[f"{rare}2"] == 1

    def test_a_known_page_of_a_busy_host_is_accepted_again_and_not_answered_as_if_it_were_new(
        self, client: FlaskClient
    ) -> None:
        rare = "http://rare.test/"
        self.post(client, rare)

        assert self.post(client, rare) == (202, "pending")

    def test_a_host_that_does_not_answer_is_told_at_once(
        self, client: FlaskClient, services: wiring.Services, web: FakeWeb
    ) -> None:
        web.pages = {f"{BUSY}{n}": SourceFailure("timeout", "late") for n in range(6)}
        for n in range(5):
            assert self.post(client, f"{BUSY}{n}")[0] == 504

        answer = client.post("/api/v1/metadata", json={"url": f"{BUSY}5"})

        assert answer.status_code == 502
        assert answer.json is not None
        assert answer.json["failure"]["code"] == "breaker_open"
        assert web.asked[f"{BUSY}5"] == 0
