"""The pages of products: the run feed by feed, the catalogue with filters, and the prices of one product."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.jobs.model import Row, RowOutcome
from inventory.products.model import Product, ProductVersion
from inventory.services import Services
from inventory.ui.products import PAGE_PRODUCTS
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.ui.logging_in import BROWSER, log_in, make_key

EVIL = "<script>alert(1)</script>\u202e"
ROW = re.compile(r'<tr>\s*<th scope="row" class="wide"><a href="/products/([0-9a-f]{32})">([^<]*)</a>')


def product(number: int, price: float = 1.0, **fields: Any) -> Product:
    return Product(
        **{"feed": "acme", "id": str(number), "title": f"Kite {number}", "price": price, "currency": "EUR", **fields}
    )


def keep(services: Services, clock: FakeClock, *products: Product, job_id: str = "a" * 32) -> None:
    clock.forward(60)
    services.store.products.keep(ProductVersion(job_id, "shop.example", clock(), products))


def titles(page: str) -> list[str]:
    return [title for _, title in ROW.findall(page.partition('id="changed"')[0])]


def test_an_empty_catalogue_says_how_to_fill_it(client: FlaskClient) -> None:
    page = client.get("/products").text

    assert "No run has begun yet" in page
    assert "There are no products yet" in page
    assert '<form class="row" method="post" action="/products/runs"' in page


def test_the_catalogue_is_narrowed_by_a_form_whose_empty_fields_say_nothing(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    keep(services, clock, product(1, 5.0, category="toys"), product(2, 9.0, category="home"), product(3, feed="bazaar"))
    form = {"source": "acme", "category": "", "min_price": "", "max_price": "6"}
    page = client.get("/products", query_string=form).text

    assert titles(page) == ["Kite 1"]
    assert 'name="max_price" value="6"' in page
    assert "<td>acme</td>" in page, "what is chosen already is no link"
    assert 'href="/products?source=acme&amp;category=toys' in page.replace("&amp;min_price=", "")
    assert sorted(titles(client.get("/products?category=toys").text)) == ["Kite 1"]
    assert 'href="/products?source=bazaar"' in client.get("/products").text


def test_a_long_catalogue_has_pages(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    keep(services, clock, *(product(number) for number in range(PAGE_PRODUCTS + 1)))
    first = client.get("/products?source=acme").text
    [link] = re.findall(r'<a href="([^"]+)" rel="next"', first)
    second = client.get(link.replace("&amp;", "&")).text

    assert len(titles(first)) == PAGE_PRODUCTS
    assert len(titles(second)) == 1
    assert not set(titles(first)) & set(titles(second))


def test_what_is_wrong_with_a_filter_is_said_beside_the_form(client: FlaskClient) -> None:
    answer = client.get("/products?min_price=5&max_price=4")

    assert answer.status_code == 422
    assert "<strong>max_price</strong>" in answer.text
    assert 'name="min_price" value="5"' in answer.text


def test_a_run_is_begun_by_a_form_and_shown_feed_by_feed(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    answer = client.post("/products/runs", headers=BROWSER)
    job_id = services.products.start().id
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{job_id}")

    claimed = services.store.jobs.claim(now=clock(), lease_for=timedelta(seconds=30))
    assert claimed is not None
    row = Row(1, f"https://shop.test/{EVIL}", RowOutcome.FAILED, clock(), code="malformed_page", detail=EVIL)
    until = clock() + timedelta(seconds=30)
    assert services.store.jobs.advance(claimed[1], [row], implicit_successes=0, checkpoint=None, until=until)
    page = client.get("/products").text

    assert f'href="/jobs/{job_id}"' in page
    assert all(f">{name}</a>" in page for name in ("dummyjson", "platzi", "fakestore"))
    assert "malformed_page: &lt;script&gt;" in page
    assert "<script>alert" not in page


def test_the_button_is_for_who_may_collect(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    reader, runner = (create_app(services=services).test_client() for _ in range(2))
    log_in(reader, make_key(services, "read"))
    log_in(runner, make_key(services, "read", "collect"))

    assert "Start a run" not in reader.get("/products").text
    page = runner.get("/products").text
    assert "Start a run" in page
    [token] = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    assert runner.post("/products/runs", headers=BROWSER).status_code == 403
    assert runner.post("/products/runs", data={"csrf_token": token}, headers=BROWSER).status_code == 303
    assert reader.post("/products/runs", data={"csrf_token": token}, headers=BROWSER).status_code == 403


def test_a_product_shows_what_it_cost_over_time(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    for number, price in enumerate([8.0, 6.0, 6.0]):
        keep(services, clock, product(1, price, price_exact=f"{price:.2f}"), job_id=f"{number}" * 32)
    [(record_id, _), *_] = ROW.findall(client.get("/products").text)
    page = client.get(f"/products/{record_id}").text

    assert 'class="chart" id="price"' in page
    assert [float(each) for each in re.findall(r'<td class="count">([\d.]+)</td>', page)] == [6.0, 6.0, 8.0]
    assert "-25.0 %" in page
    assert "8.00 EUR" in page
    assert f"/api/v1/products/{record_id}/prices" in page


def test_prices_in_another_currency_are_another_line(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    keep(services, clock, product(1, 8.0), job_id="1" * 32)
    keep(services, clock, product(1, 9.0, currency="USD"), job_id="2" * 32)
    record_id = product(1).target("shop.example").id
    page = client.get(f"/products/{record_id}").text

    assert ['<th scope="col" class="count">USD</th>' in page, '<th scope="col" class="count">EUR</th>' in page] == [True] * 2
    assert "currency</td>" in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.test"])
def test_texts_of_a_feed_stay_texts_and_lead_nowhere(
    client: FlaskClient, services: Services, clock: FakeClock, url: str
) -> None:
    keep(services, clock, product(1, title=EVIL, category=EVIL, url=url))
    for path in ("/products", f"/products/{product(1).target('shop.example').id}"):
        page = client.get(path).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in page
        assert "<script>alert" not in page
        assert f'href="{url}' not in page


def test_the_page_of_a_shop_is_led_to_without_a_word_of_ours(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    keep(services, clock, product(1, url="https://shop.test/1?a=b&c"))
    page = client.get(f"/products/{product(1).target('shop.example').id}").text

    assert 'href="https://shop.test/1?a=b&amp;c" rel="noopener noreferrer nofollow"' in page
    assert 'href="/record?url=https://shop.test/1?a%3Db%26c"' in page


def test_there_is_no_page_of_what_is_no_product(client: FlaskClient) -> None:
    assert client.get(f"/products/{'0' * 32}", headers=BROWSER).status_code == 404
