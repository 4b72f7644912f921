"""The products API: runs accepted once, products listed by each filter, a summary of the results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory.products import schemas
from inventory.products.model import Product, ProductVersion
from inventory.services import Services
from inventory.web_api.blueprint import example
from tests.fakes import FakeClock

PRODUCTS = "/api/v1/products"


def keep(services: Services, clock: FakeClock, *products: Product, job_id: str = "a" * 32) -> None:
    clock.forward(1)
    services.store.products.keep(ProductVersion(job_id, "shop.example", clock(), products))


def product(number: int, price: float, **fields: Any) -> Product:
    return Product(**{"feed": "acme", "id": str(number), "title": "A kite", "price": price, "currency": "EUR", **fields})


def test_a_run_is_accepted_once_while_it_is_unfinished(client: FlaskClient, services: Services) -> None:
    first, second = client.post(f"{PRODUCTS}/runs"), client.post(f"{PRODUCTS}/runs")

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json["job_id"] == second.json["job_id"]
    assert first.headers["Location"].endswith(f"/api/v1/jobs/{first.json['job_id']}")
    assert client.get(first.headers["Location"]).json["kind"] == "products"
    services.jobs.cancel(first.json["job_id"])
    assert client.post(f"{PRODUCTS}/runs").json["job_id"] != first.json["job_id"]


def test_products_are_listed_in_pages_by_each_filter(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    keep(services, clock, *(product(n, n, category="toys" if n % 2 else "home") for n in range(5)))
    keep(services, clock, product(9, 3.5, feed="bazaar", category="toys"))

    def ids(**query: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = client.get(PRODUCTS, query_string=query | {"limit": 2} | ({"cursor": cursor} if cursor else {})).json
            found += [each["id"] for each in page["products"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    assert ids()[0] == "9"
    assert sorted(ids()) == ["0", "1", "2", "3", "4", "9"]
    assert sorted(ids(source="acme")) == ["0", "1", "2", "3", "4"]
    assert ids(source="nobody") == []
    assert sorted(ids(category="toys")) == ["1", "3", "9"]
    assert sorted(ids(min_price=2, max_price=3.5)) == ["2", "3", "9"]
    assert sorted(ids(source="acme", category="toys", min_price=2)) == ["3"]
    assert client.get(PRODUCTS).json["products"][0] == {
        "record_id": product(9, 1, feed="bazaar").target("x").id,
        "source": "bazaar",
        "id": "9",
        "title": "A kite",
        "category": "toys",
        "price": 3.5,
        "price_exact": "3.5",
        "currency": "EUR",
        "rating": None,
        "url": None,
        "added_at": "2026-01-31T12:00:02.123Z",
        "seen_at": "2026-01-31T12:00:02.123Z",
        "price_changed_at": None,
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"min_price": "cheap"}, "min_price"),
        ({"min_price": "nan"}, "min_price"),
        ({"max_price": -1}, "max_price"),
        ({"min_price": 5, "max_price": 4}, "max_price"),
        ({"limit": 0}, "limit"),
        ({"feed": "acme"}, "feed"),
        ({"cursor": "?"}, "cursor"),
        ({"source": ""}, "source"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: FlaskClient, query: dict[str, Any], field: str) -> None:
    answer = client.get(PRODUCTS, query_string=query)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert list(answer.json["errors"]) == [field]


def test_without_any_run_the_summary_says_so(client: FlaskClient) -> None:
    nothing = {
        "total_products": 0,
        "processing_time_seconds": None,
        "success_rate": None,
        "sources": [],
        "job_id": None,
        "status": None,
        "started_at": None,
    }

    assert client.get(f"{PRODUCTS}/summary").json == {
        "summary": nothing,
        "products": [],
        "feeds": [],
        "categories": [],
        "price_trends": [],
        "errors": [],
    }
    client.post(f"{PRODUCTS}/runs")
    assert client.get(f"{PRODUCTS}/summary").json["summary"] == nothing, "it has not begun"


def test_a_summary_tells_of_the_latest_run_that_has_begun(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    job = client.post(f"{PRODUCTS}/runs").json
    assert services.store.jobs.claim(now=clock(), lease_for=timedelta(seconds=30)) is not None
    clock.forward(2.5)
    document = client.get(f"{PRODUCTS}/summary").json

    assert document["summary"]["processing_time_seconds"] == 2.5
    assert (document["summary"]["job_id"], document["summary"]["status"]) == (job["job_id"], "running")
    assert document["summary"]["started_at"] == "2026-01-31T12:00:00.123Z"
    assert document["summary"]["sources"] == ["dummyjson", "platzi", "fakestore"]
    assert [feed["name"] for feed in document["feeds"]] == document["summary"]["sources"]
    assert not any(feed["complete"] for feed in document["feeds"])


def test_a_summary_shows_the_products_that_were_added_last(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    keep(services, clock, *(product(n, n) for n in range(4)))
    keep(services, clock, product(9, 12.5, price_exact="12.50", category="toys"))

    shown = client.get(f"{PRODUCTS}/summary").json["products"]
    assert len(shown) == 5
    assert shown[0] == {
        "id": "9",
        "title": "A kite",
        "source": "acme",
        "price": 12.5,
        "price_exact": "12.50",
        "currency": "EUR",
        "category": "toys",
        "processed_at": "2026-01-31T12:00:02.123Z",
    }
    assert client.get(f"{PRODUCTS}/summary?products=2").json["products"] == shown[:2]
    assert client.get(f"{PRODUCTS}/summary?products=0").json["products"] == []
    assert list(client.get(f"{PRODUCTS}/summary?products=1001").json["errors"]) == ["products"]


def test_a_summary_tells_how_prices_changed(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    for number, price in enumerate([8.0, 6.0, 6.0, 7.0]):
        keep(services, clock, product(1, price), product(2, 5.0), job_id=f"{number}" * 32)
    [trend] = client.get(f"{PRODUCTS}/summary").json["price_trends"]

    assert [each["price"] for each in trend["prices"]] == [8.0, 6.0, 6.0, 7.0]
    assert (trend["id"], trend["change_percent"]) == ("1", -12.5)


def test_prices_of_a_product_are_listed_in_pages_newest_first(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    for number, price in enumerate(["8.00", "6.50", "7"]):
        keep(services, clock, product(1, float(price), price_exact=price), product(2, 5.0), job_id=f"{number}" * 32)
    listed = {each["id"]: each for each in client.get(PRODUCTS).json["products"]}
    path = f"{PRODUCTS}/{listed['1']['record_id']}/prices"

    first = client.get(path, query_string={"limit": 2}).json
    second = client.get(path, query_string={"limit": 2, "cursor": first["next_cursor"]}).json

    assert first["product"] == second["product"] == listed["1"]
    assert [each["price_exact"] for each in first["prices"] + second["prices"]] == ["7", "6.50", "8.00"]
    assert second["prices"] == [{"price": 8.0, "price_exact": "8.00", "currency": "EUR", "at": "2026-01-31T12:00:01.123Z"}]
    assert second["next_cursor"] is None


def test_there_are_no_prices_of_what_is_no_product(client: FlaskClient) -> None:
    client.get("/api/v1/weather?city=bern")
    [record] = client.get("/api/v1/records").json["records"]

    for record_id in ("0" * 32, record["id"]):
        answer = client.get(f"{PRODUCTS}/{record_id}/prices")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert client.get(f"{PRODUCTS}/{'0' * 32}/prices?limit=0").status_code == 422


def test_the_examples_are_what_the_schemas_say() -> None:
    assert schemas.ProductsSummarySchema().validate(example("products/summary")) == {}
    assert schemas.ProductsPage().validate(example("products/products")) == {}
    assert schemas.PricesPage().validate(example("products/prices")) == {}
