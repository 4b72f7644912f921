"""Groups of changes: the same change on many targets is one. Pure; the order of the changes does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from inventory.changes.change_patterns import ChangePattern, by_pattern, occurrences_of
from inventory.changes.ranking import rank
from inventory.observations.model import Occurrence, SameChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the changes of a group."""

    occurrence: Occurrence
    old: Sequence[str]
    new: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The occurrences of the same change, and the other fields that changed in exactly the same ones.

    `old` and `new` are the exact values of `field` where all changes have the same ones, else their shapes. `changes` are
    those of `field`.
    """

    field: str
    also: Sequence[str]
    old: Sequence[str]
    new: Sequence[str]
    volatile: bool
    changes: Sequence[SameChange]
    occurrences: Set[Occurrence]
    first: datetime
    last: datetime

    @property
    def targets(self) -> Set[str]:
        """The ids of the records where it was found."""
        return {record_id for record_id, _ in self.occurrences}

    def samples(self, number: int) -> Sequence[Sample]:
        """Some of its changes, the latest first."""
        found = ((occurrence, each) for each in self.changes for occurrence in each.occurrences)
        latest = nlargest(number, found, key=lambda one: (one[0][1], one[0][0]))
        return [Sample(occurrence=occurrence, old=each.old, new=each.new) for occurrence, each in latest]


def grouped(changes: Iterable[SameChange]) -> Sequence[Group]:
    """The groups of changes, the largest first. Each change of each field is in one of them."""
    patterns = by_pattern(changes)
    together: dict[Set[Occurrence], list[ChangePattern]] = defaultdict(list)
    for pattern, found in patterns.items():
        together[occurrences_of(found)].append(pattern)
    return sorted((_group(occurrences, same, patterns) for occurrences, same in together.items()), key=_order)


def _group(
    occurrences: Set[Occurrence], patterns: Sequence[ChangePattern], changes: Mapping[ChangePattern, Sequence[SameChange]]
) -> Group:
    """The group of patterns of change with the same occurrences."""
    pattern, *others = sorted(patterns, key=_rank)
    found = changes[pattern]
    instants = [at for _, at in occurrences]
    return Group(
        field=pattern.field,
        also=[other.field for other in others],
        old=_common([each.old for each in found], pattern.old),
        new=_common([each.new for each in found], pattern.new),
        volatile=pattern.volatile,
        changes=found,
        occurrences=occurrences,
        first=min(instants),
        last=max(instants),
    )


def _common(values: Sequence[Sequence[str]], shapes: Sequence[str]) -> Sequence[str]:
    """The values that all changes have, else their shapes."""
    first = values[0]
    return list(first if all(each == first for each in values) else shapes)


def _rank(pattern: ChangePattern) -> tuple[int, int, str]:
    return rank(pattern.field, pattern.old, pattern.new)


def _order(group: Group) -> tuple[object, ...]:
    """The largest first, then the latest; and always the same."""
    ranked = rank(group.field, group.old, group.new)
    return -len(group.occurrences), -group.last.timestamp(), ranked, group.old, group.new, min(group.occurrences)
