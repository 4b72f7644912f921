"""What the snapshots of one target showed of one field, one after the other."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from inventory.observations.model import Observation
from inventory.observations.volatility import lasting_part

Shown: TypeAlias = frozenset[str] | None
"""The values of a field, each without what is volatile in it; None if nothing of one is left: then nothing can be told."""


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """What was shown `before` all snapshots, and then in each of them; and the whole values, with when they began."""

    before: Shown
    shown: Sequence[Shown]
    _values: Mapping[str, Sequence[tuple[datetime, str]]]

    def values(self, parts: Iterable[str], at: datetime) -> Sequence[str]:
        """The whole values as they were shown last at an instant, in order."""
        return sorted(max(each for each in self._values[part] if each[0] <= at)[1] for part in parts)


def field_history(field: str, intervals: Iterable[Observation], instants: Sequence[datetime]) -> FieldHistory:
    """What snapshots at these instants showed, of which there is one at least, in time in proportion to the intervals."""
    values: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    current: dict[int, str | None] = {}
    began: dict[int, list[tuple[int, str | None]]] = defaultdict(list)
    ended: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(intervals):
        part = lasting_part(field, each.value) if each.volatile else each.value
        if part is not None:
            values[part].append((each.first_seen, each.value))
        begins = bisect_left(instants, each.first_seen)
        ends = len(instants) if each.gone is None else bisect_left(instants, each.gone)
        if each.first_seen < instants[0] and (each.gone is None or each.gone >= instants[0]):
            current[number] = part
            ended[ends].append(number)
        elif begins < ends:
            began[begins].append((number, part))
            ended[ends].append(number)
    before = now = _shown(current)
    shown = []
    for position in range(len(instants)):
        if position in began or position in ended:
            for number in ended.get(position, ()):
                del current[number]
            current.update(began.get(position, ()))
            now = _shown(current)
        shown.append(now)
    return FieldHistory(before, shown, values)


def _shown(current: Mapping[int, str | None]) -> Shown:
    parts = [part for part in current.values() if part is not None]
    return frozenset(parts) if len(parts) == len(current) else None
