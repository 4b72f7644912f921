"""What the catalogue needs of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inventory.listing import Key
from inventory.products.model import CatalogueEntry, Category, ProductFilter, ProductVersion


class Products(Protocol):
    """The catalogue of products: what is known now of each, beside its record and snapshots."""

    def keep(self, seen: ProductVersion) -> None:
        """Keep a snapshot of each product, which its record then has, stored and with nothing owed, and the catalogue.

        Each product whole, or not at all if the job has seen it already, or it was seen by somebody else since.
        """
        ...

    def listing(self, chosen: ProductFilter, *, limit: int, after: Key | None) -> Sequence[CatalogueEntry]:
        """Products by (added_at, record id), newest first, from behind `after`."""
        ...

    def changed(self, *, limit: int) -> Sequence[CatalogueEntry]:
        """The products whose prices changed last, newest first."""
        ...

    def categories(self, *, limit: int) -> Sequence[Category]:
        """Categories, by currency, those with most products first."""
        ...
