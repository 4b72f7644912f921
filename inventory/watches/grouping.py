"""Findings that say the same of many targets, put together. The order of the findings does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from inventory.changes.ranking import rank, shape_in_group
from inventory.observations.shapes import TEXT
from inventory.watches.model import Finding, Group, On

SAMPLES = 5
MAX_APART = 10
"""Groups of one field that are told apart, however small; of more those are joined that have fewer findings than that."""

Said: TypeAlias = tuple[On, str, tuple[str, ...], tuple[str, ...]]
"""What findings say: `on`, field, old and new."""
Together: TypeAlias = dict[Said, list[Finding]]


def grouped(findings: Iterable[Finding]) -> Sequence[Group]:
    """The groups, the largest first. Each finding is in one.

    `old` and `new` of a group are the values that all have in common, or else their shapes: a renewal of 500 certificates is
    one group.
    """
    said: Together = defaultdict(list)
    for each in findings:
        said[each.on, each.field, tuple(each.old), tuple(each.new)].append(each)
    for widen in (_shapes, _any_values):
        said = _widened(said, widen)
    return sorted((_group(one, found) for one, found in said.items()), key=_order)


def _widened(groups: Together, widen: Callable[[Said], Said]) -> Together:
    """The same groups, the small ones joined where one field has many of them."""
    of_field: dict[tuple[On, str], list[Said]] = defaultdict(list)
    for one in groups:
        of_field[one[0], one[1]].append(one)
    found: Together = defaultdict(list)
    for several in of_field.values():
        for one in several:
            is_apart = len(several) <= MAX_APART or len(groups[one]) >= len(several)
            found[one if is_apart else widen(one)] += groups[one]
    return found


def _shapes(said: Said) -> Said:
    on, field, old, new = said
    return on, field, _shapes_of(field, old), _shapes_of(field, new)


def _shapes_of(field: str, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({shape_in_group(field, value) for value in values}))


def _any_values(said: Said) -> Said:
    on, field, old, new = said
    return on, field, (TEXT,) if old else (), (TEXT,) if new else ()


def _group(said: Said, found: Sequence[Finding]) -> Group:
    on, field, old, new = said
    return Group(
        on=on,
        field=field,
        old=list(old),
        new=list(new),
        count=len(found),
        targets=len({each.record_id for each in found}),
        since=min(each.before or each.at for each in found),
        first_at=min(each.at for each in found),
        last_at=max(each.at for each in found),
        samples=_samples(found),
    )


def _samples(found: Sequence[Finding]) -> Sequence[Finding]:
    """The latest findings of a few targets."""
    latest: dict[str, Finding] = {}
    for each in sorted(found, key=lambda one: (one.at, one.record_id), reverse=True):
        latest.setdefault(each.record_id, each)
        if len(latest) == SAMPLES:
            break
    return list(latest.values())


def _order(group: Group) -> tuple[object, ...]:
    """The largest first, then what tells most; and always the same."""
    ranked = rank(group.field, group.old, group.new)
    return -group.count, list(On).index(group.on), ranked, group.old, group.new
