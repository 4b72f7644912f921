"""Everything that a search finds, in parts, while targets move to the front because they are collected meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from inventory.listing import Key
from inventory.slots import Slots

Item = TypeVar("Item")

MAX_REMEMBERED = 100_000
"""Targets that an export sends once, which takes 12 MB; after so many, one that is collected meanwhile may come twice."""
MAX_LOOKS = 10
"""Times that an export looks for what was collected meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Item]):
    """Some of all targets, each with its position; the first position, and the one after which there are more."""

    found: Sequence[tuple[Key, Item]]
    first: Key | None
    next: Key | None


def all_parts(read: Callable[[Key | None], Part[Item]], part: Part[Item], slots: Slots) -> Iterator[Sequence[Item]]:
    """The first part and all after it, each read in a slot of its own.

    What is collected meanwhile moves to the front, so the front is looked at again for targets that were not sent.
    """
    sent: set[str] = set()
    looked_at: Key | None = None
    for _ in range(MAX_LOOKS):
        front, before = part.first, len(sent)
        for found in _down_to(looked_at, read, part, slots):
            yield [each for (_, name), each in found if name not in sent]
            sent.update(name for (_, name), _ in found[: max(0, MAX_REMEMBERED - len(sent))])
        if len(sent) == before:
            return
        looked_at = front
        with slots.next():
            part = read(None)


def _down_to(
    end: Key | None, read: Callable[[Key | None], Part[Item]], part: Part[Item], slots: Slots
) -> Iterator[Sequence[tuple[Key, Item]]]:
    """The targets of a part and of those after it, as far as they come before a position."""
    while True:
        yield [each for each in part.found if end is None or each[0] > end]
        if part.next is None or (end is not None and part.next <= end):
            return
        with slots.next():
            part = read(part.next)
