"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from inventory.listing import keyset_page
from inventory.products import documents
from inventory.products.documents import Document
from inventory.products.model import ProductFilter
from inventory.services import services


def products(query: dict[str, Any]) -> Document:
    """One page of the products that a `ProductsQuery` means."""
    chosen = ProductFilter(query["source"], query["category"], query["min_price"], query["max_price"])
    find = partial(services().products.listing, chosen)
    return keyset_page("products", query, find, documents.product_document, attrgetter("added_at", "record_id"))


def prices(record_id: str, query: dict[str, Any]) -> Document:
    """A product, and one page of its prices, as a `PageQuery` asks."""
    product = services().products.find(record_id)
    find = partial(services().products.versions, product.record_id)
    page = keyset_page("prices", query, find, documents.price_document, attrgetter("collected_at", "id"))
    return {"product": documents.product_document(product), **page}


def changed(limit: int) -> list[Document]:
    """The products whose prices changed last, as `price_trends` of the summary names them."""
    return [documents.product_document(each) for each in services().products.changed(limit=limit)]


def latest_run(errors: int) -> Document:
    """What the summary says of the latest run, with so many errors of either kind."""
    run = services().products.latest_run()
    return documents.run_document(run, services().products.errors(run, limit=errors))


def summary(query: dict[str, Any]) -> Document:
    """The latest run and the catalogue, as a `SummaryQuery` asks."""
    return documents.summary_document(services().products.summary(products=query["products"]))
