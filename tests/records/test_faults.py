"""An exception that nobody foresaw ends its collection at once, with the truth, and nothing else's."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import fakeredis
import pytest

from inventory import create_app, wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import CollectionFailed, Unstorable
from inventory.jobs.runner import complete_jobs
from inventory.ops import log_config
from inventory.rate_limits.calls import Calls
from inventory.rate_limits.model import Permit, PermitRequest, Reason, Throttled
from inventory.records.model import Content, Failed, Outcome, Record, State, Stored
from inventory.records.source import Collected
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeather, FakeWeb, Replacing, Unlimited
from tests.ops.actions import value

URL = "http://example.test/"
SECRET = "secret inside"


class BrokenWeb(FakeWeb):
    """A web whose pages in `broken` meet an internal fault while they have a permit."""

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken = set(broken)

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        if calls is not None:
            calls.begin("example.test")
        if key in self.broken:
            self.asked[key] += 1
            raise ValueError(SECRET)
        return super().collect(key, previous, calls)


class BrokenWeather(FakeWeather):
    """Weather that meets an internal fault."""

    broken = False

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        return Collected({"at": 1 // (not self.broken)}, None) if self.broken else super().collect(key, previous, calls)


class Rejecting(Replacing):
    """Records that reject what is in `rejected`."""

    error: Exception = ValueError(SECRET)
    rejected: Collection[str] = ()
    outcomes: tuple[type[Outcome], ...] = (Stored,)

    def settle(self, outcomes: Sequence[Outcome]) -> Any:
        if any(each.claim.id in self.rejected and isinstance(each, self.outcomes) for each in outcomes):
            raise self.error
        return self._real.settle(outcomes)


@pytest.fixture
def web() -> BrokenWeb:
    return BrokenWeb(f"{URL}3")


@pytest.fixture
def weather() -> BrokenWeather:
    return BrokenWeather()


@pytest.fixture
def budgets() -> Unlimited:
    return Unlimited()


@pytest.fixture
def services(make_services: Build, settings: Settings, budgets: Unlimited) -> wiring.Services:
    store = wiring.open_store(settings)
    return make_services(store=Replacing(store, records=Rejecting(store.records)), budgets=budgets)


@pytest.fixture
def records(services: wiring.Services) -> Any:
    return services.store.records


def accept(services: wiring.Services, count: int) -> list[str]:
    targets = [services.sources["webpage"].target(f"{URL}{n}") for n in range(count)]
    for target in targets:
        services.acceptances.collect_soon(target)
    return [target.id for target in targets]


def collect_due(services: wiring.Services) -> int:
    return services.collector.collect_due(slots=4, stopping=lambda: False)


def found(services: wiring.Services, record_id: str) -> Record:
    record = services.store.records.find(record_id)
    assert record is not None
    return record


def assert_failed(services: wiring.Services, record: Record, code: str = "internal_fault") -> None:
    """Failed for good at the first attempt, with a sentence that tells nothing of the inside."""
    assert record.failure is not None
    assert (record.state, record.failure.code, record.failure.permanent) == (State.FAILED, code, True)
    assert (record.failure.attempts, record.due_at) == (1, None)
    pause = (record.failure.retry_at - record.failure.at).total_seconds()
    assert pause == services.settings.retry_failed_after
    assert record.failure.detail.endswith(".")
    assert SECRET not in record.failure.detail


def test_in_a_worker_it_is_a_failure_at_the_first_attempt_and_the_others_are_stored(
    services: wiring.Services, web: BrokenWeb, budgets: Unlimited
) -> None:
    ids = accept(services, 20)

    assert collect_due(services) == 20

    assert_failed(services, found(services, ids.pop(3)))
    assert {found(services, record_id).state for record_id in ids} == {State.STORED}
    assert web.asked[f"{URL}3"] == 1
    assert len(budgets.reports) == 20, "every permit is given back"


def test_its_traceback_is_logged_and_it_is_counted_for_all_programs(
    services: wiring.Services, capsys: pytest.CaptureFixture[str]
) -> None:
    log_config.configure()
    accept(services, 4)
    collect_due(services)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [line] = [line for line in lines if line["event"] == "internal_fault"]
    assert (line["level"], line["where"], line["source"]) == ("error", "collect", "webpage")
    assert SECRET in line["exception"]
    client = create_app(services=services).test_client()
    assert value(client, "inventory_internal_faults_total", where="collect", source="webpage") == 1


def test_while_redis_is_away_it_is_recorded_all_the_same(make_services: Build) -> None:
    server = fakeredis.FakeServer()
    services = make_services(redis=fakeredis.FakeRedis(server=server))
    ids = accept(services, 4)
    server.connected = False

    assert collect_due(services) == 4
    assert_failed(services, found(services, ids[3]))
    client = create_app(services=services).test_client()
    assert value(client, "inventory_internal_faults_total", where="collect", source="webpage") == 0


def test_of_an_expired_claim_it_is_a_failure_too(services: wiring.Services, clock: FakeClock, web: BrokenWeb) -> None:
    record_id = accept(services, 4)[3]
    services.store.records.claim(record_id, now=clock(), lease_for=timedelta(seconds=1))
    clock.forward(2)

    assert collect_due(services) == 4

    failure = found(services, record_id).failure
    assert failure is not None
    assert (failure.code, failure.attempts) == ("internal_fault", 2)
    assert web.asked[f"{URL}3"] == 1


def test_a_post_answers_the_failure_and_so_does_a_get(services: wiring.Services, budgets: Unlimited) -> None:
    client = create_app(services=services).test_client()
    answers = [client.post("/api/v1/metadata", json={"url": f"{URL}3"}), client.get(f"/api/v1/metadata?url={URL}3")]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (502, "collection_failed")
        assert (answer.json["failure"]["code"], answer.json["failure"]["attempts"]) == ("internal_fault", 1)
        assert SECRET not in answer.text
    assert len(budgets.reports) == 1


def test_an_earlier_snapshot_stays_readable(services: wiring.Services, web: BrokenWeb) -> None:
    client = create_app(services=services).test_client()
    client.post("/api/v1/metadata", json={"url": URL})
    web.broken.add(URL)

    assert client.post("/api/v1/metadata", json={"url": URL}).status_code == 502

    answer = client.get(f"/api/v1/metadata?url={URL}")
    assert (answer.status_code, answer.json["failure"]["code"]) == (200, "internal_fault")


def test_a_city_whose_weather_breaks_is_a_failure_and_its_last_weather_is_answered(
    services: wiring.Services, weather: BrokenWeather, clock: FakeClock
) -> None:
    client = create_app(services=services).test_client()
    assert client.get("/api/v1/weather?city=bern").status_code == 200
    weather.broken = True
    clock.forward(2 * services.settings.weather_fresh_for)

    stale, missing = (client.get(f"/api/v1/weather?city={city}") for city in ("bern", "basel"))

    assert (stale.status_code, stale.json["stale"]) == (200, True)
    assert (missing.status_code, missing.json["failure"]["code"]) == (502, "internal_fault")


def test_what_is_due_for_a_source_that_is_gone_is_a_failure(
    services: wiring.Services, make_services: Build, weather: BrokenWeather
) -> None:
    [record_id] = accept(services, 1)
    without = make_services(sources=[weather])

    assert collect_due(without) == 1

    assert_failed(services, found(services, record_id))


class TestWhenSettling:
    @pytest.fixture
    def web(self) -> BrokenWeb:
        return BrokenWeb()

    def test_one_that_the_store_rejects_fails_and_the_others_are_stored(
        self, services: wiring.Services, records: Rejecting, web: BrokenWeb
    ) -> None:
        ids = accept(services, 4)
        records.rejected = {ids[2]}
        claims = records.claim_due(now=services.records.clock(), lease_for=timedelta(seconds=30), limit=9)
        outcomes = [services.collector.collect(claim) for claim in claims]

        settled = services.collector.settler.settle(outcomes)

        assert settled == [claim.id != ids[2] for claim in claims]
        assert_failed(services, found(services, ids.pop(2)))
        assert {found(services, record_id).state for record_id in ids} == {State.STORED}
        assert set(web.asked.values()) == {1}

    def test_what_the_site_sent_and_no_store_keeps_is_its_failure(
        self, services: wiring.Services, records: Rejecting
    ) -> None:
        [record_id] = accept(services, 1)
        records.rejected, records.error = {record_id}, Unstorable(SECRET)

        collect_due(services)

        assert_failed(services, found(services, record_id), "invalid_response")
        assert not services.notifier.faults()

    def test_a_post_answers_the_failure_instead_of_the_snapshot(self, services: wiring.Services, records: Rejecting) -> None:
        target = services.sources["webpage"].target(URL)
        services.inline.collect(target)
        records.rejected = {target.id}

        with pytest.raises(CollectionFailed) as caught:
            services.inline.collect(target)

        assert caught.value.failure["code"] == "internal_fault"
        assert found(services, target.id).snapshots == 1

    def test_where_not_even_the_failure_can_be_kept_the_others_go_on(
        self, services: wiring.Services, records: Rejecting
    ) -> None:
        ids = accept(services, 4)
        records.rejected, records.outcomes = {ids[2]}, (Stored, Failed)

        collect_due(services)

        assert found(services, ids.pop(2)).state is State.RUNNING
        assert {found(services, record_id).state for record_id in ids} == {State.STORED}


class Poisoned(Unlimited):
    """Budgets that break over one host, and throttle another for longer than there are years."""

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:  # type: ignore[override]
        if "poison.test" in {request.host for request in requests}:
            raise ValueError(SECRET)
        endless = Throttled("endless.test", Reason.PAUSE, float("inf"))
        permits = super().take(requests)
        return [
            endless if request.host == "endless.test" else permit for request, permit in zip(requests, permits, strict=True)
        ]


class OwnHosts(FakeWeb):
    """A web that asks for a permit for the host of each page."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        assert calls is not None
        calls.begin(key.split("/")[2])
        return super().collect(key, previous, calls)


class TestWhenRequestingPermits:
    @pytest.fixture
    def web(self) -> FakeWeb:
        return OwnHosts()

    @pytest.fixture
    def budgets(self) -> Unlimited:
        return Poisoned()

    @pytest.mark.parametrize("broken", ["poison.test", "endless.test"])
    def test_it_breaks_none_but_the_collection_that_it_is_about(self, services: wiring.Services, broken: str) -> None:
        targets = [services.sources["webpage"].target(f"http://{host}/") for host in ("a.test", broken, "b.test")]
        for target in targets:
            services.acceptances.collect_soon(target)

        collect_due(services)

        assert_failed(services, found(services, targets.pop(1).id))
        assert {found(services, target.id).state for target in targets} == {State.STORED}


def test_a_row_of_an_import_fails_with_the_code(make_services: Build) -> None:
    services = make_services(clock=utc_now)
    client = create_app(services=services).test_client()
    upload = {"file": (BytesIO(f"url\n{URL}3\n{URL}4\n".encode()), "urls.csv")}
    job_id = client.post("/api/v1/imports?kind=urls", data=upload).json["job_id"]
    with services.job_runner() as runner:
        services.collector.collect_due(slots=4, stopping=lambda: False, more=runner.more)
    complete_jobs(services.store.jobs, services.notifier, now=services.jobs.clock())

    rows = client.get(f"/api/v1/jobs/{job_id}/rows?outcome=failed").json["rows"]
    assert [(row["input"], row["code"]) for row in rows] == [(f"{URL}3", "internal_fault")]
