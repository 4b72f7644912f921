"""A number of bytes of JSON that lists share: what does not fit is left out, and said so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from inventory import json_bytes

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
        if not items and not more:
            return items
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
