"""The response formats of the three product APIs; `feeds.yaml` describes how to read each."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from inventory.demo.catalogue import PAGE, Product
from inventory.demo.exchange import Headers, Request
from inventory.demo.shop import Described, Position


class Acme:
    """Numbered pages: `?page=3`. The list is two objects deep; prices are numbers beside their currency."""

    path = "/v1/catalog"
    id_field, price_field, heals = "sku", "price", False
    CATEGORIES: ClassVar[Mapping[str, str]] = {
        "home": "Home & Kitchen",
        "garden": "Garden",
        "sports": "Sports & Outdoors",
        "toys": "Toys & Games",
        "electronics": "Electronics",
        "stationery": "Office",
    }

    def position(self, request: Request) -> Position:
        return Position(int(request.query("page", "1")))

    def describe(self, product: Product, authority: str) -> Described:
        sku = f"ACM-{product.number:05}"
        return {
            "sku": sku,
            "name": product.title,
            "category": {"name": self.CATEGORIES[product.category]},
            "price": {"amount": product.cents / 100, "currency": "EUR"},
            "rating": product.rating,
            "links": {"self": f"http://{authority}{self.path}/{sku}"},
        }

    def page(self, described: Sequence[Any], position: Position, pages: int, authority: str) -> tuple[Any, Headers]:
        return {"data": {"items": described}, "page": position.page, "pages": pages}, ()


class Bazaar:
    """Cursors: `?cursor=` takes what the last page has as `next`. Prices are texts, such as "12.50"."""

    path = "/products"
    id_field, price_field, heals = "product_id", "cost", True
    CATEGORIES: ClassVar[Mapping[str, str]] = {
        "home": "home-living",
        "garden": "outdoor",
        "sports": "sport",
        "toys": "kids",
        "electronics": "tech",
        "stationery": "paper",
    }

    def position(self, request: Request) -> Position:
        cursor = request.query("cursor")
        if not cursor:
            return Position(1)
        page, _, edition = base64.urlsafe_b64decode(cursor).decode().partition("/")
        return Position(int(page), int(edition))

    def describe(self, product: Product, authority: str) -> Described:
        return {
            "product_id": 10_000 + product.number,
            "title": product.title,
            "department": self.CATEGORIES[product.category],
            "cost": f"{product.cents / 100:.2f}",
            "currency_code": "USD",
            "stars": product.rating,
        }

    def page(self, described: Sequence[Any], position: Position, pages: int, authority: str) -> tuple[Any, Headers]:
        after = base64.urlsafe_b64encode(f"{position.page + 1}/{position.edition}".encode()).decode()
        return {"products": described, "next": after if position.page < pages else None}, ()


class Corner:
    """A bare list, with the next page in a `Link` header (RFC 8288). Prices are whole pence."""

    path = "/api/goods"
    id_field, price_field, heals = "id", "price_pence", False
    CATEGORIES: ClassVar[Mapping[str, str]] = {
        "home": "HOUSEHOLD",
        "garden": "GARDEN",
        "sports": "SPORT",
        "toys": "TOYS",
        "electronics": "ELECTRICAL",
        "stationery": "STATIONERY",
    }

    def position(self, request: Request) -> Position:
        after, edition = int(request.query("after", "0")), int(request.query("edition", "0"))
        if after % PAGE:
            raise ValueError("no page links there")
        return Position(after // PAGE + 1, edition)

    def describe(self, product: Product, authority: str) -> Described:
        return {
            "id": f"c-{product.number}",
            "label": product.title,
            "type": self.CATEGORIES[product.category],
            "price_pence": product.cents,
            "page": f"http://{authority}/goods/c-{product.number}",
            "in_stock": product.number % 7 != 0,
        }

    def page(self, described: Sequence[Any], position: Position, pages: int, authority: str) -> tuple[Any, Headers]:
        here = f"http://{authority}{self.path}"
        links = [f'<{here}>; rel="first"']
        if position.page < pages:
            links.insert(0, f'<{here}?after={position.page * PAGE}&edition={position.edition}>; rel="next"')
        return described, (("Link", ", ".join(links)),)
