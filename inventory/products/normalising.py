"""Items of feeds become products, or are rejected with a sentence for each required field that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from inventory.errors import InvalidRequest
from inventory.products.currencies import code_of
from inventory.products.feeds import REQUIRED, Feed, FieldPath
from inventory.products.json_paths import at
from inventory.products.model import Product
from inventory.products.prices import Price, price_of
from inventory.urls import MAX_CHARACTERS

MAX_TEXT = 500
"""Characters; what is longer is truncated."""
MAX_ID = 500
"""Characters; a longer id is not used, because truncated it might be that of another product."""
MAX_ID_DIGITS = 100
_UNSHOWABLE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Controls, ends of lines, halves of surrogate pairs."""
_INVISIBLE = re.compile("[\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Hyphens that are seen at line ends only, and marks of direction; but not the joiners of emoji, Persian and Hindi."""


def _ignore(_name: str) -> None:
    """Nobody wants to know."""


def normalised(feed: Feed, item: Any, unfit: Callable[[str], object] = _ignore) -> Product:
    """The product that an item of a feed is; `InvalidRequest` names each of its required fields that cannot be used.

    An optional field that cannot be used is left out, and `unfit` is told its name.
    """
    if not isinstance(item, dict):
        raise InvalidRequest("The item is not an object.", {"item": ["Not an object."]})
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, where in feed.paths.items():
        try:
            values[name] = _first(READERS.get(name, _text), where, item)
        except ValueError as error:
            errors[name] = [str(error)]
    for name in REQUIRED:
        if values.get(name) is None and name not in errors:
            errors[name] = [f"Nothing at {_places(feed.paths[name])}."]
    if errors:
        for name in [name for name in errors if name not in REQUIRED]:
            del errors[name]
            unfit(name)
    if errors:
        raise InvalidRequest("; ".join(f"{name}: {lines[0]}" for name, lines in errors.items()), errors)
    return _product(feed, values)


def identity_of(feed: Feed, item: Any) -> int:
    """A number of 64 bits that is the same for items with the same id, or else for equal items, in every process."""
    try:
        found = _first(_id, feed.paths["id"], item) if isinstance(item, dict) else None
    except ValueError:
        found = None
    try:
        text = found if found is not None else repr(item)
    except RecursionError:  # it could just be read
        return id(item)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _product(feed: Feed, values: dict[str, Any]) -> Product:
    price: Price = values.pop("price")
    if values.get("currency") is None:
        values["currency"] = price.currency
    if feed.mask.covers_values:
        values |= {name: feed.mask.value(value) for name, value in values.items() if isinstance(value, str)}
    return Product(feed=feed.name, price=float(price.amount), price_exact=price.text, **values)


def _first(read: Callable[[FieldPath, Any], Any], where: FieldPath, item: Any) -> Any:
    """The first usable value of the places where a field may be; the error of the first if there is none."""
    if not where.fallbacks:
        return read(where, item)
    first_error: ValueError | None = None
    for place in (where, *where.fallbacks):
        try:
            value = read(place, item)
        except ValueError as error:
            first_error = first_error or error
            continue
        if value is not None:
            return value
    if first_error is not None:
        raise first_error
    return None


def _places(where: FieldPath) -> str:
    return ", ".join(repr(place.path) for place in _all(where))


def _all(where: FieldPath) -> Iterator[FieldPath]:
    yield replace(where, fallbacks=())
    yield from where.fallbacks


def _text(where: FieldPath, item: Any) -> str | None:
    """A text in one line: what cannot be shown is a space, and what is not seen is left out."""
    text = _whole_text(where, item)
    return None if text is None else text[:MAX_TEXT]


def _url(where: FieldPath, item: Any) -> str | None:
    """A URL as the feed has it; one that is too long is not used, because truncated it leads elsewhere."""
    text = _whole_text(where, item)
    if text is not None and len(text) > MAX_CHARACTERS:
        raise ValueError(f"Longer than {MAX_CHARACTERS:,} characters.")
    return text


def _whole_text(where: FieldPath, item: Any) -> str | None:
    value = where.value if where.value is not None else at(item, where.path)
    if value is None:
        return None
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError("Not a text.")
        value = str(value)
    text: str = value
    if not text.isprintable():
        text = _INVISIBLE.sub("", _UNSHOWABLE.sub(" ", text))
    text = " ".join(text.split())
    return where.names.get(text, text) or None


def _id(where: FieldPath, item: Any) -> str | None:
    """An id, unchanged: a changed one would be another product. `7.0` is 7, as some programs write whole numbers."""
    value = at(item, where.path)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.adjusted() < MAX_ID_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("Not a text or a whole number.")
    text = str(value)
    if len(text) > MAX_ID or _UNSHOWABLE.search(text):
        raise ValueError(f"Longer than {MAX_ID} characters, or of characters that cannot be shown.")
    return text


def _currency(where: FieldPath, item: Any) -> str | None:
    """The code of a currency, where the feed names one: `usd` and `$` are `USD`."""
    text = _text(where, item)
    return None if text is None else code_of(text)


def _price(where: FieldPath, item: Any) -> Price | None:
    value = where.value if where.value is not None else at(item, where.path)
    if value is None or value == "":
        return None
    return price_of(value, decimal=where.decimal, scale=where.scale)


def _rating(where: FieldPath, item: Any) -> float | None:
    """A number from 0 on, also where it is written as a text such as `4.50`."""
    price = _price(where, item)
    return None if price is None else float(price.amount)


READERS: Mapping[str, Callable[[FieldPath, Any], Any]] = {
    "id": _id,
    "price": _price,
    "currency": _currency,
    "url": _url,
    "rating": _rating,
}
