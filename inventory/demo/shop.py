"""A product API of the demo: pages of a catalogue in the API's own format, one of them broken, some products malformed.

Each answer with the first page begins the next edition, in which some prices have changed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from inventory.demo.catalogue import Catalogue, Flaw, Product
from inventory.demo.exchange import Headers, Request, Response, as_json

Described = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """A page, counted from 1, of an edition; 0 is the current edition."""

    page: int
    edition: int = 0

    def __post_init__(self) -> None:
        if self.page < 1 or self.edition < 0:
            raise ValueError("no such page")


class Shape(Protocol):
    """How an API differs from others.

    If it `heals`, a broken page is whole at the second request. An API whose body names the next page has to: no client
    could go on otherwise.
    """

    path: str
    id_field: str
    price_field: str
    heals: bool

    def position(self, request: Request) -> Position:
        """The page that is requested; `ValueError` if there is none."""

    def describe(self, product: Product, authority: str) -> Described:
        """One product."""

    def page(self, described: Sequence[Any], position: Position, pages: int, authority: str) -> tuple[Any, Headers]:
        """The document of a page, and its further headers."""


class Shop:
    """Serves a catalogue in the format of an API."""

    def __init__(self, catalogue: Catalogue, shape: Shape) -> None:
        self._catalogue = catalogue
        self._shape = shape
        self._edition = 0
        self._healed = 0

    def respond(self, request: Request, rng: random.Random) -> Response:
        if request.path != self._shape.path:
            return as_json({"error": f"there is only {self._shape.path} here"}, 404)
        try:
            position = self._shape.position(request)
        except ValueError:
            return as_json({"error": "no such page"}, 400)
        if position.page == 1:
            self._edition += 1
            position = replace(position, edition=self._edition)
        return self._page(replace(position, edition=position.edition or max(1, self._edition)), request)

    def about(self) -> Mapping[str, Any]:
        return {
            "products": self._catalogue.size,
            "pages": self._catalogue.pages,
            "can_be_had": self._catalogue.can_be_had(heals=self._shape.heals),
            "broken_page": self._catalogue.broken_page,
            "broken_page_heals": self._shape.heals,
            "malformed": {number: flaw.value for number, flaw in self._catalogue.flaws.items()},
            "edition": self._edition,
        }

    def _page(self, position: Position, request: Request) -> Response:
        products = self._catalogue.page(position.page, position.edition)
        described = [self._described(product, request.authority) for product in products]
        document, headers = self._shape.page(described, position, self._catalogue.pages, request.authority)
        if position.page != self._catalogue.broken_page or (self._shape.heals and self._healed == position.edition):
            return as_json(document, headers=headers)
        self._healed = position.edition
        whole = json.dumps(document).encode()
        return replace(as_json(None, headers=headers), body=whole[: len(whole) * 2 // 3])

    def _described(self, product: Product, authority: str) -> Any:
        described = dict(self._shape.describe(product, authority))
        match self._catalogue.flaws.get(product.number):
            case Flaw.NO_PRICE:
                del described[self._shape.price_field]
            case Flaw.ODD_PRICE:
                described[self._shape.price_field] = ["on request"]
            case Flaw.NO_ID:
                del described[self._shape.id_field]
            case Flaw.NO_OBJECT:
                return f"see product {product.number}"
        return described
