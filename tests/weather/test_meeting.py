"""Lookups of one city that meet each other, workers, deletions and the death of another process, at every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import fakeredis
import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.errors import Deferred, SourceFailure, StorageUnavailable
from inventory.rate_limits.calls import Calls
from inventory.rate_limits.model import Reason, Throttled
from inventory.records.model import Content, Failed, Failure, Postponed, Snapshot, State, Stored
from inventory.records.source import Collected
from inventory.services import Services
from inventory.thread_shares import share_threads
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeather, Replacing, weather_content
from tests.weather.actions import (
    CITY,
    EXPIRED,
    GARBAGE,
    NO_CITY,
    TIMEOUT,
    Meddling,
    accept_for_a_job,
    get,
    get_held,
    outcomes,
    record,
    target,
    wait_until,
    warmer,
    work,
)

CALLERS = 50


@pytest.fixture
def services(make_services: Build, settings: Settings, clock: FakeClock) -> Services:
    store = wiring.open_store(settings)
    return make_services(store=Replacing(store, records=Meddling(store.records)), sleep=clock.forward)


@pytest.fixture
def meddling(services: Services) -> Any:
    return services.store.records


@pytest.fixture
def other(make_services: Build) -> Services:
    """The same service in another process: its own store, slots and clients."""
    return make_services()


def elsewhere(other: Services) -> FlaskClient:
    return create_app(services=other).test_client()


# A miss


def test_what_another_request_collects_after_the_lookup_is_answered(
    client: FlaskClient, meddling: Meddling, other: Services, weather: FakeWeather
) -> None:
    meddling.before["accept"] = lambda: get(elsewhere(other))

    assert get(client).json["stale"] is False
    assert weather.asked[CITY] == 1


@pytest.mark.parametrize(("failure", "status"), [(NO_CITY, 404), (TIMEOUT, 504), (GARBAGE, 502)], ids=["404", "504", "502"])
def test_the_failure_of_another_request_after_the_lookup_is_answered(
    client: FlaskClient, meddling: Meddling, other: Services, weather: FakeWeather, failure: SourceFailure, status: int
) -> None:
    weather.pages[CITY] = failure
    meddling.before["accept"] = lambda: get(elsewhere(other))

    assert get(client).status_code == status
    assert weather.asked[CITY] == 1


def test_a_miss_that_a_worker_claims_first_is_waited_for(
    client: FlaskClient, meddling: Meddling, other: Services, weather: FakeWeather, services: Services, clock: FakeClock
) -> None:
    with ThreadPoolExecutor(1) as pool:
        worker = []

        def take() -> None:
            [claim] = other.store.records.claim_due(now=clock(), lease_for=timedelta(seconds=60), limit=1)
            meddling.after["look_up"] = lambda: worker.append(
                pool.submit(other.collector.settler.settle, [stored(claim, clock)])
            )

        meddling.before["claim"] = take
        answer = get(client)

    assert answer.json["temperature_c"] == 7.7
    assert worker[0].result() == [True]
    assert not weather.asked, "the worker of this test has not asked"


def test_a_city_that_is_deleted_between_the_acceptance_and_the_claim_is_not_in_the_inventory(
    client: FlaskClient, meddling: Meddling, services: Services, weather: FakeWeather
) -> None:
    meddling.before["claim"] = lambda: meddling._real.delete(target(services).id)
    answer = get(client)

    assert (answer.status_code, answer.json["code"]) == (404, "not_in_inventory")
    assert not weather.asked


def test_a_city_that_is_deleted_before_it_can_be_read_again_is_not_in_the_inventory(
    client: FlaskClient, meddling: Meddling, other: Services, services: Services
) -> None:
    meddling.before["accept"] = lambda: get(elsewhere(other))
    meddling.after["accept"] = lambda: meddling._real.delete(target(services).id)

    assert get(client).json["code"] == "not_in_inventory"


def test_a_city_that_is_deleted_while_it_is_collected_stays_deleted(
    client: FlaskClient, services: Services, weather: FakeWeather
) -> None:
    with get_held(client, weather) as answer:
        services.records.delete(target(services))

    assert (answer.result().status_code, answer.result().json["code"]) == (404, "not_in_inventory")
    assert services.store.records.find(target(services).id) is None
    assert get(client).status_code == 200, "asking again collects it again"


def test_what_a_dead_process_was_collecting_is_collected_when_its_lease_is_over(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    accept_for_a_job(services, CITY)
    services.collector.claim(target(services).id)
    clock.forward(services.settings.lease + 1)

    assert get(client).status_code == 200
    assert weather.asked[CITY] == 1


@pytest.mark.parametrize("late", [None, TIMEOUT], ids=["weather", "failure"])
def test_an_overtaken_request_answers_what_the_other_one_collected(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock, late: SourceFailure | None
) -> None:
    if late is not None:
        weather.pages[CITY] = late
    with get_held(client, weather) as answer:
        clock.forward(services.settings.lease + 1)
        claim = services.collector.claim(target(services).id)
        services.store.records.settle([stored(claim, clock)])

    assert answer.result().json["temperature_c"] == 7.7
    assert record(services).snapshots == 1


def test_a_request_that_was_overtaken_by_a_failed_one_answers_that_failure(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    with get_held(client, weather) as answer:
        clock.forward(services.settings.lease + 1)
        claim = services.collector.claim(target(services).id)
        services.store.records.settle([failed(claim, clock, "unknown_city")])

    assert (answer.result().status_code, answer.result().json["code"]) == (404, "unknown_city")
    assert outcomes(client) == [(CITY, "unknown")]


def test_who_was_overtaken_by_one_who_is_not_done_yet_waits_for_it(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock, redis: fakeredis.FakeRedis
) -> None:
    with get_held(client, weather) as answer:
        clock.forward(services.settings.lease + 1)
        claim = services.collector.claim(target(services).id)
        weather.open.set()
        wait_until(lambda: waits(redis, claim.id), "the caller waits")
        services.collector.settler.settle([stored(claim, clock)])

        assert answer.result().json["temperature_c"] == 7.7


def test_while_somebody_else_collects_it_the_caller_waits_for_the_outcome(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock, redis: fakeredis.FakeRedis
) -> None:
    accept_for_a_job(services, CITY)
    weather.pages[CITY] = NO_CITY
    weather.open.clear()
    with ThreadPoolExecutor(2) as pool:
        worker = pool.submit(work, services)
        wait_until(lambda: weather.asked[CITY], "the worker asks the upstream")
        answer = pool.submit(get, client)
        wait_until(lambda: waits(redis, target(services).id), "the caller waits")
        weather.open.set()

        assert answer.result().json["code"] == "unknown_city"
        assert worker.result() == 1
    assert weather.asked[CITY] == 1


def test_a_caller_who_waits_does_so_no_longer_than_a_collection_may_take(
    client: FlaskClient, services: Services, clock: FakeClock, redis: fakeredis.FakeRedis
) -> None:
    accept_for_a_job(services, CITY)
    claim = services.collector.claim(target(services).id)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, client)
        wait_until(lambda: waits(redis, claim.id), "the caller waits")
        again = Postponed(claim, clock() + timedelta(seconds=60), None)
        services.collector.settler.settle([again])
        clock.forward(services.settings.fetch_deadline)
        problem = answer.result()

    assert (problem.status_code, problem.json["code"], problem.headers["Retry-After"]) == (429, "too_many_requests", "2")
    assert outcomes(client) == [], "it was told nothing"


def test_a_store_that_goes_away_while_a_city_is_collected_is_503_and_a_worker_collects_it_again(
    client: FlaskClient, meddling: Meddling, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    def away() -> None:
        meddling.before["settle"] = away
        raise StorageUnavailable("away")

    meddling.before["settle"] = away
    assert get(client).json["code"] == "storage_unavailable"

    meddling.before.clear()
    clock.forward(services.settings.lease + 1)
    assert work(services) == 1
    assert get(client).json["stale"] is False
    assert weather.asked[CITY] == 2


# A refresh


def test_what_another_request_refreshes_after_the_lookup_is_answered(
    client: FlaskClient, meddling: Meddling, other: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    get(client)
    clock.forward(EXPIRED)
    weather.pages[CITY] = warmer()
    meddling.before["accept"] = lambda: get(elsewhere(other))
    answer = get(client).json

    assert (answer["temperature_c"], answer["stale"]) == (9.9, False)
    assert weather.asked[CITY] == 2


def test_when_another_request_fails_after_the_lookup_the_stale_weather_is_answered(
    client: FlaskClient, meddling: Meddling, other: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    fresh = get(client).json
    clock.forward(EXPIRED)
    weather.pages[CITY] = TIMEOUT
    meddling.before["accept"] = lambda: get(elsewhere(other))

    assert get(client).json == fresh | {"stale": True}
    assert weather.asked[CITY] == 2


def test_a_refresh_that_a_worker_claims_first_is_not_waited_for(
    client: FlaskClient, meddling: Meddling, other: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    fresh = get(client).json
    clock.forward(EXPIRED)
    meddling.before["claim"] = lambda: other.store.records.claim_due(now=clock(), lease_for=timedelta(seconds=60), limit=1)

    assert get(client).json == fresh | {"stale": True}
    assert weather.asked[CITY] == 1


@pytest.mark.parametrize("method", ["claim", "settle"])
def test_a_city_that_is_deleted_while_it_is_refreshed_is_answered_as_it_was(
    client: FlaskClient, meddling: Meddling, services: Services, weather: FakeWeather, clock: FakeClock, method: str
) -> None:
    fresh = get(client).json
    clock.forward(EXPIRED)
    meddling.before[method] = lambda: meddling._real.delete(target(services).id)

    assert get(client).json == fresh | {"stale": True}
    assert services.store.records.find(target(services).id) is None


def test_a_city_that_is_deleted_before_its_refresh_is_accepted_is_collected_as_new(
    client: FlaskClient, meddling: Meddling, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    get(client)
    clock.forward(EXPIRED)
    weather.pages[CITY] = warmer()
    meddling.before["accept"] = lambda: meddling._real.delete(target(services).id)

    assert get(client).json["temperature_c"] == 9.9
    assert record(services).snapshots == 1


# An upstream that may not be called now


class BusyWeather(FakeWeather):
    """Weather whose upstream may not be called while there is a `refusal`."""

    refusal: Throttled | None = None

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        if self.refusal is not None:
            raise Deferred(self.refusal.host, self.refusal.reason, self.refusal.wait)
        return super().collect(key, previous, calls)


@pytest.fixture
def weather() -> BusyWeather:
    return BusyWeather()


def test_a_miss_waits_for_the_turn_of_its_upstream_which_a_worker_takes(
    client: FlaskClient, services: Services, weather: BusyWeather, clock: FakeClock, redis: fakeredis.FakeRedis
) -> None:
    weather.refusal = Throttled("geocoding.test", Reason.RATE, 3.0)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, client)
        wait_until(lambda: waits(redis, target(services).id), "the caller waits")
        assert (record(services).state, record(services).attempt) == (State.PENDING, 0), "it was no attempt"
        weather.refusal = None
        clock.forward(3)

        assert work(services) == 1
        assert answer.result().status_code == 200


def test_stale_weather_is_answered_while_its_upstream_may_not_be_called(
    client: FlaskClient, services: Services, weather: BusyWeather, clock: FakeClock
) -> None:
    fresh = get(client).json
    clock.forward(EXPIRED)
    weather.refusal = Throttled("geocoding.test", Reason.CONCURRENCY, 3.0)

    assert get(client).json == fresh | {"stale": True}
    assert record(services).state is State.PENDING, "it is still pending"


def test_an_upstream_that_did_not_answer_lately_is_not_waited_for(
    client: FlaskClient, weather: BusyWeather, clock: FakeClock
) -> None:
    fresh = get(client).json
    weather.refusal = Throttled("geocoding.test", Reason.BREAKER, 60.0)
    clock.forward(EXPIRED)
    problem = get(client, "Bern")

    assert (problem.status_code, problem.json["failure"]["code"]) == (502, "breaker_open")
    assert get(client).json == fresh | {"stale": True}


# Many at once


def at_once(clients: list[FlaskClient], weather: FakeWeather, city: str = CITY) -> list[tuple[int, Any]]:
    """The answers to lookups that begin together, each in a thread, while the upstream holds its answer back."""
    start = Barrier(len(clients) + 1)
    weather.open.clear()
    before = weather.asked[city]

    def one(client: FlaskClient) -> tuple[int, Any]:
        start.wait(60)
        answer = get(client, city)
        return answer.status_code, answer.json

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = [pool.submit(one, client) for client in clients]
        start.wait(60)
        wait_until(lambda: weather.asked[city] > before, "the upstream is asked")
        weather.open.set()
        return [answer.result() for answer in answers]


Crowd = Callable[[int], Services]


@pytest.fixture
def crowd(make_services: Build, settings: Settings) -> Crowd:
    """Builds the services of a process in which so many may wait."""
    return partial(make_crowd, make_services, settings)


def make_crowd(make_services: Build, settings: Settings, room: int) -> Services:
    wide = replace(settings, api_threads=settings.inline_slots + settings.live_streams + 1)
    while share_threads(wide.spare_threads).waiting_lookups < room:
        wide = replace(wide, api_threads=wide.api_threads + 1)
    services = make_services(wide)
    services.store.prepare()
    return services


def test_fifty_simultaneous_misses_are_one_call_and_all_get_its_weather(crowd: Crowd, weather: FakeWeather) -> None:
    processes = [crowd(CALLERS) for _ in range(2)]
    apps = [create_app(services=services) for services in processes]
    answers = at_once([apps[number % 2].test_client() for number in range(CALLERS)], weather)

    assert {status for status, _ in answers} == {200}
    assert len({document["collected_at"] for _, document in answers}) == 1
    assert weather.asked[CITY] == 1


@pytest.mark.parametrize(("failure", "status"), [(NO_CITY, 404), (TIMEOUT, 504)], ids=["unknown", "timeout"])
def test_fifty_simultaneous_misses_that_fail_are_one_call_too(
    crowd: Crowd, weather: FakeWeather, failure: SourceFailure, status: int
) -> None:
    services = crowd(CALLERS)
    weather.pages[CITY] = failure
    app = create_app(services=services)
    answers = at_once([app.test_client() for _ in range(CALLERS)], weather)

    assert Counter(status for status, _ in answers) == {status: CALLERS}
    assert weather.asked[CITY] == 1


def test_fifty_simultaneous_lookups_of_stale_weather_are_one_call(
    crowd: Crowd, weather: FakeWeather, clock: FakeClock
) -> None:
    services = crowd(1)
    app = create_app(services=services)
    get(app.test_client())
    clock.forward(EXPIRED)
    answers = at_once([app.test_client() for _ in range(CALLERS)], weather)

    assert {status for status, _ in answers} == {200}
    assert weather.asked[CITY] == 2


def test_when_no_more_callers_may_wait_a_miss_is_429_and_nothing_is_lost(
    crowd: Crowd, redis: fakeredis.FakeRedis, weather: FakeWeather
) -> None:
    services = crowd(2)
    app = create_app(services=services)
    weather.open.clear()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(get, app.test_client()) for _ in range(3)]
        wait_until(lambda: weather.asked[CITY] and waits(redis, target(services).id) == 2, "one asks and two wait")
        refused = get(app.test_client())
        weather.open.set()

        assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (429, "too_many_requests", "2")
        assert [answer.result().status_code for answer in answers] == [200] * 3
    assert weather.asked[CITY] == 1
    assert get(app.test_client()).status_code == 200


def test_a_miss_that_finds_every_slot_taken_is_collected_by_a_worker_while_its_caller_waits(
    services: Services, weather: FakeWeather, redis: fakeredis.FakeRedis
) -> None:
    app = create_app(services=services)
    slots = services.settings.inline_slots
    weather.open.clear()
    with ThreadPoolExecutor(slots + 1) as pool:
        owned = [pool.submit(get, app.test_client(), f"Town {chr(97 + number)}") for number in range(slots)]
        wait_until(lambda: weather.asked.total() == slots, "all slots are taken")
        answer = pool.submit(get, app.test_client())
        wait_until(lambda: waits(redis, target(services).id), "the caller waits")
        assert record(services).state is State.PENDING
        assert redis.llen("rq:queue:collect") == 1, "a worker is called"
        weather.open.set()

        assert work(services) == 1
        assert answer.result().json["city"] == "Zurich"
        assert {each.result().status_code for each in owned} == {200}
    assert weather.asked[CITY] == 1


def waits(redis: fakeredis.FakeRedis, record_id: str) -> int:
    """How many wait for an outcome of this record."""
    return sum(listeners for _, listeners in redis.pubsub_numsub(f"inventory:settled:{record_id}"))


def stored(claim: Any, clock: FakeClock) -> Stored:
    """That a claim ends in weather that no test's upstream answers."""
    return Stored(claim, Snapshot(claim.lease, claim.id, clock(), weather_content("Zurich", 7.7), None), None)


def failed(claim: Any, clock: FakeClock, code: str) -> Failed:
    return Failed(claim, Failure(code, "It failed elsewhere.", True, 1, clock(), clock() + timedelta(minutes=5)))
