"""The products of a demo shop, some of them malformed, and their prices, which change from one edition to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.demo.exchange import seeded

PAGE = 20
"""Products on a page; the last one may have fewer."""
THINGS: Mapping[str, Sequence[str]] = {
    "home": ("kettle", "lamp", "blanket", "vase", "clock", "saucepan"),
    "garden": ("spade", "watering can", "trowel", "bird house", "hose", "bench"),
    "sports": ("football", "racket", "yoga mat", "skipping rope", "water bottle", "helmet"),
    "toys": ("puzzle", "kite", "train set", "teddy bear", "marble run", "spinning top"),
    "electronics": ("radio", "headphones", "torch", "charger", "loudspeaker", "keyboard"),
    "stationery": ("notebook", "fountain pen", "stapler", "folder", "calendar", "globe"),
}
LOOKS = ("Blue", "Folding", "Oak", "Steel", "Small", "Large", "Classic", "Travel", "Crème", "Recycled")


class Flaw(StrEnum):
    """What is wrong with the description of a product."""

    NO_PRICE = "no price"
    ODD_PRICE = "a price of the wrong type"
    NO_ID = "no id"
    NO_OBJECT = "no object at all"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the shop knows it; `cents` is its price in this edition, `rating` is 1.0 to 5.0."""

    number: int
    title: str
    category: str
    cents: int
    rating: float


class Catalogue:
    """`size` products of a shop on numbered pages. With `malformed`, one page is broken and four products have a `Flaw`.

    The broken page is neither the first nor the last, and the products with flaws are on other pages.
    """

    def __init__(self, shop: str, seed: int, size: int, *, malformed: bool = True) -> None:
        self.size = size
        self.pages = -(-size // PAGE)
        self._seed = (seed, shop)
        self.broken_page: int | None = None
        self.flaws: Mapping[int, Flaw] = {}
        if malformed:
            self._spoil()

    def page(self, page: int, edition: int) -> list[Product]:
        """The products of a page, counted from 1; none after the last page."""
        first = (page - 1) * PAGE + 1
        return [self._product(number, edition) for number in range(first, min(first + PAGE, self.size + 1))]

    def can_be_had(self, *, heals: bool) -> int:
        """How many products a client can get: those without a flaw that are not on the broken page, unless that `heals`."""
        lost = PAGE if self.broken_page and not heals else 0
        return self.size - len(self.flaws) - lost

    def _spoil(self) -> None:
        if self.pages < 3:
            raise ValueError(f"{self.size} products are too few for a broken page between whole ones")
        rng = seeded(*self._seed, "malformed")
        self.broken_page = rng.randint(2, self.pages - 1)
        elsewhere = [number for number in range(1, self.size + 1) if (number - 1) // PAGE + 1 != self.broken_page]
        self.flaws = dict(zip(rng.sample(elsewhere, len(Flaw)), Flaw, strict=True))

    def _product(self, number: int, edition: int) -> Product:
        rng = seeded(*self._seed, number)
        category = rng.choice(list(THINGS))
        title = f"{rng.choice(LOOKS)} {rng.choice(THINGS[category])}"
        cents, rating = rng.randint(199, 49_999), rng.randint(10, 50) / 10
        lasts = rng.randint(1, 3)  # editions for which the price stays the same
        change = seeded(*self._seed, number, edition // lasts).uniform(-0.15, 0.2)
        return Product(number, title, category, round(cents * (1 + change)), rating)
