"""Owners take turns: a claim takes evenly of what each owner has, however much that is.

An owner is the id of a key, or "" for what came without one. A store begins after the owner that it served last, so that all
have their turn where there are more owners than a claim takes records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def queues_of(first: Callable[[str, int], Sequence[Item]], owners: Sequence[str], limit: int) -> dict[str, Sequence[Item]]:
    """What `first` gives of each owner, up to a number: no less than its turns take, if all together take `limit`.

    That number is doubled while it is too small. So all together give no more than some `limit`s, however much each has.
    """
    share = -(-limit // max(1, len(owners)))
    queues = {each: first(each, share) for each in owners}
    while sum(map(len, queues.values())) < limit and (longer := [each for each in owners if len(queues[each]) >= share]):
        share = min(limit, 2 * share)
        queues |= {each: first(each, share) for each in longer}
    return queues


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
