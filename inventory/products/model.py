"""Products: what items of differing feeds have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.errors import InvalidRequest
from inventory.products.feeds import Feed, Place
from inventory.products.paginators import at
from inventory.records.model import Content, Target

SOURCE = "products"
LONGEST = 500
"""Characters of a text that are kept."""
LARGEST = 10.0**12
"""A price beyond is none."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of a feed. `price` is in `currency`, with two decimals."""

    feed: str
    id: str
    title: str
    price: float
    category: str | None = None
    currency: str | None = None
    url: str | None = None
    rating: float | None = None

    @property
    def key(self) -> str:
        """Its canonical key: the feed and the feed's own id."""
        return f"{self.feed}/{self.id}"

    def content(self) -> Content:
        """What a snapshot of it holds."""
        names = ("feed", "id", "title", "category", "price", "currency", "url", "rating")
        return {name: getattr(self, name) for name in names}

    def target(self, host: str) -> Target:
        """The target that it is, collected from a host."""
        return Target(SOURCE, self.key, host)


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products a listing shows; None means any. Prices are included."""

    feed: str | None = None
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A product as the catalogue has it: of which record, and when it was seen last."""

    record_id: str
    product: Product
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the catalogue, whose prices may be in several currencies."""

    name: str | None
    products: int
    least: float
    mean: float
    most: float


def normalised(feed: Feed, item: Any) -> Product:
    """The product that an item of a feed is; `InvalidRequest` names each of its fields that cannot be used."""
    if not isinstance(item, Mapping):
        raise InvalidRequest("The item is no object.", {"item": ["Not an object."]})
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, place in feed.places.items():
        try:
            values[name] = (_number if name in ("price", "rating") else _text)(place, item)
        except ValueError as error:
            errors[name] = [str(error)]
    for name in ("id", "title", "price"):
        if values.get(name) is None and name not in errors:
            errors[name] = [f"Nothing at {feed.places[name].path!r}."]
    if errors:
        raise InvalidRequest(f"Not usable: {'; '.join(f'{name}: {lines[0]}' for name, lines in errors.items())}", errors)
    return Product(feed=feed.name, **values)


def _text(place: Place, item: Any) -> str | None:
    value = place.value if place.value is not None else at(item, place.path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("Not a text.")
    text = " ".join(str(value).split())[:LONGEST]
    return place.names.get(text, text) or None


def _number(place: Place, item: Any) -> float | None:
    """A number, also where it is written as a text such as `12.50`."""
    value = at(item, place.path)
    if value is None:
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= LARGEST:
        raise ValueError(f"Not a number from 0 on: {str(value)[:40]!r}.")
    return round(number * place.scale, 2)
