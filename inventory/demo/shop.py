"""A product API of the demo: pages of a catalogue in the API's own shape, one of them broken, some products malformed.

Each whole pull that begins, with a first page that is answered, is the next edition, in which some prices are others.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from inventory.demo.catalogue import Catalogue, Flaw, Product
from inventory.demo.exchange import Answer, Headers, Request, as_json

Described = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Which page is asked for, counted from 1, and of which edition; 0 is the current one."""

    page: int
    edition: int = 0

    def __post_init__(self) -> None:
        if self.page < 1 or self.edition < 0:
            raise ValueError("no such page")


class Shape(Protocol):
    """How an API differs from others.

    `heals` says that a broken page is whole when it is asked for again: where the way on is in the body, nobody could go
    on otherwise.
    """

    path: str
    id_field: str
    price_field: str
    heals: bool

    def place(self, request: Request) -> Place:
        """What is asked for; `ValueError` if that is nothing."""
        ...

    def describe(self, product: Product, authority: str) -> Described:
        """One product."""
        ...

    def page(self, described: Sequence[Any], place: Place, pages: int, authority: str) -> tuple[Any, Headers]:
        """The document of a page, and the headers beside it."""
        ...


class Shop:
    """Serves a catalogue in a shape."""

    def __init__(self, catalogue: Catalogue, shape: Shape) -> None:
        self._catalogue = catalogue
        self._shape = shape
        self._edition = 0
        self._healed = 0

    def answer(self, request: Request, rng: random.Random) -> Answer:
        """See `Site`."""
        if request.path != self._shape.path:
            return as_json({"error": f"there is only {self._shape.path} here"}, 404)
        try:
            place = self._shape.place(request)
        except ValueError:
            return as_json({"error": "no such page"}, 400)
        if place.page == 1:
            self._edition += 1
            place = replace(place, edition=self._edition)
        return self._page(replace(place, edition=place.edition or max(1, self._edition)), request)

    def about(self) -> Mapping[str, Any]:
        """See `Site`: how many products there are, how many of them can be had, and what is wrong with the others."""
        return {
            "products": self._catalogue.size,
            "pages": self._catalogue.pages,
            "can_be_had": self._catalogue.can_be_had(heals=self._shape.heals),
            "broken_page": self._catalogue.broken_page,
            "broken_page_heals": self._shape.heals,
            "malformed": {number: flaw.value for number, flaw in self._catalogue.flaws.items()},
            "edition": self._edition,
        }

    def _page(self, place: Place, request: Request) -> Answer:
        products = self._catalogue.page(place.page, place.edition)
        described = [self._described(product, request.authority) for product in products]
        document, headers = self._shape.page(described, place, self._catalogue.pages, request.authority)
        if place.page != self._catalogue.broken_page or (self._shape.heals and self._healed == place.edition):
            return as_json(document, headers=headers)
        self._healed = place.edition
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
