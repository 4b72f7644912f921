"""Owners take turns: a claim takes evenly of what each owner has, however much that is.

An owner is the id of a key, or "" for what came without one. A store begins after the owner that it served last, so that all
have their turn where there are more owners than a claim takes records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import TypeVar

Item = TypeVar("Item")

MIN_OWNERS = 64
"""Owners that a look at what is due considers, however little it is to give."""


class Served:
    """The owner that was served last; at first a random one, so that new programs do not all begin with the same one."""

    def __init__(self) -> None:
        self.last = token_hex(16)

    def note(self, turns: Sequence[tuple[int, str, object]]) -> None:
        """Remember whose turn was the last one."""
        if turns:
            self.last = turns[-1][1]


def take_turns(queues: Mapping[str, Sequence[Item]], limit: int) -> list[tuple[int, str, Item]]:
    """Up to `limit` items with their rounds and owners: in each round the next one of each queue that has one."""
    turns: list[tuple[int, str, Item]] = []
    number = 0
    while len(turns) < limit:
        alike = [(number, owner, queue[number]) for owner, queue in queues.items() if len(queue) > number]
        if not alike:
            break
        turns += alike[: limit - len(turns)]
        number += 1
    return turns


def each_owner(owners: Sequence[str] | None, count: int) -> Sequence[str]:
    """The owner of each of so many things; without `owners` they are nobody's."""
    return [""] * count if owners is None else owners
