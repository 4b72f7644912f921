"""Products: what items of different feeds have in common, and what the catalogue tells of them.

Prices are in the currency beside them. Texts are free of what cannot be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from inventory.records.model import Content, Target

SOURCE = "products"
MEMBERS = ("feed", "id", "title", "category", "price", "currency", "url", "rating", "price_exact")
LATER = {"price_exact": None}
"""Members that snapshots of earlier versions do not have."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of a feed; `id` is the feed's own.

    `price` is the double nearest to the price. `price_exact` is the price itself, in as many digits as the feed sent; None
    in a snapshot of an earlier version, which rounded it.
    """

    feed: str
    id: str
    title: str
    price: float
    category: str | None = None
    currency: str | None = None
    url: str | None = None
    rating: float | None = None
    price_exact: str | None = None

    @classmethod
    def of(cls, content: Content) -> Product:
        """The product that a snapshot holds."""
        known = {**LATER, **content}
        return cls(**{name: known[name] for name in MEMBERS})

    @property
    def key(self) -> str:
        """Its canonical key: the feed and the feed's own id."""
        return f"{self.feed}/{self.id}"

    @property
    def price_text(self) -> str:
        """The price in digits."""
        return self.price_exact or format(Decimal(repr(self.price)), "f")

    @property
    def content(self) -> Content:
        """What a snapshot of it holds."""
        return {name: getattr(self, name) for name in MEMBERS}

    def target(self, host: str) -> Target:
        """The target that it is, collected from a host."""
        return Target(SOURCE, self.key, host)


@dataclass(frozen=True, slots=True)
class ProductVersion:
    """The products of a page as a job found them at one instant, on one host. A job keeps each product once."""

    job_id: str
    host: str
    at: datetime
    products: tuple[Product, ...]

    def targets(self) -> Mapping[str, tuple[Target, Product]]:
        """The products by the ids of their records; the first of duplicates."""
        found: dict[str, tuple[Target, Product]] = {}
        for product in self.products:
            target = product.target(self.host)
            found.setdefault(target.id, (target, product))
        return found

    def snapshot_id(self, record_id: str) -> str:
        """The id of a record's snapshot in this job: the same in each worker, however often it is kept."""
        return sha256(f"{self.job_id} {record_id}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products a listing shows; None means any. The bounds of the price are included."""

    feed: str | None = None
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A product as the catalogue has it; `changed_at` is when its price last changed, None if never."""

    record_id: str
    product: Product
    added_at: datetime
    seen_at: datetime
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """Products of one category and one currency, and the least, mean and highest of their prices."""

    name: str | None
    currency: str | None
    products: int
    least: float
    mean: float
    most: float
