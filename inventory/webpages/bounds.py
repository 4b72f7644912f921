"""Limits the content of a snapshot, whatever an upstream sends; `defects` says what was left out.

MongoDB takes documents of up to 16 MB, and a lookup returns a whole one. These limits add up to 4 MB of JSON, the form in
which both stores keep it, and the URLs of redirects to as much again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from inventory import json_bytes

HEADER_BYTES = 2 * 1024 * 1024
"""For the header lines of all hops, the trailers, and those of a 304. Browsers take 256 KiB (Chromium) or 384 KiB (Firefox)
from one hop."""
COOKIE_BYTES = 1024 * 1024
"""A third more than 180 cookies of 4 KiB, which is what browsers keep of one domain."""
FAILURE_BYTES = 256 * 1024
"""For the header lines of the redirects of a failure."""
REQUEST_BYTES = 512 * 1024
"""For the header lines of all requests. Each may have 64 KiB of cookies."""
REFRESH_BYTES = 256 * 1024
"""For the refreshes that a page asks for."""
PAGE_BYTES = 128 * 1024
"""For the generators of a page and the hosts that it loads from."""
NAME_BYTES = 128 * 1024
MAX_NAMES = 1_000
"""Names of a certificate: authorities allow 100 (Let's Encrypt) to 250, and a few sell more."""
MAX_TEXT_CHARACTERS = 1_000
"""For what is one short line from any honest upstream: a reason phrase, a media type, a certificate's subject."""


MEASURED_TOGETHER = 16
"""Items whose JSON is measured in one go: one by one costs more, and all may be many times what is kept."""

Item = TypeVar("Item", bound=str | Mapping[str, Any])


class SizeBudget:
    """A number of bytes of JSON that several lists share; `defects` gets a line for each list that did not fit."""

    def __init__(self, size: int, defects: list[str]) -> None:
        self._left = size
        self._defects = defects

    def fitting(self, items: list[Item], what: str, *, more: int = 0) -> list[Item]:
        """The first items that fit; `more` were received that are not among them."""
        kept = 0
        while kept < len(items):
            taken = self._take(items[kept : kept + MEASURED_TOGETHER])
            if not taken:
                break
            kept += taken
        if more or kept < len(items):
            self._defects.append(f"{len(items) + more:,} {what} were received; the first {kept:,} are kept")
        return items[:kept]

    def _take(self, items: list[Item]) -> int:
        """Reserve bytes for these items, or for the first alone; how many fit."""
        for batch in (items, items[:1]):
            size = len(json_bytes.dumps(batch))
            if size <= self._left:
                self._left -= size
                return len(batch)
        return 0


def clipped(text: str, what: str, defects: list[str]) -> str:
    """A text, shortened to `MAX_TEXT_CHARACTERS`."""
    if len(text) <= MAX_TEXT_CHARACTERS:
        return text
    defects.append(f"the {what} has {len(text):,} characters; the first {MAX_TEXT_CHARACTERS:,} are kept")
    return text[:MAX_TEXT_CHARACTERS]
