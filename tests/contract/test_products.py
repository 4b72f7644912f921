"""The catalogue of products, their records and their snapshots."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import product as product_of

import pytest

from inventory.listing import Key
from inventory.products.model import CatalogueEntry, Category, Product, ProductFilter, ProductVersion
from inventory.records.model import RecordFilter, Status
from inventory.store import Store
from inventory.store.sqlite import rows
from inventory.store.sqlite.products import MAX_PRICED, listing_statement, priced_statement
from tests.contract.actions import NOW, after
from tests.contract.backends import SqliteBackend
from tests.ui.statements import noted

HOST = "shop.example"
ALL = ProductFilter()
MORE_AT_PRICE_1 = """
    WITH numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    INSERT INTO products (record_id, feed, price, added_at, seen_at, content)
    SELECT printf('%032x', n), feed, 1.0, added_at, seen_at, content FROM numbers CROSS JOIN products"""


def product(number: int, price: float = 1.0, **fields: str | None) -> Product:
    return Product(**{"feed": "acme", "id": f"n{number}", "title": f"Thing {number} é", "price": price, **fields})  # type: ignore[arg-type]


def seen(*products: Product, at: datetime = NOW, job_id: str = "") -> ProductVersion:
    return ProductVersion(job_id or secrets.token_hex(16), HOST, at, products)


def listed(store: Store, chosen: ProductFilter = ALL, *, limit: int = 2) -> list[CatalogueEntry]:
    found: list[CatalogueEntry] = []
    position: Key | None = None
    while page := store.products.listing(chosen, limit=limit, after=position):
        found += page
        position = (page[-1].added_at, page[-1].record_id)
    return found


def ids(found: Sequence[CatalogueEntry]) -> set[str]:
    return {each.product.id for each in found}


def test_a_product_has_a_record_with_nothing_due_and_a_snapshot_from_each_job_that_found_it(store: Store) -> None:
    store.products.keep(seen(product(1, 5.0), product(2)))
    store.products.keep(seen(product(1, 6.5), at=after(9)))
    target = product(1).target(HOST)

    known = store.records.look_up(target.id)

    assert known is not None
    assert known.snapshot is not None
    assert (known.record.target, known.record.status, known.record.snapshots) == (target, Status.STORED, 2)
    assert (known.record.first_collected_at, known.record.collected_at) == (NOW, after(9))
    assert Product.of(known.snapshot.content) == product(1, 6.5)
    history = store.snapshots.listing(target.id, limit=9, after=None)
    assert [each.content["price"] for each in history] == [6.5, 5.0]
    assert [found and found[0] for found in (store.snapshots.find(each.id) for each in history)] == [target, target]
    assert store.records.due(now=after(99_999), max_attempts=9, limit=9) == {}
    assert store.records.claim_due(now=after(99_999), lease_for=after(1) - NOW, limit=9) == []
    of_source = store.records.listing(RecordFilter("products"), limit=9, after=None)
    assert {record.target.key for record in of_source} == {"acme/n1", "acme/n2"}


def test_what_a_job_saw_is_kept_once_however_often_it_says_so(store: Store) -> None:
    job_id = secrets.token_hex(16)
    store.products.keep(seen(product(1, 5.0), product(1, 7.0), job_id=job_id))
    store.products.keep(seen(product(1, 9.0), product(2), at=after(1), job_id=job_id))
    store.products.keep(seen(job_id=job_id))

    assert [(each.product, each.seen_at) for each in listed(store) if each.product.id == "n1"] == [(product(1, 5.0), NOW)]
    known = store.records.look_up(product(1).target(HOST).id)
    assert known is not None
    assert known.record.snapshots == 1
    assert ids(listed(store)) == {"n1", "n2"}


def test_a_price_is_kept_to_its_last_digit_and_found_by_its_size(store: Store) -> None:
    exact = "0.1234567890123456789"
    made = [product(1, float(exact), price_exact=exact), product(2, 19.9, price_exact="19.90"), product(3, 1234.5)]
    store.products.keep(seen(*made))
    store.products.keep(seen(product(2, 19.9, price_exact="19.9"), at=after(1)))

    assert {each.product.id: each.product.price_text for each in listed(store)} == {
        "n1": exact,
        "n2": "19.9",
        "n3": "1234.5",
    }
    assert ids(listed(store, ProductFilter(min_price=0.1234567890123456789, max_price=19.9))) == {"n1", "n2"}
    assert store.products.changed(limit=9) == [], "digits without a value are no change"
    snapshots = store.snapshots.listing(product(2).target(HOST).id, limit=9, after=None)
    assert [each.content["price_exact"] for each in snapshots] == ["19.9", "19.90"]


def test_a_product_is_found_as_it_is_listed(store: Store) -> None:
    store.products.keep(seen(product(1, 5.0), product(2)))
    store.products.keep(seen(product(1, 6.5), at=after(9)))

    [listed_one] = [each for each in listed(store) if each.product.id == "n1"]
    assert store.products.find(product(1).target(HOST).id) == listed_one
    assert listed_one.changed_at == after(9)
    assert store.products.find(product(3).target(HOST).id) is None
    assert store.products.find("") is None


def test_what_was_seen_before_what_is_known_changes_nothing(store: Store) -> None:
    store.products.keep(seen(product(1, 5.0), at=after(9)))
    store.products.keep(seen(product(1, 4.0), at=after(8)))

    assert [each.product.price for each in listed(store)] == [5.0]
    assert len(store.snapshots.listing(product(1).target(HOST).id, limit=9, after=None)) == 1


def test_products_are_listed_newest_first_by_each_filter(store: Store) -> None:
    made = [
        product(n, float(n), feed="acme" if n % 2 else "bazaar", category=["toys", "home", None][n % 3], currency="EUR")
        for n in range(12)
    ]
    for n, each in enumerate(made):
        store.products.keep(seen(each, at=after(n // 3)))

    whole = listed(store)

    assert [(each.added_at, each.record_id) for each in whole] == sorted(
        ((each.added_at, each.record_id) for each in whole), reverse=True
    )
    assert ids(whole) == {each.id for each in made}
    for chosen in (
        ProductFilter(feed="acme"),
        ProductFilter(category="toys"),
        ProductFilter("bazaar", "home"),
        ProductFilter(min_price=3.0, max_price=7.0),
        ProductFilter("acme", "toys", 1.0, 7.0),
        ProductFilter("nobody"),
    ):
        expected = [
            each
            for each in made
            if chosen.feed in (None, each.feed)
            and chosen.category in (None, each.category)
            and (chosen.min_price or 0) <= each.price <= (chosen.max_price or 99)
        ]
        found = listed(store, chosen)
        assert ids(found) == {each.id for each in expected}
        assert [each.record_id for each in found] == [each.record_id for each in whole if each.product.id in ids(found)]


def test_on_sqlite_prices_that_few_and_that_many_products_have_are_found_alike(sqlite: SqliteBackend) -> None:
    made = [product(n, float(n), feed="acme" if n % 2 else "bazaar", category="toys" if n % 3 else None) for n in range(9)]
    with closing(sqlite.open()) as store:
        store.prepare()
        for n, each in enumerate(made):
            store.products.keep(seen(each, at=after(n // 3)))
        second = listed(store)[1]
    with closing(sqlite3.connect(sqlite.path)) as connection:
        for chosen, limit, position in product_of(
            (
                ProductFilter(None, None, 2.0, 7.0),
                ProductFilter("acme", None, 2.0),
                ProductFilter("acme", "toys", None, 5.0),
            ),
            (2, 9),
            (None, (second.added_at, second.record_id)),
        ):
            few, many = (
                connection.execute(statement, values | rows.page(limit, position)).fetchall()
                for statement, values in (priced_statement(chosen), listing_statement(chosen))
            )
            assert few == many != []


def test_on_sqlite_prices_are_looked_up_where_few_products_have_them(sqlite: SqliteBackend) -> None:
    with closing(sqlite.open()) as store:
        store.prepare()
        store.products.keep(seen(product(1, 9.0)))
        with closing(sqlite3.connect(sqlite.path)) as connection, connection:
            connection.execute(MORE_AT_PRICE_1, (MAX_PRICED,))

        def looks_up_prices(chosen: ProductFilter) -> bool:
            with noted() as statements:
                assert len(store.products.listing(chosen, limit=1, after=None)) == 1
            return "products_priced" in statements[-1]

        assert looks_up_prices(ProductFilter(min_price=5.0))
        assert not looks_up_prices(ProductFilter(max_price=5.0))
        assert not looks_up_prices(ALL)


def test_a_product_that_is_found_again_keeps_its_position_and_says_when_its_price_changed(store: Store) -> None:
    store.products.keep(seen(product(1, 5.0), product(2, 5.0), product(3, 5.0)))
    assert store.products.changed(limit=9) == []
    store.products.keep(seen(product(1, 5.0), product(2, 6.0), product(3, 5.0), at=after(1)))
    store.products.keep(seen(product(1, 4.0), product(2, 6.0), product(3, 5.0, title="Other"), at=after(2)))

    assert [(each.product.id, each.changed_at) for each in store.products.changed(limit=9)] == [
        ("n1", after(2)),
        ("n2", after(1)),
    ]
    assert [each.product.id for each in store.products.changed(limit=1)] == ["n1"]
    assert {(each.product.id, each.added_at, each.seen_at) for each in listed(store)} == {
        (f"n{n}", NOW, after(2)) for n in (1, 2, 3)
    }
    assert {each.product.title for each in listed(store)} >= {"Other"}


def test_categories_are_told_by_currency_those_with_most_products_first(store: Store) -> None:
    toys = [product(n, float(n + 1), category="toys", currency="EUR") for n in range(4)]
    flush_now = [product(9, 50.0, category="toys", currency="JPY"), product(10, 8.0), product(11, 9.5)]
    store.products.keep(seen(*toys, *flush_now))

    assert store.products.categories(limit=9) == [
        Category("toys", "EUR", 4, 1.0, 2.5, 4.0),
        Category(None, None, 2, 8.0, 8.75, 9.5),
        Category("toys", "JPY", 1, 50.0, 50.0, 50.0),
    ]
    assert len(store.products.categories(limit=1)) == 1


@pytest.mark.parametrize("keep", [1, 2])
def test_old_snapshots_of_products_are_retired_and_the_latest_stays(store: Store, keep: int) -> None:
    for n in range(4):
        store.products.keep(seen(product(1, float(n)), at=after(n)))

    assert store.snapshots.retire(keep=keep, limit=9) == 4 - keep

    target = product(1).target(HOST)
    assert len(store.snapshots.listing(target.id, limit=9, after=None)) == keep
    known = store.records.look_up(target.id)
    assert known is not None
    assert known.snapshot is not None
    assert known.snapshot.content["price"] == 3.0
    assert store.snapshots.sweep(after="", limit=99) == ""
    assert store.records.look_up(target.id) == known


def test_sweeping_takes_nothing_of_what_is_kept(store: Store) -> None:
    store.products.keep(seen(product(1), product(2)))
    store.products.keep(seen(product(1, 2.0), at=after(1)))
    store.snapshots.sweep(after="", limit=99)

    assert len(store.snapshots.listing(product(1).target(HOST).id, limit=9, after=None)) == 2
    assert len(store.snapshots.listing(product(2).target(HOST).id, limit=9, after=None)) == 1


def test_a_page_of_many_products_is_kept(store: Store) -> None:
    many = [product(n) for n in range(60)]
    store.products.keep(seen(*many))
    store.products.keep(seen(*(replace(each, price=2.0) for each in many), at=after(1)))

    assert len(listed(store, limit=50)) == 60
    assert len(store.products.changed(limit=200)) == 60
