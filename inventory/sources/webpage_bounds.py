"""How large the content of a snapshot may become, whatever an upstream sends: more is cut, and `defects` says so.

MongoDB takes documents of 16 MB, and a lookup answers all of one. Everything here together is 4 MB of JSON, and half as much
again in BSON if all lines are nearly empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from inventory import json_bytes

HEADER_BYTES = 2 * 1024 * 1024
"""Of the header lines of all hops, the trailers, and the answer that a page has not changed. Browsers take a quarter of a
megabyte from one hop (Chromium 256 KiB, Firefox 384 KiB)."""
COOKIE_BYTES = 1024 * 1024
"""As many as 180 cookies of 4 KiB, which is what browsers keep of one domain, and a third more."""
NAME_BYTES = 128 * 1024
MOST_NAMES = 1_000
"""Names of a certificate: authorities write 100 (Let's Encrypt) to 250 into one, and a few sell more."""
LONGEST_TEXT = 1_000
"""Characters of what is one short line from any honest upstream: a reason phrase, a media type, a certificate's subject."""


Item = TypeVar("Item", bound=str | Mapping[str, Any])


class Room:
    """So many bytes of JSON, which lists of one kind share; `defects` is told what was cut."""

    def __init__(self, size: int, defects: list[str]) -> None:
        self._left = size
        self._defects = defects

    def fitting(self, items: list[Item], what: str, *, more: int = 0) -> list[Item]:
        """The first items for which there is room; `more` came that are not among them."""
        kept = items
        size = len(json_bytes.dumps(items)) if items else 0
        if size > self._left:
            kept, size = self._first_of(items)
        self._left -= size
        if more or kept is not items:
            self._defects.append(f"{len(items) + more:,} {what} came; the first {len(kept):,} of them are kept")
        return kept

    def _first_of(self, items: list[Item]) -> tuple[list[Item], int]:
        kept: list[Item] = []
        size = 0
        for item in items:
            needed = len(json_bytes.dumps(item)) + 1
            if size + needed > self._left:
                break
            size += needed
            kept.append(item)
        return kept, size


def clipped(text: str, what: str, defects: list[str]) -> str:
    """A text, no longer than any honest one."""
    if len(text) <= LONGEST_TEXT:
        return text
    defects.append(f"the {what} has {len(text):,} characters; the first {LONGEST_TEXT:,} of them are kept")
    return text[:LONGEST_TEXT]
