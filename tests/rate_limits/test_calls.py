"""Each request of a collection has a permit of its own; what happens to it is told of that host and of no other one."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from inventory import urls, wiring
from inventory.config import Settings
from inventory.errors import Deferred, SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.rate_limits.calls import MAX_WAIT, Calls
from inventory.rate_limits.limits import HostLimits, Limit
from inventory.rate_limits.model import Breaker, Budgets, Permit, PermitRequest, Reason, Report, Upstream
from tests.conftest import Build
from tests.end_to_end.stack import free_port
from tests.http_client.conftest import make_fetcher
from tests.rate_limits.budget_halves import LocalHalf
from tests.upstreams import Answer
from tests.upstreams import Upstream as Server

ONE, TWO = "one.test", "two.test"
SLOW, RARE = "slow.test", "rare.test"
LIMITS = HostLimits(10, 4, whole={SLOW: Limit(2, 1, 1), RARE: Limit(0.1, 1, 1)})


@pytest.fixture
def half() -> LocalHalf:
    return LocalHalf(LIMITS)


@pytest.fixture
def fetcher() -> Fetcher:
    return make_fetcher(resolve=lambda host: ["127.0.0.1"])


def calls(half: LocalHalf, ahead: Permit | None = None) -> Calls:
    return Calls(half.budgets, ahead, ticks=lambda: half.now / 1_000_000, sleep=half.forward)


def known(half: LocalHalf, host: str) -> Upstream:
    state = half.budgets.state(host)
    assert state is not None
    return state


def test_each_request_has_a_permit_and_gives_it_back(half: LocalHalf, fetcher: Fetcher, upstream: Server) -> None:
    with calls(half) as made:
        fetcher.fetch(urls.parse(upstream.url("/redirect/2", host=ONE)), calls=made)
        assert known(half, ONE).in_use == 1

    state = known(half, ONE)
    assert (state.requests, state.latency.answers, state.in_use) == (3, 3, 0)


def test_a_permit_that_was_taken_ahead_is_for_the_first_request(half: LocalHalf, fetcher: Fetcher, upstream: Server) -> None:
    with calls(half, half.permit(ONE)) as made:
        fetcher.fetch(urls.parse(upstream.url("/redirect", host=ONE)), calls=made)

    assert known(half, ONE).requests == 2


def test_of_several_requests_only_the_permit_of_the_last_may_be_given_back_later(
    half: LocalHalf, fetcher: Fetcher, upstream: Server
) -> None:
    later = list[Report]()
    with Calls(half.budgets, half.permit(ONE), give_back=later.append, sleep=half.forward) as made:
        fetcher.fetch(urls.parse(upstream.url("/redirect/2", host=ONE)), calls=made)

    state = known(half, ONE)
    assert (state.requests, state.latency.answers, state.in_use) == (3, 2, 1)
    half.budgets.done(later)
    assert (known(half, ONE).latency.answers, known(half, ONE).in_use) == (3, 0)


def test_one_that_was_taken_ahead_for_another_host_is_given_back(half: LocalHalf) -> None:
    with calls(half, half.permit(ONE)) as made:
        made.begin(TWO)
        assert (known(half, ONE).in_use, known(half, TWO).in_use) == (0, 1)


def test_a_redirect_to_another_host_comes_out_of_that_ones_budget(
    half: LocalHalf, fetcher: Fetcher, upstream: Server
) -> None:
    elsewhere = upstream.url("/page", host=TWO)
    with calls(half) as made:
        fetcher.fetch(urls.parse(upstream.url(f"/redirect?to={elsewhere}", host=ONE)), calls=made)
        assert (known(half, ONE).in_use, known(half, TWO).in_use) == (0, 1)

    assert (known(half, ONE).requests, known(half, TWO).requests) == (1, 1)


def test_a_failure_after_a_redirect_counts_against_the_second_host_alone(
    half: LocalHalf, fetcher: Fetcher, upstream: Server
) -> None:
    nobody = f"http://{TWO}:{free_port()}/"
    for _ in range(3):
        half.forward(1)
        with pytest.raises(SourceFailure, match="refused"), calls(half) as made:
            fetcher.fetch(urls.parse(upstream.url(f"/redirect?to={nobody}", host=ONE)), calls=made)

    assert (known(half, ONE).failures, known(half, ONE).breaker) == (0, Breaker.CLOSED)
    assert (known(half, TWO).failures, known(half, TWO).breaker) == (3, Breaker.OPEN)


def test_a_redirect_to_a_host_whose_breaker_is_open_is_not_followed(
    half: LocalHalf, fetcher: Fetcher, upstream: Server
) -> None:
    half.fail(TWO, 3)
    before = upstream.count()

    with pytest.raises(Deferred) as raised, calls(half) as made:
        fetcher.fetch(urls.parse(upstream.url(f"/redirect?to={upstream.url('/page', host=TWO)}", host=ONE)), calls=made)

    assert raised.value.reason is Reason.BREAKER
    assert upstream.count() == before + 1
    assert known(half, ONE).in_use == 0


def test_what_breaks_a_collection_gives_its_permit_back_all_the_same(half: LocalHalf) -> None:
    with suppress(ZeroDivisionError), calls(half) as made:
        made.begin(ONE)
        raise ZeroDivisionError

    assert (known(half, ONE).in_use, known(half, ONE).failures) == (0, 0)


def test_a_reservation_that_comes_soon_is_waited_for(half: LocalHalf) -> None:
    half.end(half.permit(SLOW))
    begun = half.now

    with calls(half) as made:
        made.begin(SLOW)

    assert 0.5 <= (half.now - begun) / 1_000_000 <= MAX_WAIT


def test_a_reservation_that_does_not_come_soon_is_not_waited_for(half: LocalHalf) -> None:
    half.end(half.permit(RARE))
    begun = half.now

    with pytest.raises(Deferred) as raised, calls(half) as made:
        made.begin(RARE)

    assert raised.value.wait == pytest.approx(10, abs=0.1)
    assert half.now == begun


def test_a_further_request_to_the_same_host_is_made_even_if_its_reservation_does_not_come_soon(half: LocalHalf) -> None:
    with calls(half) as made:
        made.begin(RARE)
        begun = half.now
        made.begin(RARE)
        assert (half.now - begun) / 1_000_000 == pytest.approx(MAX_WAIT)

    assert (known(half, RARE).requests, known(half, RARE).in_use) == (1, 0)


def test_but_not_when_that_host_asked_for_a_pause_meanwhile(half: LocalHalf) -> None:
    other = half.permit(ONE)
    with calls(half) as made:
        made.begin(ONE)
        half.end(other, pause=60)
        with pytest.raises(Deferred) as raised:
            made.begin(ONE)

    assert raised.value.reason is Reason.PAUSE


def test_further_requests_go_before_bulk(half: LocalHalf) -> None:
    with calls(half) as made:
        made.begin(SLOW)
        half.budgets.take([PermitRequest(SLOW)] * 5)
        made.begin(SLOW)
        assert known(half, SLOW).requests == 2


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (Answer(429, (("Retry-After", "60"),)), 60),
        (Answer(503, (("Retry-After", "60"),)), 60),
        (Answer(503, (("Retry-After", "86400"),)), 3_600),
        (Answer(429), 5),
        (Answer(503), None),
        (Answer(500, (("Retry-After", "60"),)), None),
        (Answer(404, (("Retry-After", "60"),)), None),
    ],
)
def test_a_pause_that_a_host_asks_for_is_for_all_its_targets(
    half: LocalHalf, fetcher: Fetcher, upstream: Server, answer: Answer, pause: float | None
) -> None:
    upstream.script("/busy", answer)
    with calls(half) as made:
        fetcher.fetch(urls.parse(upstream.url("/busy", host=ONE)), calls=made)

    assert known(half, ONE).paused_for == (pause if pause is None else pytest.approx(pause))
    assert known(half, ONE).failures == 0


def test_an_answer_that_its_source_cannot_use_counts_as_a_failure_unless_it_asks_for_a_pause(half: LocalHalf) -> None:
    for pause in (None, 1.0):
        with suppress(SourceFailure), calls(half) as made:
            made.begin(ONE)
            if pause:
                made.paused(pause)
            raise SourceFailure("invalid_response", "one.test answered 500, where 200 was expected")

    assert known(half, ONE).failures == 1


CITIES = b'{"results": [{"name": "Paris", "latitude": 48.9, "longitude": 2.3, "country_code": "FR", "country": "France"}]}'


@pytest.fixture
def budgets() -> Budgets:
    return LocalHalf(HostLimits(10, 4)).budgets


@pytest.fixture
def services(make_services: Build, budgets: Budgets, upstream: Server, tmp_path: Path) -> wiring.Services:
    settings = replace(
        Settings(data_dir=tmp_path),
        allow_networks=(ipaddress.ip_network("127.0.0.1/32"),),
        weather_geocoding_url=upstream.url("/v1/search", host=ONE),
        weather_url=upstream.url("/v1/forecast", host=TWO),
    )
    return make_services(settings, sources=None, resolve=lambda host: ["127.0.0.1"], budgets=budgets)


@pytest.mark.parametrize(
    ("source", "text", "called"), [("webpage", "http://one.test:{port}/page", {ONE}), ("weather", "Paris", {ONE, TWO})]
)
def test_every_source_calls_its_upstreams_with_permits(
    services: wiring.Services, budgets: Budgets, upstream: Server, source: str, text: str, called: set[str]
) -> None:
    upstream.script("/v1/search", Answer(body=CITIES))
    target = services.sources[source].target(text.format(port=upstream.port))

    with suppress(SourceFailure), Calls(budgets) as made:  # there is no forecast, but it is asked for
        services.sources[source].collect(target.key, None, made)

    listed = budgets.listing(limit=9, after=None)
    assert {(state.host, state.requests, state.in_use) for state in listed} == {(host, 1, 0) for host in called}


def test_there_is_no_source_that_the_test_above_does_not_know(services: wiring.Services) -> None:
    assert set(services.sources) == {"webpage", "weather"}
