"""What the catalogue needs of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inventory.listing import Key
from inventory.products.model import CatalogueEntry, Category, ProductFilter, ProductVersion


class Products(Protocol):
    """The catalogue: the current state of each product, besides its record and snapshots."""

    def keep(self, version: ProductVersion) -> None:
        """Store a snapshot of each product, update its entry in the catalogue, and leave its record stored, nothing due.

        A product is kept whole, or not at all if this job has kept it already, or another one did since. What is said to be
        later by more than `AHEAD` was kept by a clock that was ahead.
        """

    def listing(self, chosen: ProductFilter, *, limit: int, after: Key | None) -> Sequence[CatalogueEntry]:
        """Products by (added_at, record id), newest first, after `after`."""

    def find(self, record_id: str) -> CatalogueEntry | None:
        """One product, or None."""

    def changed(self, *, limit: int) -> Sequence[CatalogueEntry]:
        """The products whose prices changed last, newest first."""

    def categories(self, *, limit: int) -> Sequence[Category]:
        """Categories, by currency, the largest first."""
