"""Feeds in the shapes of public APIs: all products come, exactly priced, by no more requests than it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from inventory.jobs.model import RowOutcome
from inventory.products.documents import summary_document
from inventory.products.feed_file import read
from inventory.products.feeds import Feed
from inventory.products.model import ProductFilter
from inventory.services import Services
from tests.products import apis
from tests.products.apis import Api, ApiServer, as_json
from tests.products.runs import run, running
from tests.upstreams import Answer, Request

KEY = "c0ffee/11 c0ffee22"


def described(folder: Path, feeds: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> tuple[Feed, ...]:
    file = folder / "feeds.yaml"
    file.write_text(json.dumps([{"rate": 2_000, "retries": 1, **feed} for feed in feeds]))
    return read(file, environment)


@contextmanager
def pulled(folder: Path, api: Api, **feed: Any) -> Iterator[tuple[Services, ApiServer, Any]]:
    """A run of one feed of this API: the services afterwards, its server, and the summary."""
    with ApiServer(api) as server:
        feeds = described(folder, [{"name": "acme", "url": server.url("/items"), "fields": apis.PLAIN, **feed}], {})
        with running(folder, feeds) as services:
            run(services)
            yield services, server, summary_document(services.products.summary())


@pytest.mark.parametrize(
    ("api", "items", "paginator", "fields", "requests"), apis.SHAPES, ids=lambda each: getattr(each, "__name__", "")
)
def test_all_products_of_a_public_api_come(
    tmp_path: Path, api: Api, items: str, paginator: Any, fields: Any, requests: int
) -> None:
    feed = {"items": items, "fields": fields} | ({"paginator": paginator} if paginator else {})
    with pulled(tmp_path, api, **feed) as (services, server, summary):
        kept = services.store.products.listing(ProductFilter(), limit=99, after=None)

    assert summary["errors"] == []
    assert summary["feeds"][0]["complete"]
    assert {each.product.title: each.product.price_text for each in kept} == {
        f"Thing {number}": apis.price(number) for number in range(1, apis.PRODUCTS + 1)
    }
    assert server.count() == requests


@pytest.mark.parametrize(("api", "items", "requests"), [(apis.fakestore, "", 3), (apis.magento_untold, "items", 5)])
def test_a_feed_whose_pages_come_again_ends_and_says_so(tmp_path: Path, api: Api, items: str, requests: int) -> None:
    paginator = apis.page(parameter="searchCriteria[currentPage]")
    fields = {**apis.PLAIN, "title": "id"}
    with pulled(tmp_path, api, items=items, fields=fields, paginator=paginator) as (_, server, summary):
        [feed] = summary["feeds"]

    assert (feed["products"], feed["complete"], feed["gaps"]) == (apis.PRODUCTS, False, 1)
    assert [error["error"].partition(":")[0] for error in summary["errors"]] == ["paging_loop"]
    assert server.count() == requests


@pytest.mark.parametrize(
    ("api", "items", "paginator"),
    [
        (apis.failing_after(apis.go, 1, 410), "items", apis.page()),
        (apis.failing_after(apis.bigcommerce, 1, 404), "data", apis.following("meta.pagination.links.next")),
        (apis.failing_after(apis.github, 1, 404), "", {"kind": "link"}),
        (apis.failing_after(apis.bigcommerce, 1, 404), "data", apis.page(pages="meta.pagination.total_pages")),
    ],
)
def test_a_page_that_must_be_there_and_is_not_is_missing(tmp_path: Path, api: Api, items: str, paginator: Any) -> None:
    fields = {**apis.PLAIN, "title": "id"}
    with pulled(tmp_path, api, items=items, fields=fields, paginator=paginator) as (_, _server, summary):
        [feed] = summary["feeds"]

    assert (feed["products"], feed["complete"]) == (10, False)
    assert all(error["error"].startswith("unexpected_status: The site answered 4") for error in summary["errors"])


PRICES = b"""[{"id": 1, "title": "A", "price": 0.1234567890123456789}, {"id": 2, "title": "A", "price": "1.234,56 \\u20ac"},
 {"id": 3, "title": "A", "price": "$1,234.56"}, {"id": 4, "title": "A", "price": "USD 12"},
 {"id": 5, "title": "A", "price": "12.50"}, {"id": 6, "title": "A", "price": 19.90}, {"id": 7, "title": "A", "price": 1e2},
 {"id": 8, "title": "A", "price": "from 12"}]"""


def test_prices_are_kept_to_the_last_digit_and_found_by_their_size(tmp_path: Path) -> None:
    fields = {**apis.PLAIN, "currency": "currency"}
    with pulled(tmp_path, lambda _: as_json(PRICES), fields=fields) as (services, _, summary):
        kept = services.store.products.listing(ProductFilter(min_price=12.5, max_price=1234.56), limit=99, after=None)
        cheap = services.store.products.listing(ProductFilter(max_price=0.13), limit=99, after=None)
        snapshot = services.snapshots.newest(cheap[0].record_id, limit=1)[0]

    assert {(each.product.id, each.product.price_text, each.product.currency) for each in kept} == {
        ("2", "1234.56", "EUR"),
        ("3", "1234.56", "USD"),
        ("5", "12.50", None),
        ("6", "19.90", None),
        ("7", "100", None),
    }
    assert [each.product.price_text for each in cheap] == ["0.1234567890123456789"]
    assert snapshot.content["price_exact"] == "0.1234567890123456789"
    assert {each["id"]: each["price_exact"] for each in summary["products"]}["4"] == "12"
    [error] = summary["errors"]
    assert error["endpoint"].endswith("/items#/7")
    assert "Not a price: 'from 12', because 'from' is not a currency." in error["error"]


def test_what_does_not_fit_costs_only_itself(tmp_path: Path) -> None:
    items = [
        {"id": 1, "title": "A", "price": 1, "category": {"name": ["toys"]}, "rating": "good"},
        {"id": None, "sku": "S2", "title": "B", "price": 2, "rating": 4.5},
        {"title": "C", "price": 3},
    ]
    fields = {**apis.PLAIN, "id": ["id", "sku"], "rating": "rating"}
    with pulled(tmp_path, lambda _: as_json(items), fields=fields) as (services, _, summary):
        kept = services.store.products.listing(ProductFilter(), limit=9, after=None)

    assert {(each.product.id, each.product.category, each.product.rating) for each in kept} == {
        ("1", None, None),
        ("S2", None, 4.5),
    }
    assert summary["feeds"][0]["left_out"] == {"category": 1, "rating": 1}
    [error] = summary["errors"]
    assert error["error"].startswith("invalid_product: id: Nothing at 'id', 'sku'.")


@pytest.mark.parametrize("status", [401, 402, 403])
def test_an_unauthorized_feed_stops_at_once_and_quotes_the_answer_without_its_key(tmp_path: Path, status: int) -> None:
    def api(request: Request) -> Answer:
        told = {"error": "bad key", "key": request.headers["x-key"], "target": request.target, "more": "x" * 9_000}
        return as_json(told, status)

    with ApiServer(api) as server:
        feed = {"name": "acme", "fields": apis.PLAIN, "headers": {"X-Key": "Token ${ACME_KEY}"}, "paginator": apis.page()}
        url = server.url("/items?api_key=${ACME_KEY}")
        feeds = described(tmp_path, [{**feed, "url": url, "retries": 5}], {"ACME_KEY": KEY})
        with running(tmp_path, feeds) as services:
            job = run(services)
            summary = summary_document(services.products.summary())
            rows = services.jobs.rows(job.id, None, limit=9, after=0)
        [asked] = server.requests

    assert asked.headers["x-key"] == f"Token {KEY}"
    assert asked.query("api_key", "") == KEY
    [row] = rows
    assert (row.outcome, row.code) == (RowOutcome.FAILED, "unauthorized")
    assert (row.detail or "").startswith(f'The site answered {status}: {{"error": "bad key", "key": "***", "target": ')
    assert len(row.detail or "") < 350
    told = f"{json.dumps(summary)} {rows}"
    assert not [form for form in (KEY, KEY.split()[0], KEY.split()[1], "c0ffee%2F11") if form in told]
    assert not summary["feeds"][0]["complete"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>Please sign in</html>", "Expecting value, at character 1: <html>Please sign in</html>. This page"),
        (b'{"error": "invalid key"}', 'There is no list at \'items\' in the page: {"error": "invalid key"}. This page'),
        (b'{"items": [', "The page is not valid JSON: Expecting value, at character 12. This page"),
        (b'{"items": {"id": 1}}', "There is no list at 'items' in the page: "),
        (b'{"items": {"error": {"code": 1}}}', "There is no list at 'items' in the page: "),
        (b'{"items": ""}', "There is no list at 'items' in the page: "),
        (b'{"items": null, "errors": [{"message": "Throttled"}]}', "There is no list at 'items' in the page: "),
        (b'{"items": [], "error": "bad key"}', "There is no list at 'items' in the page: "),
        (b'{"things": []}', "There is no list at 'items' in the page: "),
    ],
)
def test_an_answer_that_is_no_page_is_quoted_where_that_tells_something(tmp_path: Path, body: bytes, said: str) -> None:
    with pulled(tmp_path, lambda _: as_json(body), items="items") as (_, _server, summary):
        [error] = summary["errors"]

    assert error["error"].startswith("malformed_page: ")
    assert said in error["error"]


def test_an_error_in_place_of_a_list_is_no_end(tmp_path: Path) -> None:
    def api(request: Request) -> Answer:
        return apis.go(request) if request.query("page", "1") == "1" else as_json({"message": "slow down"})

    with pulled(tmp_path, api, items="items", paginator=apis.page()) as (_, _server, summary):
        [feed] = summary["feeds"]

    assert (feed["products"], feed["complete"]) == (10, False)
    assert summary["errors"][0]["error"].startswith("malformed_page: There is no list at 'items' in the page: ")


@pytest.mark.parametrize("told", [None, False, "", "0", "OK", [], {}])
def test_an_empty_page_that_says_that_there_is_no_error_is_the_end(tmp_path: Path, told: object) -> None:
    with pulled(tmp_path, lambda _: as_json({"error": told, "errcode": 0, "items": []}), items="items") as (
        _,
        _server,
        summary,
    ):
        [feed] = summary["feeds"]

    assert (feed["products"], feed["complete"], summary["errors"]) == (0, True, [])


def test_an_empty_list_after_a_page_is_the_end_whatever_is_said_with_it(tmp_path: Path) -> None:
    def api(request: Request) -> Answer:
        return apis.go(request) if request.query("page", "1") < "4" else as_json({"items": [], "error": "No more items"})

    with pulled(tmp_path, api, items="items", paginator=apis.page()) as (_, _server, summary):
        [feed] = summary["feeds"]

    assert (feed["products"], feed["complete"], summary["errors"]) == (apis.PRODUCTS, True, [])


@pytest.mark.parametrize(
    ("page", "paginator"),
    [
        ({"href": "/items", "total": 0}, apis.offset(total="total")),
        ({"page": {"totalPages": 0}, "code": 0}, apis.page(pages="page.totalPages")),
        ({"meta": {"total": "0"}}, apis.page(total="meta.total", size=10)),
    ],
)
def test_a_feed_that_tells_that_it_has_nothing_needs_no_list(tmp_path: Path, page: Any, paginator: Any) -> None:
    with pulled(tmp_path, lambda _: as_json(page), items="items", paginator=paginator) as (_, server, summary):
        [feed] = summary["feeds"]

    assert (feed["products"], feed["complete"], summary["errors"], server.count()) == (0, True, [], 1)


def test_a_pause_of_a_day_ends_its_feed_and_not_the_others_at_its_host(tmp_path: Path) -> None:
    def api(request: Request) -> Answer:
        if request.path == "/full":
            return as_json({"error": "come back tomorrow"}, 429, ("Retry-After", "86400"))
        return apis.platzi(request)

    with ApiServer(api) as server:
        plain = {"fields": apis.PLAIN, "paginator": apis.offset(parameter="offset"), "retries": 5}
        feeds = [{"name": name, "url": server.url(f"/{name}"), **plain} for name in ("full", "open")]
        with running(tmp_path, described(tmp_path, feeds, {})) as services:
            job = run(services, seconds=20)
            summary = summary_document(services.products.summary())
            rows = services.jobs.rows(job.id, None, limit=9, after=0)
        asked = {path: server.count(path) for path in ("/full", "/open")}

    assert asked == {"/full": 1, "/open": 4}
    assert {feed["name"]: feed["complete"] for feed in summary["feeds"]} == {"full": False, "open": True}
    assert [row.code for row in rows] == ["upstream_pause"]
    assert "Retry-After: '86400'" in (rows[0].detail or "")


def test_a_redirect_is_told_as_one_with_what_to_do(tmp_path: Path) -> None:
    with pulled(tmp_path, lambda _: as_json({}, 301, ("Location", "/items/?token=abc"))) as (_, _server, summary):
        [error] = summary["errors"]

    assert error["error"].startswith(
        "too_many_redirects: The site redirects to another URL, and a feed follows no redirect: "
    )
    assert "(Location: /items/?token=***)" in error["error"]


def test_an_item_is_quoted_with_its_numbers_as_numbers(tmp_path: Path) -> None:
    with pulled(tmp_path, lambda _: as_json([{"id": 1.5, "title": "A", "price": 12.25}])) as (_, _server, summary):
        [error] = summary["errors"]

    assert error["error"].endswith('Not a text or a whole number. It is {"id": 1.5, "title": "A", "price": 12.25}')
