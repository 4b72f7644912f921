"""Items of feeds become products, or are rejected with a sentence for each field that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from inventory.errors import InvalidRequest
from inventory.products.feeds import REQUIRED, Feed, FieldPath
from inventory.products.model import Product
from inventory.products.paginators import at

MAX_TEXT = 500
"""Characters; what is longer is cut."""
MAX_ID = 200
"""Characters; a longer id is rejected, because cut it might be that of another product."""
MAX_NUMBER = 10.0**12


def normalised(feed: Feed, item: Any) -> Product:
    """The product that an item of a feed is; `InvalidRequest` names each of its fields that cannot be used."""
    if not isinstance(item, Mapping):
        raise InvalidRequest("The item is not an object.", {"item": ["Not an object."]})
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, where in feed.paths.items():
        try:
            values[name] = (READERS.get(name) or _text)(where, item)
        except ValueError as error:
            errors[name] = [str(error)]
    for name in REQUIRED:
        if values.get(name) is None and name not in errors:
            errors[name] = [f"Nothing at {feed.paths[name].path!r}."]
    if errors:
        raise InvalidRequest("; ".join(f"{name}: {lines[0]}" for name, lines in errors.items()), errors)
    return Product(feed=feed.name, **values)


def _text(where: FieldPath, item: Any) -> str | None:
    """A text in one line: whatever cannot be shown (controls, halves of surrogate pairs) is a space."""
    value = where.value if where.value is not None else at(item, where.path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("Not a text.")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())
    return where.names.get(text, text)[:MAX_TEXT] or None


def _id(where: FieldPath, item: Any) -> str | None:
    """An id, unchanged: a changed one would be another product."""
    value = at(item, where.path)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("Not a text or a whole number.")
    text = str(value)
    if len(text) > MAX_ID or not text.isprintable():
        raise ValueError(f"Longer than {MAX_ID} characters, or of characters that cannot be shown.")
    return text


def _number(where: FieldPath, item: Any) -> float | None:
    """A number, also where it is written as a text such as `12.50`."""
    value = at(item, where.path)
    if value is None:
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    number *= where.scale
    if not 0 <= number <= MAX_NUMBER:
        shown = repr(str(value)[:40]) if isinstance(value, str | int | float) else "a list or an object"
        raise ValueError(f"Not a number from 0 on: {shown}.")
    return round(number, 2)


READERS: Mapping[str, Callable[[FieldPath, Any], Any]] = {"id": _id, "price": _number, "rating": _number}
