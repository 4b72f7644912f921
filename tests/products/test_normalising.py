"""Items become products of one form, or are rejected with a sentence for each field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InvalidRequest
from inventory.products.feeds import Feed, FieldPath
from inventory.products.model import Product
from inventory.products.normalising import normalised

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
    assert normalised(FEED, ITEM) == Product("acme", "7", "A kite", 19.99, "toys", "EUR", None, 4.25)
    assert normalised(FEED, ITEM).key == "acme/7"


def test_what_need_not_be_there_need_not_be_there() -> None:
    del (item := dict(ITEM))["kind"], item["stars"]

    assert normalised(FEED, item) == Product("acme", "7", "A kite", 19.99, None, "EUR")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"sku": None}, {"id"}),
        ({"sku": ""}, {"id"}),
        ({"sku": 1.5}, {"id"}),
        ({"sku": True}, {"id"}),
        ({"sku": "x" * 201}, {"id"}),
        ({"sku": "\ud800"}, {"id"}),
        ({"name": "kite"}, {"title"}),
        ({"name": {"en": "\n"}}, {"title"}),
        ({"amount": "free"}, {"price"}),
        ({"amount": -1}, {"price"}),
        ({"amount": float("nan")}, {"price"}),
        ({"amount": [1]}, {"price"}),
        ({"amount": 10**400}, {"price"}),
        ({"stars": "many", "sku": None, "kind": {}}, {"rating", "id", "category"}),
    ],
)
def test_an_item_that_cannot_be_used_is_refused_field_by_field(change: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        normalised(FEED, ITEM | change)

    assert set(caught.value.errors or ()) == fields
    assert all(field in str(caught.value) for field in fields)


@pytest.mark.parametrize("item", ["see product 5", None, [1], 7])
def test_what_is_not_an_object_is_rejected(item: Any) -> None:
    with pytest.raises(InvalidRequest, match="not an object"):
        normalised(FEED, item)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
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
    str(product.content).encode()
