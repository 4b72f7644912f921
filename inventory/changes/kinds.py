"""Kinds of change: what the same change has in common on different targets. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from inventory.changes.ranking import NAMING, shape_in_group
from inventory.observations.model import Occurrence, SameChange
from inventory.observations.shapes import TEXT

MAX_RARE_KINDS = 20
"""Kinds of change of one field, each rare, that are told apart; more of them are one, whatever the values are."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What changes of one group have in common: the shapes of the values that went, and of those that came."""

    field: str
    volatile: bool
    old: tuple[str, ...]
    new: tuple[str, ...]


Kinds: TypeAlias = dict[Kind, list[SameChange]]


def kinds_of(changes: Iterable[SameChange]) -> Kinds:
    """The changes by their kinds."""
    kinds: dict[tuple[str, bool, tuple[str, ...], tuple[str, ...]], list[SameChange]] = defaultdict(list)
    for each in changes:  # a tuple takes less time than a kind
        kinds[each.field, each.volatile, _shapes(each.field, each.old), _shapes(each.field, each.new)].append(each)
    return _named(_widened({Kind(*key): same for key, same in kinds.items()}))


def occurrences_of(changes: Iterable[SameChange]) -> Set[Occurrence]:
    """All occurrences of some changes."""
    return frozenset(chain.from_iterable(each.occurrences for each in changes))


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
    if len(kinds) <= MAX_RARE_KINDS:
        return frozenset()
    rare = frozenset(kind for kind in kinds if _targets(changes[kind]) < len(kinds))
    return rare if len(rare) > MAX_RARE_KINDS else frozenset()


def _targets(changes: Iterable[SameChange]) -> int:
    return len({record_id for each in changes for record_id, _ in each.occurrences})


def _named(kinds: Kinds) -> Kinds:
    """The kinds of a field that names its target as one, where another field changed in all of the same occurrences.

    So ten hosts with a new certificate are one change, and not ten new subjects besides.
    """
    naming: dict[tuple[str, bool], list[Kind]] = defaultdict(list)
    for kind in kinds:
        if kind.field in NAMING:
            naming[kind.field, kind.volatile].append(kind)
    several = {name: same for name, same in naming.items() if len(same) > 1}
    others = {occurrences_of(found) for kind, found in kinds.items() if kind.field not in NAMING} if several else frozenset()
    found: Kinds = dict(kinds)
    for same in several.values():
        changes = [change for kind in same for change in kinds[kind]]
        if occurrences_of(changes) in others:
            for kind in same:
                del found[kind]
            found[_common_kind(same)] = changes
    return found


def _common_kind(kinds: Sequence[Kind]) -> Kind:
    old, new = ({each.old for each in kinds}, {each.new for each in kinds})
    return Kind(
        kinds[0].field,
        kinds[0].volatile,
        next(iter(old)) if len(old) == 1 else (TEXT,),
        next(iter(new)) if len(new) == 1 else (TEXT,),
    )
