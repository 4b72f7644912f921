"""The three product APIs: differing formats of a catalogue, with broken pages and malformed products."""

from __future__ import annotations

from collections import Counter

import pytest

from inventory.demo.addresses import SHOPS
from inventory.demo.exchange import Disconnect
from inventory.demo.upstreams import Choices
from tests.demo.pulling import FEEDS, normal, page_of, products, pull
from tests.demo.served import Time, ask, document, unserved

shops = pytest.mark.parametrize("name", SHOPS)
QUIET = Choices(failures=0)
TIDY = Choices(failures=0, malformed=False)


def test_numbered_pages_are_two_objects_deep_with_numbers_for_prices() -> None:
    page = document(ask(unserved(TIDY)["acme"], "/v1/catalog?page=8"))
    product = page["data"]["items"][0]

    assert (page["page"], page["pages"], len(page["data"]["items"])) == (8, 8, 8)
    assert product["sku"] == "ACM-00141"
    assert isinstance(product["price"]["amount"], float)
    assert product["price"]["currency"] == "EUR"


def test_a_cursor_is_opaque_and_null_at_the_end() -> None:
    clock = Time()
    bazaar = unserved(TIDY, clock)["bazaar"]
    first = document(ask(bazaar, "/products"))
    second = document(ask(bazaar, f"/products?cursor={first['next']}"))

    assert [page["products"][0]["product_id"] for page in (first, second)] == [10_001, 10_021]
    assert isinstance(first["products"][0]["cost"], str)
    assert [page_of(page)["next"] for page in pull(bazaar, clock)][-1] is None


def test_a_bare_list_names_the_next_page_in_its_link_header() -> None:
    answer = ask(unserved(TIDY)["corner"], "/api/goods")

    assert dict(answer.headers)["Link"].startswith('<http://127.0.0.1:1/api/goods?after=20&edition=1>; rel="next"')
    assert len(document(answer)) == 20
    assert isinstance(document(answer)[0]["price_pence"], int)


@shops
def test_a_feed_can_be_read_by_its_description(name: str) -> None:
    clock = Time()
    upstream, feed = unserved(TIDY, clock)[name], FEEDS[name]
    got = [normal(feed, each) for page in pull(upstream, clock) for each in products(feed, page_of(page))]

    assert len({product["id"] for product in got}) == len(got) == SHOPS[name] >= 120
    assert {product["category"] for product in got} == {"home", "garden", "sports", "toys", "electronics", "stationery"}
    assert all(1 < product["price"] < 700 and len(product["currency"]) == 3 for product in got)


@shops
def test_what_is_malformed_is_counted_and_the_rest_is_whole(name: str) -> None:
    clock = Time()
    upstream, feed = unserved(QUIET, clock)[name], FEEDS[name]
    pages = [page_of(page) for page in pull(upstream, clock)]
    outcomes: Counter[str] = Counter()
    for page in pages:
        for each in products(feed, page) if page is not None else []:
            try:
                normal(feed, each)
            except (LookupError, TypeError, ValueError) as error:
                outcomes[type(error).__name__] += 1
            else:
                outcomes["whole"] += 1
    about = upstream.counts()["site"]

    assert outcomes["whole"] == about["can_be_had"] >= 120
    assert sum(outcomes.values()) - outcomes["whole"] == len(about["malformed"]) == 4
    assert pages.count(None) == (0 if about["broken_page_heals"] else 1)


def test_a_broken_page_is_an_answer_like_any_other_until_it_is_read() -> None:
    corner = unserved(QUIET)["corner"]
    broken = corner.counts()["site"]["broken_page"]
    answer = ask(corner, f"/api/goods?after={(broken - 1) * 20}")

    assert (answer.status, answer.disconnect) == (200, None)
    assert page_of(answer) is None
    assert 'rel="next"' in dict(answer.headers)["Link"]


def test_a_broken_page_of_cursors_is_whole_when_it_is_asked_for_again_in_each_edition() -> None:
    clock = Time()
    bazaar = unserved(QUIET, clock)["bazaar"]
    pulls = [list(pull(bazaar, clock)) for _ in range(2)]

    assert all(page_of(page) is not None for pages in pulls for page in pages)
    assert bazaar.counts()["requests"] == 2 * (7 + 1)


@shops
def test_some_prices_change_in_the_next_edition_and_nothing_else_does(name: str) -> None:
    clock = Time()
    upstream, feed = unserved(TIDY, clock)[name], FEEDS[name]
    one, two = (
        [normal(feed, each) for page in pull(upstream, clock) for each in products(feed, page_of(page))] for _ in range(2)
    )
    changed = [before for before, after in zip(one, two, strict=True) if before["price"] != after["price"]]

    assert [product | {"price": 0} for product in one] == [product | {"price": 0} for product in two]
    assert len(one) / 5 < len(changed) < len(one)


@pytest.mark.parametrize(
    ("name", "target", "status"),
    [
        ("acme", "/v1/catalog?page=0", 400),
        ("acme", "/v1/catalog?page=x", 400),
        ("acme", "/elsewhere", 404),
        ("bazaar", "/products?cursor=made-up", 400),
        ("bazaar", "/products?cursor=%C3%BC", 400),
        ("corner", "/api/goods?after=7", 400),
        ("corner", "/api/goods?after=-20", 400),
    ],
)
def test_a_page_that_does_not_exist_is_refused(name: str, target: str, status: int) -> None:
    assert ask(unserved(TIDY)[name], target).status == status


def test_after_the_last_numbered_page_there_is_an_empty_one() -> None:
    assert document(ask(unserved(TIDY)["acme"], "/v1/catalog?page=9"))["data"]["items"] == []


@shops
def test_a_fifth_of_the_answers_fail_in_several_ways(name: str) -> None:
    clock = Time()
    upstream = unserved(Choices(malformed=False), clock)[name]
    answers = []
    for _ in range(1_000):
        clock.now += 0.25
        answers.append(ask(upstream, FEEDS[name]["url"].partition(":1")[2]))
    failed = [answer for answer in answers if answer.status != 200 or answer.disconnect]

    assert 170 < len(failed) < 230
    assert {answer.disconnect or answer.status for answer in failed} == {500, 503, Disconnect.BEFORE, Disconnect.AMID}
    assert {dict(answer.headers).get("Retry-After") for answer in failed if answer.status == 503} == {"1"}
    assert all(0.02 <= answer.wait <= 0.12 for answer in answers)
