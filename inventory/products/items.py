"""The items of a feed's pages: each becomes a product in the store, or a row that says why it did not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inventory import faults
from inventory.errors import InvalidRequest, StorageUnavailable, Unstorable
from inventory.jobs.model import LONGEST_INPUT, Row, RowOutcome
from inventory.products.feeds import Feed
from inventory.products.fetched_page import FetchedPage
from inventory.products.model import Product, ProductVersion
from inventory.products.normalising import normalised
from inventory.products.ports import Products

INVALID_PRODUCT = "invalid_product"
MAX_COUNTED = 200_000
"""Products that are remembered, so that none is counted twice; they take 15 MB."""


@dataclass(frozen=True, slots=True)
class KeptItems:
    """How many new products a page had, the rows of the items that are none, and how often a field did not fit, by name."""

    products: int
    rejected: list[Row]
    unfit: Mapping[str, int]


class Items:
    """The items of one feed in one run. An item that cannot be used, or raises, spoils no other; `note` hears of errors."""

    def __init__(self, products: Products, job_id: str, feed: Feed, note: Callable[[Exception], None]) -> None:
        self._products, self._job_id, self._feed, self._note = products, job_id, feed, note
        self._counted: set[int] = set()

    def keep(self, page: FetchedPage, before: int, now: datetime) -> KeptItems:
        """Keep the products of a page whose items are numbered from `before` + 1.

        Raises `StorageUnavailable`, and what the store raises over every one of several products.
        """
        unfit = Counter[str]()
        products, rows = self._normalised(page, before, now, unfit)
        unkept = self._keep_products(page, products, before, now) if products else {}
        rejected = [row for _, row in sorted({**rows, **unkept}.items())]
        return KeptItems(self._count_new(products, unkept), rejected, unfit)

    def _count_new(self, products: Mapping[int, Product], unkept: Mapping[int, Row]) -> int:
        """How many of a page's products were not on a page before: pages overlap when something is added meanwhile."""
        found = {hash(product.id) for number, product in products.items() if number not in unkept}
        new = len(found - self._counted)
        if len(self._counted) + new > MAX_COUNTED:
            self._counted.clear()
        self._counted |= found
        return new

    def _normalised(
        self, page: FetchedPage, before: int, now: datetime, unfit: Counter[str]
    ) -> tuple[dict[int, Product], dict[int, Row]]:
        """The products of a page and the rows of its other items, by their positions."""
        products, rows = dict[int, Product](), dict[int, Row]()
        for number, item in enumerate(page.items or ()):
            try:
                products[number] = normalised(self._feed, item, lambda name: unfit.update((name,)))
            except Exception as error:  # noqa: BLE001 - the outermost edge of an item: logged, counted, and its row
                rows[number] = self._rejected(page, before, number, error, now)
        return products, rows

    def _keep_products(
        self, page: FetchedPage, products: Mapping[int, Product], before: int, now: datetime
    ) -> dict[int, Row]:
        """Keep a page's products, each alone if the store does not keep them together; the rows of those it never keeps."""
        version, rows = ProductVersion(self._job_id, self._feed.host, page.at, tuple(products.values())), dict[int, Row]()
        first_error = self._error_of(version)
        if first_error is None:
            return rows
        for number, product in products.items():
            error = self._error_of(replace(version, products=(product,)))
            if error is not None:
                rows[number] = self._rejected(page, before, number, error, now)
        if 1 < len(rows) == len(products) and not isinstance(first_error, Unstorable):
            raise first_error
        return rows

    def _error_of(self, version: ProductVersion) -> Exception | None:
        """What the store raised over these products; None if it keeps them."""
        try:
            self._products.keep(version)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of an item, as in `_normalised`
            return error
        return None

    def _rejected(self, page: FetchedPage, before: int, number: int, error: Exception, now: datetime) -> Row:
        """The row of an item, with a JSON pointer to it (RFC 6901)."""
        pointer = "/".join(["#", *(name for name in self._feed.items.split(".") if name), str(page.first + number)])
        text = f"{page.url}{pointer}"[:LONGEST_INPUT]
        if isinstance(error, InvalidRequest):
            shown = self._feed.mask.shown(_shown((page.items or ())[number]))
            code, detail = INVALID_PRODUCT, f"{self._feed.mask.text(str(error))} It is {shown}"
        elif isinstance(error, Unstorable):
            code, detail = INVALID_PRODUCT, Unstorable.public_detail
        else:
            self._note(error)
            code, detail = faults.INTERNAL_FAULT, faults.TOLD
        return Row(before + number + 1, text, RowOutcome.REJECTED, now, code=code, detail=detail)


def _shown(item: Any) -> str:
    try:
        return json.dumps(item, ensure_ascii=True, default=float)  # a `Decimal` is shown as a number
    except RecursionError:  # it could just be read
        return "nested too deeply to be shown."
