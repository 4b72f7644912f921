"""What the content of a page says of the pages after it: flags, counts, cursors and links, as APIs write them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from inventory.products.json_paths import at

NO_CURSOR = frozenset({"", "0", "null", "none", "false"})
"""Texts, in lower case, that stand for no cursor."""
MAX_COUNT = 10**12
"""A feed that tells of more pages or items has no fewer for it."""
URL_MEMBERS = ("href", "url", "uri")
"""Members of an object that is a link: as in HAL and JSON:API, and two others that are common."""


def says_more(content: Any, path: str | None) -> bool | None:
    """Whether there is another page, by a flag in the content; None if there is none."""
    flag = None if path is None else at(content, path)
    if flag is None:
        return None
    return not (is_nothing(flag) or (isinstance(flag, str) and flag.strip().lower() in {*NO_CURSOR, "no", "n", "off"}))


def is_nothing(value: Any) -> bool:
    """Whether a value stands for no next page: null, false, 0, an empty text, list or object, NaN."""
    return not value or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and not isfinite(value))


def next_link(found: Any) -> Any:
    """What stands for the URL of the next page: a text, the member of a link object, or one of a list of links.

    Of a list it is the one with the relation `next`; of a list without relations, the first.
    """
    if isinstance(found, list):
        related = [(each, _relations(each)) for each in found if isinstance(each, Mapping) and each.get("rel")]
        candidates = [each for each, relations in related if "next" in relations] if related else found
        found = candidates[0] if candidates else None
    if isinstance(found, Mapping):
        return next((found[name] for name in URL_MEMBERS if name in found), found)
    return found


def _relations(link: Mapping[str, Any]) -> list[str]:
    """The relation types of a link, in lower case: of a text, or of a list as in Siren."""
    named = link["rel"] if isinstance(link["rel"], list) else [link["rel"]]
    return " ".join(name for name in named if isinstance(name, str)).lower().split()


def whole(value: Any, default: int) -> int:
    """A whole number, cut if it has a fraction; the default for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def is_zero(content: Any, *paths: str | None) -> bool:
    """Whether the content tells a number of pages or items at one of these paths, and it is 0."""
    found = [at(content, path) for path in paths if path is not None]
    return any(not isinstance(each, bool) and each in (0, "0") for each in found)


def count(value: Any) -> int:
    """A number of pages or items; 0 for what is none."""
    return 0 if isinstance(value, bool) else max(0, min(whole(value, 0), MAX_COUNT))
