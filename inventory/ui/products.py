"""`/products`: the latest run of the product feeds, their catalogue, and what a product cost over time."""

from __future__ import annotations

from flask import Response, request, url_for

from inventory.errors import InvalidRequest
from inventory.products import answers, schemas
from inventory.services import services
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import page, see_other
from inventory.web_api import needs
from inventory.web_api.pagination import PageQuery

blueprint = page_blueprint("product_pages")

API = "/api/v1/products"
PRODUCTS_QUERY = schemas.ProductsQuery()
PRICES_QUERY = PageQuery()
PAGE_PRODUCTS, PAGE_PRICES = 30, 50
"""Entries of a page."""
ERRORS = 10
"""Of the latest run, of either kind."""
CHANGED = 10
"""Products whose prices changed last."""


@blueprint.get("/products")
@needs.needs("read")
def catalogue() -> Response:
    """The latest run feed by feed, and one page of the catalogue, or what is wrong with its filters."""
    found, error = None, None
    try:
        found = answers.products(load_query(PRODUCTS_QUERY) | {"limit": PAGE_PRODUCTS})
    except InvalidRequest as raised:
        error = raised
    return page_with(
        "products.html",
        error,
        found=found,
        asked=request.args,
        run=answers.latest_run(ERRORS),
        changed=answers.changed(CHANGED),
        feeds=[feed.name for feed in services().products.feeds],
        may_run=services().limits.of("collect") is None,
        ways=same_elsewhere(API, request.args),
    )


@blueprint.post("/products/runs")
@needs.needs("collect", action="product.run", counted="collections")
def run() -> Response:
    """Start a run, and lead to its job. An unfinished one is led to instead."""
    return see_other(url_for("job_pages.one_job", job_id=services().products.start().id))


@blueprint.get("/products/<record_id>")
@needs.needs("read")
def product(record_id: str) -> Response:
    """A product, and one page of what it cost, newest first."""
    found = answers.prices(record_id, load_query(PRICES_QUERY) | {"limit": PAGE_PRICES})
    currencies = list(dict.fromkeys(each["currency"] for each in found["prices"]))
    rows = [
        [each["at"], *(each["price"] if each["currency"] == name else None for name in currencies)]
        for each in found["prices"]
    ]
    return page(
        "product.html",
        found=found,
        currencies=[name or "Price" for name in currencies],
        rows=rows,
        ways=same_elsewhere(f"{API}/{record_id}/prices", {}),
    )
