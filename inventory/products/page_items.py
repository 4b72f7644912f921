"""The items of a page: a list, or what programs write for one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from inventory.products.feeds import REQUIRED, Feed
from inventory.products.json_paths import at
from inventory.products.next_page import NO_CURSOR

MISSING = object()
_TELLS = re.compile("erro|^err|_err|fail|(?<!de)fault|exception|mess|msg|detail|reason|success|status|code", re.IGNORECASE)
"""What is part of the name of a member that may tell of a failure."""


def items_of(feed: Feed, content: Any, *, follows_page: bool) -> list[Any] | None:
    """The items of a page, none where it says null or has nothing at all; None if it has no list.

    A product in place of a list is the only one. An object of products is a list too, whose names are the ids of those that
    have no `id`. A page that follows another one may leave out an empty list, or have an empty text or false for it.
    """
    found = None if content is None else at(content, feed.items, MISSING)
    if follows_page and isinstance(found, list):
        return found
    if not found or found is MISSING:
        if found is MISSING:
            is_empty = feed.paginator.tells_none(content) or _has_nothing(content, follows_page=follows_page)
        else:
            is_empty = follows_page or found in (None, [], {})
        return [] if is_empty and not _has_error(content) else None
    if isinstance(found, list):
        return found
    return _from_object(feed, found) if isinstance(found, dict) else None


def _has_nothing(content: Any, *, follows_page: bool) -> bool:
    """Whether a page without a list is one without items: an empty object, and `[]` as PHP writes it."""
    if not isinstance(content, dict):
        return isinstance(content, list) and not content
    return not content or (follows_page and not any(map(_TELLS.search, content)))


def _has_error(content: Any) -> bool:
    """Whether an answer without items says that something went wrong, as GraphQL does."""
    told = [content.get(name) for name in ("error", "errors")] if isinstance(content, dict) else []
    return any(each and not (isinstance(each, str) and each.lower() in NO_CURSOR | {"ok", "no"}) for each in told)


def _from_object(feed: Feed, found: Mapping[str, Any]) -> list[Any] | None:
    """A product alone, or products by name; `{"error": {…}}` has none."""
    if _is_product(feed, found):
        return [found]
    if not all(isinstance(value, dict) for value in found.values()):
        return None
    if all(name == str(position) for position, name in enumerate(found)):
        items = list(found.values())  # the names are positions, as JavaScript and PHP write them
    else:
        items = [value if value.get("id") is not None else {**value, "id": name} for name, value in found.items()]
    return items if any(_is_product(feed, item) for item in items) else None


def _is_product(feed: Feed, item: Mapping[str, Any]) -> bool:
    """Whether there is something at a place of each required field."""
    places = ((feed.paths[name], *feed.paths[name].fallbacks) for name in REQUIRED)
    return all(any(each.value is not None or at(item, each.path) is not None for each in field) for field in places)
