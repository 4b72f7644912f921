"""Items become products of one form, or are rejected with a sentence for each field."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InvalidRequest
from inventory.products.feeds import Feed, FieldPath
from inventory.products.model import Product
from inventory.products.normalising import identity_of, normalised

FEED = Feed(
    "acme",
    "https://acme.example/",
    {
        "id": FieldPath("sku"),
        "title": FieldPath("name.en"),
        "price": FieldPath("amount", scale=0.01),
        "category": FieldPath("kind", names={"T&G": "toys"}),
        "currency": FieldPath(value="EUR"),
        "rating": FieldPath("stars"),
    },
)
ITEM: dict[str, Any] = {"sku": 7, "name": {"en": " A  kite\n"}, "amount": "1999", "kind": "T&G", "stars": 4.25}


def test_an_item_is_read_by_the_paths_of_its_feed() -> None:
    assert normalised(FEED, ITEM) == Product("acme", "7", "A kite", 19.99, "toys", "EUR", None, 4.25, "19.99")
    assert normalised(FEED, ITEM).key == "acme/7"


def test_what_need_not_be_there_need_not_be_there() -> None:
    del (item := dict(ITEM))["kind"], item["stars"]

    assert normalised(FEED, item) == Product("acme", "7", "A kite", 19.99, None, "EUR", price_exact="19.99")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"sku": None}, {"id"}),
        ({"sku": ""}, {"id"}),
        ({"sku": 1.5}, {"id"}),
        ({"sku": True}, {"id"}),
        ({"sku": "x" * 501}, {"id"}),
        ({"sku": "\ud800"}, {"id"}),
        ({"name": "kite"}, {"title"}),
        ({"name": {"en": "\n"}}, {"title"}),
        ({"amount": "free"}, {"price"}),
        ({"amount": -1}, {"price"}),
        ({"amount": float("nan")}, {"price"}),
        ({"amount": [1]}, {"price"}),
        ({"amount": 10**400}, {"price"}),
        ({"amount": "10 - 20"}, {"price"}),
        ({"amount": "1.234.56"}, {"price"}),
        ({"stars": "many", "sku": None, "kind": {}}, {"id"}),
    ],
)
def test_an_item_that_cannot_be_used_is_refused_field_by_field(change: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        normalised(FEED, ITEM | change)

    assert set(caught.value.errors or ()) == fields
    assert all(field in str(caught.value) for field in fields)


@pytest.mark.parametrize(
    ("change", "member", "name"),
    [
        ({"stars": "many"}, "rating", "rating"),
        ({"stars": -1}, "rating", "rating"),
        ({"stars": {"rate": 4}}, "rating", "rating"),
        ({"kind": {}}, "category", "category"),
        ({"kind": True}, "category", "category"),
    ],
)
def test_an_optional_field_that_does_not_fit_costs_itself(change: dict[str, Any], member: str, name: str) -> None:
    unfit: list[str] = []
    product = normalised(FEED, ITEM | change, unfit.append)

    assert product == replace(normalised(FEED, ITEM), **{member: None})
    assert unfit == [name]


def test_a_long_title_is_cut_and_a_long_url_is_kept_whole_or_not_at_all() -> None:
    feed, unfit = replace(FEED, paths={**FEED.paths, "url": FieldPath("link")}), list[str]()
    product = normalised(feed, ITEM | {"name": {"en": "x" * 900}, "link": f"https://x.test/{'y' * 900}"}, unfit.append)

    assert (len(product.title), len(product.url or ""), unfit) == (500, 915, [])
    assert normalised(feed, ITEM | {"link": f"https://x.test/{'y' * 3_000}"}, unfit.append).url is None
    assert unfit == ["url"]


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"sku": "A1", "slug": "kite", "link": "https://x.test/kite"}, "A1"),
        ({"sku": None, "slug": "kite"}, "kite"),
        ({"sku": " ", "slug": "kite"}, "kite"),
        ({"sku": ["A1"], "slug": "", "link": "https://x.test/kite"}, "https://x.test/kite"),
        ({"sku": Decimal("7.0")}, "7"),
        ({"sku": Decimal("7.5"), "slug": 8}, "8"),
        ({"sku": 0}, "0"),
        ({"sku": "گل\u200cها"}, "گل\u200cها"),
        ({"sku": " 007 "}, " 007 "),
        ({"sku": Decimal("1E+3")}, "1000"),
        ({"sku": 10**30}, "1" + "0" * 30),
    ],
)
def test_an_id_is_looked_for_where_the_feed_says(item: dict[str, Any], key: str) -> None:
    ids = FieldPath("sku", fallbacks=(FieldPath("slug"), FieldPath("link")))
    feed = replace(FEED, paths={**FEED.paths, "id": ids})

    assert normalised(feed, ITEM | {"sku": None} | item).id == key


def test_an_item_without_any_id_is_rejected_with_the_places_that_were_looked_at() -> None:
    feed = replace(FEED, paths={**FEED.paths, "id": FieldPath("sku", fallbacks=(FieldPath("slug"),))})

    with pytest.raises(InvalidRequest, match="id: Nothing at 'sku', 'slug'"):
        normalised(feed, ITEM | {"sku": None})


def test_the_currency_of_a_price_text_counts_where_the_item_has_no_other() -> None:
    feed = replace(FEED, paths={**FEED.paths, "price": FieldPath("amount"), "currency": FieldPath("currency")})

    assert normalised(feed, ITEM | {"amount": "1.234,56 €"}).currency == "EUR"
    assert normalised(feed, ITEM | {"amount": "1.234,56 €", "currency": "CHF"}).currency == "CHF"
    assert normalised(feed, ITEM | {"amount": "12.50"}).currency is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("usd", "USD"),
        ("Eur", "EUR"),
        ("try", "TRY"),
        ("€", "EUR"),
        ("US$", "USD"),
        ("kr", "kr"),
        ("points", "points"),
        ("", None),
    ],
)
def test_a_currency_in_a_field_of_its_own_is_its_code_where_it_is_known(sent: str, code: str | None) -> None:
    feed = replace(FEED, paths={**FEED.paths, "currency": FieldPath("currency")})

    assert normalised(feed, ITEM | {"currency": sent}).currency == code


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        ("a\0b\u2028c\ud800d", "a b c d"),
        ("\u200e\ufeffKinder\u00adwagen\u200b", "Kinderwagen"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\uf8ff Watch \U0001fae9", "\uf8ff Watch \U0001fae9"),
    ],
)
def test_a_title_is_one_line_of_all_that_is_seen(sent: str, title: str) -> None:
    assert normalised(FEED, ITEM | {"name": {"en": sent}}).title == title


def test_items_are_the_same_by_their_ids_or_else_by_what_they_are() -> None:
    assert identity_of(FEED, ITEM) == identity_of(FEED, {"sku": "7"}) != identity_of(FEED, {"sku": 8})
    assert identity_of(FEED, {"name": 1}) == identity_of(FEED, {"name": 1}) != identity_of(FEED, {"name": 2})
    assert identity_of(FEED, "see 5") != identity_of(FEED, "see 6")


@pytest.mark.parametrize("item", ["see product 5", None, [1], 7])
def test_what_is_not_an_object_is_rejected(item: Any) -> None:
    with pytest.raises(InvalidRequest, match="not an object"):
        normalised(FEED, item)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(ITEM, anything)))
def test_whatever_an_item_is_it_becomes_a_product_that_can_be_kept_or_is_refused(item: dict[str, Any]) -> None:
    try:
        product = normalised(FEED, item)
    except InvalidRequest:
        return
    assert product.id
    assert product.title
    assert 0 <= product.price <= 10**12
    assert float(product.price_text) == product.price
    str(product.content).encode()
