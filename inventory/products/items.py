"""The items of a feed's pages: each becomes a product in the store, or a row that says why it did not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from inventory import faults
from inventory.errors import InvalidRequest, StorageUnavailable, Unstorable
from inventory.jobs.model import LONGEST_INPUT, Row, RowOutcome
from inventory.products.feed_puller import FetchedPage
from inventory.products.feeds import Feed
from inventory.products.model import Product, ProductVersion
from inventory.products.normalising import normalised
from inventory.products.ports import Products

INVALID_PRODUCT = "invalid_product"


class Items:
    """The items of one feed in one run. One that cannot be used, or breaks what uses it, spoils no other.

    Whatever breaks so is told to `note`.
    """

    def __init__(self, products: Products, job_id: str, feed: Feed, note: Callable[[Exception], None]) -> None:
        self._products, self._job_id, self._feed, self._note = products, job_id, feed, note

    def keep(self, page: FetchedPage, before: int, now: datetime) -> tuple[int, list[Row]]:
        """Keep the products of a page whose items are numbered from `before` + 1; how many, and the rows of all others.

        Raises `StorageUnavailable`, and what breaks the store over every one of several products: then none of them is
        to blame.
        """
        products, rows = self._sorted(page, before, now)
        refused = self._shelve(page, products, before, now) if products else {}
        return len(products) - len(refused), [row for _, row in sorted({**rows, **refused}.items())]

    def _sorted(self, page: FetchedPage, before: int, now: datetime) -> tuple[dict[int, Product], dict[int, Row]]:
        """By their numbers in a page the products, and the rows of the items that are none."""
        products, rows = dict[int, Product](), dict[int, Row]()
        for number, item in enumerate(page.items or ()):
            try:
                products[number] = normalised(self._feed, item)
            except Exception as error:  # noqa: BLE001 - the outermost edge of an item: logged, counted, and its row
                rows[number] = self._rejected(page, before, number, error, now)
        return products, rows

    def _shelve(self, page: FetchedPage, products: Mapping[int, Product], before: int, now: datetime) -> dict[int, Row]:
        """Keep a page's products, each alone if the store refuses them together; the rows of those that it still refuses."""
        seen, rows = ProductVersion(self._job_id, self._feed.host, page.at, tuple(products.values())), dict[int, Row]()
        refusal = self._refusal(seen)
        if refusal is None:
            return rows
        for number, product in products.items():
            error = self._refusal(replace(seen, products=(product,)))
            if error is not None:
                rows[number] = self._rejected(page, before, number, error, now)
        if 1 < len(rows) == len(products) and not isinstance(refusal, Unstorable):
            raise refusal
        return rows

    def _refusal(self, seen: ProductVersion) -> Exception | None:
        """What the store raised over these products; None if it keeps them."""
        try:
            self._products.keep(seen)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of an item, as in `_sorted`
            return error
        return None

    def _rejected(self, page: FetchedPage, before: int, number: int, error: Exception, now: datetime) -> Row:
        """The row of an item, with a JSON pointer to it (RFC 6901)."""
        place = "/".join(["#", *(name for name in self._feed.items.split(".") if name), str(page.first + number)])
        text = f"{page.url}{place}"[:LONGEST_INPUT]
        if isinstance(error, InvalidRequest):
            code, detail = INVALID_PRODUCT, f"{error} It is {_shown((page.items or ())[number])}"
        elif isinstance(error, Unstorable):
            code, detail = INVALID_PRODUCT, Unstorable.told
        else:
            self._note(error)
            code, detail = faults.INTERNAL_FAULT, faults.TOLD
        return Row(before + number + 1, text, RowOutcome.REJECTED, now, code=code, detail=detail)


def _shown(item: Any) -> str:
    try:
        text = json.dumps(item, ensure_ascii=True)
    except RecursionError:  # it could just be read
        return "nested too deeply to be shown."
    return text if len(text) <= 200 else f"{text[:200]}…"
