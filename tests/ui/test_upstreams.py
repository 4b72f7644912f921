"""The pages of upstreams: what they say of each, whole and as the part that htmx fetches again."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.rate_limits.limits import HostLimits
from tests.conftest import Build
from tests.rate_limits.budget_halves import LocalHalf
from tests.ui.logging_in import BROWSER
from tests.ui.page_of import addresses, texts

HTMX = {"HX-Request": "true"}


@pytest.fixture
def half() -> LocalHalf:
    return LocalHalf(HostLimits(10, 4))


@pytest.fixture
def client(make_services: Build, half: LocalHalf) -> FlaskClient:
    return create_app(services=make_services(budgets=half.budgets)).test_client()


def test_an_upstream_says_how_it_is_called_and_how_it_answers(client: FlaskClient, half: LocalHalf) -> None:
    half.end(half.permit("api.example"), elapsed=0.03)
    half.end(half.permit("api.example"), failed=True)
    half.permit("api.example")

    listed = texts(client.get("/upstreams").text)
    assert "closed now 1 of 4 10 3 1 33.3 % 0 28 ms 34 ms –" in listed
    one = texts(client.get("/upstreams/api.example").text)
    for fact in (
        "Breaker closed",
        "Running 1 of 4",
        "Requests 3",
        "Failed 1 (33.3 %)",
        "Median 28 ms",
        "Mean latency 30 ms",
    ):
        assert fact in one


def test_a_breaker_has_its_word_and_the_time_of_the_next_call(client: FlaskClient, half: LocalHalf) -> None:
    half.fail("dead.example", 3)
    answer = client.get("/api/v1/upstreams/dead.example").json

    listed = client.get("/upstreams").text
    assert '<span class="status open">open</span>' in listed
    assert f'datetime="{answer["breaker"]["open_until"]}"' in listed
    half.forward(10)
    assert '<span class="status half_open">half-open</span>' in client.get("/upstreams").text


def test_who_waits_is_seen_by_the_last_reservation(client: FlaskClient, half: LocalHalf) -> None:
    for _ in range(4):
        half.permit("busy.example")
    half.throttled("busy.example")

    until = client.get("/api/v1/upstreams/busy.example").json["waiting_until"]
    for path in ("/upstreams", "/upstreams/busy.example"):
        assert f'datetime="{until}"' in client.get(path).text


def test_the_part_that_is_fetched_again_is_that_of_the_same_page(client: FlaskClient, half: LocalHalf) -> None:
    for number in range(5):
        half.permit(f"{number}.example")
        half.forward(1)
    first = client.get("/upstreams?limit=3").text
    [following] = [each for each in addresses(first) if "cursor=" in each]

    second = client.get(following).text
    [again] = addresses(second, "hx-get")
    part = client.get(again, headers=HTMX).text
    assert "<html" not in part
    assert texts(part) in texts(second)
    assert "1.example" in part
    assert "4.example" not in part
    assert again in addresses(second), "without script a link loads the page again"


def test_a_host_that_was_not_called_is_not_found(client: FlaskClient) -> None:
    answer = client.get("/upstreams/%3Cb%3E.example", headers=BROWSER)

    assert answer.status_code == 404
    assert "&lt;b&gt;.example was not called recently" in answer.text
    assert "No host was called" in client.get("/upstreams").text


def test_each_upstream_leads_to_its_own_page_and_that_to_its_targets(client: FlaskClient, half: LocalHalf) -> None:
    half.permit("[::1]")

    [one] = [each for each in addresses(client.get("/upstreams").text) if each.startswith("/upstreams/")]
    assert "/search?q=host%3A%22%5B%3A%3A1%5D%22" in addresses(client.get(one).text)
