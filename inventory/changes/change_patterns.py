"""Patterns of change: what the same change has in common on different targets. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from inventory.changes.ranking import NAMING, shape_in_group
from inventory.observations.model import Occurrence, SameChange
from inventory.observations.shapes import TEXT

MAX_RARE_PATTERNS = 20
"""Patterns of change of one field, each rare, that are told apart; more of them are one, whatever the values are."""


@dataclass(frozen=True, slots=True)
class ChangePattern:
    """What changes of one group have in common: the shapes of the values that went, and of those that came."""

    field: str
    volatile: bool
    old: tuple[str, ...]
    new: tuple[str, ...]


ChangesByPattern: TypeAlias = dict[ChangePattern, list[SameChange]]


def by_pattern(changes: Iterable[SameChange]) -> ChangesByPattern:
    """The changes by their patterns."""
    patterns: dict[tuple[str, bool, tuple[str, ...], tuple[str, ...]], list[SameChange]] = defaultdict(list)
    for each in changes:  # a tuple takes less time than a pattern
        patterns[each.field, each.volatile, _shapes(each.field, each.old), _shapes(each.field, each.new)].append(each)
    return _named(_widened({ChangePattern(*key): same for key, same in patterns.items()}))


def occurrences_of(changes: Iterable[SameChange]) -> Set[Occurrence]:
    """All occurrences of some changes."""
    return frozenset(chain.from_iterable(each.occurrences for each in changes))


def _shapes(field: str, values: Sequence[str]) -> tuple[str, ...]:
    if len(values) < 2:  # nearly always, and a group may have 100,000 different values
        return (shape_in_group(field, values[0]),) if values else ()
    return tuple(sorted({shape_in_group(field, value) for value in values}))


def _without_old(pattern: ChangePattern) -> ChangePattern:
    return ChangePattern(pattern.field, pattern.volatile, (TEXT,) if pattern.old else (), pattern.new)


def _without_new(pattern: ChangePattern) -> ChangePattern:
    return ChangePattern(pattern.field, pattern.volatile, pattern.old, (TEXT,) if pattern.new else ())


def _without_values(pattern: ChangePattern) -> ChangePattern:
    return _without_old(_without_new(pattern))


def _widened(patterns: ChangesByPattern) -> ChangesByPattern:
    """The changes by their patterns, those patterns made one that differ from target to target.

    A title, a URL or a subject of a certificate has the words of its target, so the same change has many patterns there.
    """
    for widen in (_without_old, _without_new, _without_values):
        patterns = _widened_by(widen, patterns)
    return patterns


def _widened_by(widen: Callable[[ChangePattern], ChangePattern], patterns: ChangesByPattern) -> ChangesByPattern:
    alike: dict[ChangePattern, list[ChangePattern]] = defaultdict(list)
    for pattern in patterns:
        alike[widen(pattern)].append(pattern)
    found: ChangesByPattern = {}
    for wide, narrow in alike.items():
        rare = _rare(narrow, patterns)
        for pattern in narrow:
            found.setdefault(wide if pattern in rare else pattern, []).extend(patterns[pattern])
    return found


def _rare(patterns: Sequence[ChangePattern], changes: ChangesByPattern) -> Set[ChangePattern]:
    """The patterns of change that have fewer targets than there are patterns, if there are many; else none."""
    if len(patterns) <= MAX_RARE_PATTERNS:
        return frozenset()
    rare = frozenset(pattern for pattern in patterns if _targets(changes[pattern]) < len(patterns))
    return rare if len(rare) > MAX_RARE_PATTERNS else frozenset()


def _targets(changes: Iterable[SameChange]) -> int:
    return len({record_id for each in changes for record_id, _ in each.occurrences})


def _named(patterns: ChangesByPattern) -> ChangesByPattern:
    """The patterns of a field that names its target as one, where another field changed in all of the same occurrences.

    So ten hosts with a new certificate are one change, and not ten new subjects besides.
    """
    naming: dict[tuple[str, bool], list[ChangePattern]] = defaultdict(list)
    for pattern in patterns:
        if pattern.field in NAMING:
            naming[pattern.field, pattern.volatile].append(pattern)
    several = {name: same for name, same in naming.items() if len(same) > 1}
    others = (
        {occurrences_of(found) for pattern, found in patterns.items() if pattern.field not in NAMING}
        if several
        else frozenset()
    )
    found: ChangesByPattern = dict(patterns)
    for same in several.values():
        changes = [change for pattern in same for change in patterns[pattern]]
        if occurrences_of(changes) in others:
            for pattern in same:
                del found[pattern]
            found[_common_pattern(same)] = changes
    return found


def _common_pattern(patterns: Sequence[ChangePattern]) -> ChangePattern:
    old, new = ({each.old for each in patterns}, {each.new for each in patterns})
    return ChangePattern(
        patterns[0].field,
        patterns[0].volatile,
        next(iter(old)) if len(old) == 1 else (TEXT,),
        next(iter(new)) if len(new) == 1 else (TEXT,),
    )
