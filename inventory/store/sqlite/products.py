"""The catalogue of products. A product's record, snapshot and entry change in one transaction."""
# ruff: noqa: S608 - nothing but our own lists of columns and conditions is put into a statement

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inventory.listing import Key
from inventory.products.model import CatalogueEntry, Category, Product, ProductFilter, ProductVersion
from inventory.records.model import AHEAD, Target
from inventory.store.codecs import content_bytes, from_millis, read_content, to_millis
from inventory.store.sqlite import rows
from inventory.store.sqlite.connections import Adapter, Row

INSERT_SNAPSHOT = """
    INSERT OR IGNORE INTO snapshots (id, record_id, collected_at, body_sha256, content)
    SELECT :snapshot_id, :id, :at, NULL, :content
    WHERE NOT EXISTS (SELECT 1 FROM records WHERE id = :id AND collected_at > :at AND collected_at <= :ahead)"""
RECORD = f"""
    INSERT INTO records ({rows.RECORD}, id, indexed, urlkey)
    VALUES (:source, :key, :host, 'stored', :at, :at, NULL, 1, 1, :snapshot_id, :at, :at, 1, :snapshot_id,
    NULL, 0, 0, '', :id, TRUE, '')
    ON CONFLICT (id) DO UPDATE SET state = 'stored', due_at = NULL, failure = NULL, lease = :snapshot_id, fence = fence + 1,
    collected_at = :at, snapshots = snapshots + 1, snapshot_id = :snapshot_id"""
CATALOGUE = """
    INSERT INTO products (record_id, feed, category, currency, price, added_at, seen_at, changed_at, content)
    VALUES (:id, :feed, :category, :currency, :price, :at, :at, NULL, :content)
    ON CONFLICT (record_id) DO UPDATE SET feed = :feed, category = :category, currency = :currency, price = :price,
    changed_at = CASE WHEN price = :price AND currency IS :currency THEN changed_at ELSE :at END,
    seen_at = :at, content = :content"""

ENTRY = "record_id, content, added_at, seen_at, changed_at"
LISTING = f"""
    SELECT {ENTRY} FROM products INDEXED BY {{index}} WHERE {{chosen}} AND (added_at, record_id) < (:instant, :id)
    ORDER BY added_at DESC, record_id DESC LIMIT :limit"""
PRICED = f"""
    SELECT {ENTRY} FROM products WHERE record_id IN (
        SELECT record_id FROM products INDEXED BY products_priced
        WHERE {{chosen}} AND (added_at, record_id) < (:instant, :id)
        ORDER BY added_at DESC, record_id DESC LIMIT :limit)
    ORDER BY added_at DESC, record_id DESC"""
MAX_PRICED = 5_000
"""Products of a range of prices: so many or more are looked at in the order of the listing, fewer in any order."""
PRICES = "SELECT count(*) FROM (SELECT 1 FROM products INDEXED BY products_priced WHERE {chosen} LIMIT :max_priced)"
FIND = f"SELECT {ENTRY} FROM products WHERE record_id = :id"
CHANGED = f"""
    SELECT {ENTRY} FROM products INDEXED BY products_changed WHERE changed_at IS NOT NULL
    ORDER BY changed_at DESC, record_id DESC LIMIT :limit"""
CATEGORIES = """
    SELECT category, currency, count(*) AS kept, min(price), avg(price), max(price)
    FROM products INDEXED BY products_shelved GROUP BY category, currency
    ORDER BY kept DESC, category, currency LIMIT :limit"""


class SqliteProducts(Adapter):
    def keep(self, version: ProductVersion) -> None:
        values = [_values(version, target, product) for target, product in version.targets().values()]
        if values:
            with self._connections.writing() as connection:
                for each in values:
                    if connection.execute(INSERT_SNAPSHOT, each).rowcount == 1:
                        connection.execute(RECORD, each)
                        connection.execute(CATALOGUE, each)

    def listing(self, chosen: ProductFilter, *, limit: int, after: Key | None) -> Sequence[CatalogueEntry]:
        statement, values = priced_statement(chosen) if self._has_few(chosen) else listing_statement(chosen)
        return [_entry(row) for row in self._connections.rows(statement, values | rows.page(limit, after))]

    def _has_few(self, chosen: ProductFilter) -> bool:
        """Whether few products have these prices, in any feed and category."""
        conditions, values = _conditions(ProductFilter(min_price=chosen.min_price, max_price=chosen.max_price))
        if not values:
            return False
        found = self._connections.rows(PRICES.format(chosen=conditions), values | {"max_priced": MAX_PRICED})
        return bool(found[0][0] < MAX_PRICED)

    def find(self, record_id: str) -> CatalogueEntry | None:
        found = self._connections.rows(FIND, {"id": record_id})
        return _entry(found[0]) if found else None

    def changed(self, *, limit: int) -> Sequence[CatalogueEntry]:
        return [_entry(row) for row in self._connections.rows(CHANGED, {"limit": limit})]

    def categories(self, *, limit: int) -> Sequence[Category]:
        return [Category(*row) for row in self._connections.rows(CATEGORIES, {"limit": limit})]


def listing_statement(chosen: ProductFilter) -> tuple[str, dict[str, Any]]:
    """The statement of a listing, and its values but for the page."""
    conditions, values = _conditions(chosen)
    named = {(False, False): "listed", (True, False): "of_feed", (False, True): "of_category", (True, True): "of_both"}
    index = f"products_{named[chosen.feed is not None, chosen.category is not None]}"
    return LISTING.format(index=index, chosen=conditions), values


def priced_statement(chosen: ProductFilter) -> tuple[str, dict[str, Any]]:
    """The same by the prices that are meant, which few products have."""
    conditions, values = _conditions(chosen)
    return PRICED.format(chosen=conditions), values


def _conditions(chosen: ProductFilter) -> tuple[str, dict[str, Any]]:
    conditions = {
        "feed = :feed": ("feed", chosen.feed),
        "category = :category": ("category", chosen.category),
        "price >= :min_price": ("min_price", chosen.min_price),
        "price <= :max_price": ("max_price", chosen.max_price),
    }
    chosen_by = {condition: pair for condition, pair in conditions.items() if pair[1] is not None}
    return " AND ".join(chosen_by) or "TRUE", dict(chosen_by.values())


def _values(version: ProductVersion, target: Target, product: Product) -> dict[str, Any]:
    return {
        "id": target.id,
        "source": target.source,
        "key": target.key,
        "host": target.host,
        "snapshot_id": version.snapshot_id(target.id),
        "at": to_millis(version.at),
        "ahead": to_millis(version.at + AHEAD),
        "feed": product.feed,
        "category": product.category,
        "currency": product.currency,
        "price": product.price,
        "content": content_bytes(product.content),
    }


def _entry(row: Row) -> CatalogueEntry:
    changed_at = None if row[4] is None else from_millis(row[4])
    return CatalogueEntry(row[0], Product.of(read_content(row[1])), from_millis(row[2]), from_millis(row[3]), changed_at)
