"""What every demo upstream does: it counts, keeps to its limit, can be switched off, and repeats itself."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.demo.addresses import NAMES, SHOPS
from inventory.demo.exchange import Disconnect, Response
from inventory.demo.upstream import Upstream
from inventory.demo.upstreams import Choices
from tests.demo.served import Time, ask, document, unserved

QUIET = Choices(failures=0)
shops = pytest.mark.parametrize("name", SHOPS)


def counts(upstream: Upstream) -> Any:
    return document(ask(upstream, "/_counts"))


@shops
def test_the_sixth_request_of_any_second_is_refused_and_counted(name: str) -> None:
    clock = Time()
    upstream = unserved(QUIET, clock)[name]
    for _ in range(5):
        assert ask(upstream, "/").status == 404
        clock.now += 0.125
    sixth = ask(upstream, "/")
    clock.now = 1_001.0  # a whole second after the first
    later = ask(upstream, "/")

    assert (sixth.status, dict(sixth.headers)["Retry-After"], later.status) == (429, "1", 404)
    assert counts(upstream)["outcomes"] == {"404": 6, "429": 1}
    assert counts(upstream)["worst_second"] == 6
    assert counts(upstream)["asked_to_wait_seconds"] == 1


def test_five_in_every_second_are_never_refused() -> None:
    clock = Time()
    acme = unserved(QUIET, clock)["acme"]
    for number in range(50):
        clock.now = 1_000 + number // 5 + number % 5 * 0.0625

        assert ask(acme, "/v1/catalog").status == 200
    assert counts(acme)["worst_second"] == 5


def test_a_client_that_goes_on_while_refused_is_not_refused_longer() -> None:
    clock = Time()
    acme = unserved(QUIET, clock)["acme"]
    statuses = []
    for _ in range(21):
        statuses.append(ask(acme, "/v1/catalog").status)
        clock.now += 0.0625

    assert statuses == [200] * 5 + [429] * 11 + [200] * 5
    assert counts(acme)["worst_second"] == 16


@pytest.mark.parametrize("name", ["pages", "weather"])
def test_pages_and_weather_have_no_limit(name: str) -> None:
    upstream = unserved()[name]

    assert 429 not in {ask(upstream, "/").status for _ in range(100)}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_requests_get_the_same_answers_from_the_same_seed(name: str) -> None:
    def answers(seed: int) -> list[Response]:
        clock = Time()
        upstream = unserved(Choices(seed), clock)[name]
        got = []
        for number in range(60):
            clock.now += 0.25
            got.append(ask(upstream, TARGETS[name].format(number % 8)))
        return got

    assert answers(7) == answers(7)
    assert answers(7) != answers(8)


TARGETS = {
    "pages": "/articles/{}",
    "weather": "/v1/forecast?latitude={}&longitude=7&current=temperature_2m",
    "acme": "/v1/catalog?page={}",
    "bazaar": "/products",
    "corner": "/api/goods",
}


def test_a_refused_request_does_not_change_later_answers() -> None:
    patient, hasty = Time(), Time()
    answers = []
    for clock, pause in ((patient, 0.25), (hasty, 0.0625)):
        acme = unserved(Choices(), clock)["acme"]
        taken: list[Response] = []
        while len(taken) < 50:
            clock.now += pause
            answer = ask(acme, "/v1/catalog?page=2")
            taken += [answer] if answer.status != 429 else []
        answers.append(taken)

    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_upstream_answers_only_its_counts_until_it_is_switched_on(name: str) -> None:
    upstream = unserved(Choices(failures=0, dead=[name]))[name]
    dead = ask(upstream, "/")
    tally = counts(upstream)
    switched = ask(upstream, "/_switch?dead=false", "POST")

    assert (dead.disconnect, dead.encode()) == (Disconnect.BEFORE, b"")
    assert (tally["dead"], tally["outcomes"]) == (True, {"cut": 1})
    assert document(switched) == {"name": name, "dead": False}
    assert ask(upstream, "/").disconnect is None


def test_a_get_moves_no_switch() -> None:
    acme = unserved()["acme"]

    assert ask(acme, "/_switch?dead=true").status == 400
    assert ask(acme, "/_switch?dead=perhaps", "POST").status == 400
    assert counts(acme)["dead"] is False


def test_the_log_tells_what_was_asked_for_when_and_with_what_outcome() -> None:
    clock = Time()
    acme = unserved(QUIET, clock)["acme"]
    ask(acme, "/v1/catalog?page=1")
    clock.now += 0.5
    ask(acme, "/v1/catalog?page=0")

    assert document(ask(acme, "/_log")) == [
        {"at": 1_000.0, "target": "/v1/catalog?page=1", "outcome": "200"},
        {"at": 1_000.5, "target": "/v1/catalog?page=0", "outcome": "400"},
    ]
