"""How large the content of a snapshot may become, whatever an upstream sends: more is cut, and `defects` says so.

MongoDB takes documents of 16 MB, and a lookup answers all of one. Everything here together is 4 MB of JSON, as which
both stores keep it.
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
MAX_NAMES = 1_000
"""Names of a certificate: authorities write 100 (Let's Encrypt) to 250 into one, and a few sell more."""
LONGEST_TEXT = 1_000
"""Characters of what is one short line from any honest upstream: a reason phrase, a media type, a certificate's subject."""


AT_ONCE = 16
"""Items that are measured together: one by one costs more, and the JSON of all may be many times what is kept."""

Item = TypeVar("Item", bound=str | Mapping[str, Any])


class Room:
    """So many bytes of JSON, which lists of one kind share; `defects` is told what was cut."""

    def __init__(self, size: int, defects: list[str]) -> None:
        self._left = size
        self._defects = defects

    def fitting(self, items: list[Item], what: str, *, more: int = 0) -> list[Item]:
        """The first items for which there is room; `more` came that are not among them."""
        kept = 0
        while kept < len(items):
            taken = self._take(items[kept : kept + AT_ONCE])
            if not taken:
                break
            kept += taken
        if more or kept < len(items):
            self._defects.append(f"{len(items) + more:,} {what} came; the first {kept:,} of them are kept")
        return items[:kept]

    def _take(self, items: list[Item]) -> int:
        """How many of these there is room for, which is taken; the first alone, if not all of them fit."""
        for few in (items, items[:1]):
            size = len(json_bytes.dumps(few))
            if size <= self._left:
                self._left -= size
                return len(few)
        return 0


def clipped(text: str, what: str, defects: list[str]) -> str:
    """A text, no longer than any honest one."""
    if len(text) <= LONGEST_TEXT:
        return text
    defects.append(f"the {what} has {len(text):,} characters; the first {LONGEST_TEXT:,} of them are kept")
    return text[:LONGEST_TEXT]
