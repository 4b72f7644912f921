"""How much of a page its parts may take: each takes what it needs, until nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(slots=True)
class PageRoom:
    """The characters of HTML that a part of a page may still have."""

    left: int

    def take(self, size: int) -> bool:
        """Whether that much is left; then it is taken."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def first(self, items: Iterable[Item], size: Callable[[Item], int]) -> Sequence[Item]:
        """The first items that there is room for, in their order; they take it."""
        found = list[Item]()
        for item in items:
            if not self.take(size(item)):
                break
            found.append(item)
        return found
