"""Groups of changes: the same change on many targets is one. Pure; the order of the changes does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from inventory.changes.kinds import Kind, kinds_of, places_of
from inventory.changes.telling import rank
from inventory.observations.model import Place, SameChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the changes of a group."""

    place: Place
    old: Sequence[str]
    new: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The same change at some places, and the other fields that changed at exactly the same ones.

    `old` and `new` are the exact values of `field` where all changes have the same ones, else their shapes. `changes` are
    those of `field`.
    """

    field: str
    also: Sequence[str]
    old: Sequence[str]
    new: Sequence[str]
    volatile: bool
    changes: Sequence[SameChange]
    places: Set[Place]
    first: datetime
    last: datetime

    @property
    def targets(self) -> Set[str]:
        """The ids of the records of its places."""
        return {record_id for record_id, _ in self.places}

    def samples(self, number: int) -> Sequence[Sample]:
        """Some of its changes, the latest first."""
        found = ((place, each) for each in self.changes for place in each.places)
        latest = nlargest(number, found, key=lambda one: (one[0][1], one[0][0]))
        return [Sample(place=place, old=each.old, new=each.new) for place, each in latest]


def grouped(changes: Iterable[SameChange]) -> Sequence[Group]:
    """The groups of changes, the largest first. Each change of each field is in one of them."""
    kinds = kinds_of(changes)
    together: dict[Set[Place], list[Kind]] = defaultdict(list)
    for kind, found in kinds.items():
        together[places_of(found)].append(kind)
    return sorted((_group(places, same, kinds) for places, same in together.items()), key=_order)


def _group(places: Set[Place], kinds: Sequence[Kind], changes: Mapping[Kind, Sequence[SameChange]]) -> Group:
    """The group of kinds of change at the same places."""
    kind, *others = sorted(kinds, key=_rank)
    found = changes[kind]
    instants = [at for _, at in places]
    return Group(
        field=kind.field,
        also=[other.field for other in others],
        old=_common([each.old for each in found], kind.old),
        new=_common([each.new for each in found], kind.new),
        volatile=kind.volatile,
        changes=found,
        places=places,
        first=min(instants),
        last=max(instants),
    )


def _common(values: Sequence[Sequence[str]], shapes: Sequence[str]) -> Sequence[str]:
    """The values that all changes have, else their shapes."""
    first = values[0]
    return list(first if all(each == first for each in values) else shapes)


def _rank(kind: Kind) -> tuple[int, int, str]:
    return rank(kind.field, kind.old, kind.new)


def _order(group: Group) -> tuple[object, ...]:
    """The largest first, then the latest; and always the same."""
    telling = rank(group.field, group.old, group.new)
    return -len(group.places), -group.last.timestamp(), telling, group.old, group.new, min(group.places)
