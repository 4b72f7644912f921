"""Changing something that others may change at the same time: what was seen is read again until nobody is quicker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from inventory.errors import InventoryError, TooManyRequests

T = TypeVar("T")

MAX_TRIES = 10


def change(
    find: Callable[[], T],
    changed: Callable[[T], T],
    replace: Callable[[T, T], bool],
    *,
    revision: Callable[[T], object],
    refused: Callable[[T], InventoryError],
) -> T:
    """Replace what `find` finds by what `changed` makes of it, and return that.

    Where `replace` says no although the `revision` is as it was seen, what is new is `refused`. `TooManyRequests` if others
    are quicker again and again.
    """
    seen = find()
    for _ in range(MAX_TRIES):
        new = changed(seen)
        if new == seen or replace(seen, new):
            return new
        before, seen = revision(seen), find()
        if revision(seen) == before:
            raise refused(new)
    raise TooManyRequests("Others are changing the same thing. Send the same request again in a moment.")
