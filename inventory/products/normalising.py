"""Items of feeds become products, or are refused with a word for each field that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from inventory.errors import InvalidRequest
from inventory.products.feeds import REQUIRED, Feed, Place
from inventory.products.model import Product
from inventory.products.paginators import at

LONGEST = 500
"""Characters of a text that are kept."""
LONGEST_ID = 200
"""An id that is longer is refused: cut, it might be another one's."""
LARGEST = 10.0**12
"""A number beyond is none."""


def normalised(feed: Feed, item: Any) -> Product:
    """The product that an item of a feed is; `InvalidRequest` names each of its fields that cannot be used."""
    if not isinstance(item, Mapping):
        raise InvalidRequest("The item is no object.", {"item": ["Not an object."]})
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, place in feed.places.items():
        try:
            values[name] = (READERS.get(name) or _text)(place, item)
        except ValueError as error:
            errors[name] = [str(error)]
    for name in REQUIRED:
        if values.get(name) is None and name not in errors:
            errors[name] = [f"Nothing at {feed.places[name].path!r}."]
    if errors:
        raise InvalidRequest("; ".join(f"{name}: {lines[0]}" for name, lines in errors.items()), errors)
    return Product(feed=feed.name, **values)


def _text(place: Place, item: Any) -> str | None:
    """A text in one line: whatever cannot be shown (controls, halves of surrogate pairs) is a space."""
    value = place.value if place.value is not None else at(item, place.path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("Not a text.")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())
    return place.names.get(text, text)[:LONGEST] or None


def _id(place: Place, item: Any) -> str | None:
    """An id as it is, for another one would be another product."""
    value = at(item, place.path)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("Not a text or a whole number.")
    text = str(value)
    if len(text) > LONGEST_ID or not text.isprintable():
        raise ValueError(f"Longer than {LONGEST_ID} characters, or of characters that cannot be shown.")
    return text


def _number(place: Place, item: Any) -> float | None:
    """A number, also where it is written as a text such as `12.50`."""
    value = at(item, place.path)
    if value is None:
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    number *= place.scale
    if not 0 <= number <= LARGEST:
        shown = repr(str(value)[:40]) if isinstance(value, str | int | float) else "a list or an object"
        raise ValueError(f"Not a number from 0 on: {shown}.")
    return round(number, 2)


READERS: Mapping[str, Callable[[Place, Any], Any]] = {"id": _id, "price": _number, "rating": _number}
