"""Groups of changes: the same change on many targets is one. Pure; the order of the changes does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from itertools import chain
from typing import TypeAlias

from inventory.changes.telling import rank, shape_in_group
from inventory.observations.model import Place, SameChange
from inventory.observations.shapes import TEXT

MANY = 20
"""Kinds of change of one field, each rare, that are told apart; more of them are one, whatever the values are."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What changes of one group have in common: the shapes of the values that went, and of those that came."""

    field: str
    volatile: bool
    old: tuple[str, ...]
    new: tuple[str, ...]


Kinds: TypeAlias = dict[Kind, list[SameChange]]


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
    kinds: Kinds = defaultdict(list)
    for change in changes:
        kinds[_kind(change)].append(change)
    wider = _widened(kinds)
    together: dict[Set[Place], list[Kind]] = defaultdict(list)
    for kind, found in wider.items():
        together[_places(found)].append(kind)
    return sorted((_group(places, same, wider) for places, same in together.items()), key=_order)


def _places(changes: Iterable[SameChange]) -> Set[Place]:
    return frozenset(chain.from_iterable(each.places for each in changes))


def _kind(change: SameChange) -> Kind:
    return Kind(change.field, change.volatile, _shapes(change.field, change.old), _shapes(change.field, change.new))


def _shapes(field: str, values: Sequence[str]) -> tuple[str, ...]:
    if len(values) < 2:  # nearly always, and a group may have 100,000 different values
        return (shape_in_group(field, values[0]),) if values else ()
    return tuple(sorted({shape_in_group(field, value) for value in values}))


def _without_old(kind: Kind) -> Kind:
    return Kind(kind.field, kind.volatile, (TEXT,) if kind.old else (), kind.new)


def _without_new(kind: Kind) -> Kind:
    return Kind(kind.field, kind.volatile, kind.old, (TEXT,) if kind.new else ())


def _without_values(kind: Kind) -> Kind:
    return _without_old(_without_new(kind))


def _widened(kinds: Kinds) -> Kinds:
    """The kinds of change, those that differ from target to target made one.

    A title, a URL or a subject of a certificate has the words of its target, so the same change has many kinds there.
    """
    for widen in (_without_old, _without_new, _without_values):
        kinds = _widened_by(widen, kinds)
    return kinds


def _widened_by(widen: Callable[[Kind], Kind], kinds: Kinds) -> Kinds:
    alike: dict[Kind, list[Kind]] = defaultdict(list)
    for kind in kinds:
        alike[widen(kind)].append(kind)
    found: Kinds = {}
    for wide, narrow in alike.items():
        rare = _rare(narrow, kinds)
        for kind in narrow:
            found.setdefault(wide if kind in rare else kind, []).extend(kinds[kind])
    return found


def _rare(kinds: Sequence[Kind], changes: Kinds) -> Set[Kind]:
    """The kinds of change that have fewer targets than there are kinds, if there are many; else none."""
    if len(kinds) <= MANY:
        return frozenset()
    rare = frozenset(kind for kind in kinds if _targets(changes[kind]) < len(kinds))
    return rare if len(rare) > MANY else frozenset()


def _targets(changes: Iterable[SameChange]) -> int:
    return len({record_id for each in changes for record_id, _ in each.places})


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
