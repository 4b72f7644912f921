"""What the targets of a group of changes have in common. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

SHARED = ("domain", "ip", "tls.issuer", "header.server")
"""Fields that tell what the targets of a group have in common."""
MAX_SHARED = 3
"""Values of each that at least half of the targets show."""

Value: TypeAlias = tuple[str, str]
"""A field and one of its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedValue:
    """A value that at least half of the targets of a group show now."""

    field: str
    value: str
    targets: int


def counted(targets: Set[str], values: Mapping[str, Sequence[Value]]) -> Mapping[Value, int]:
    """How many of the targets show each value."""
    return Counter(pair for record_id in targets for pair in set(values.get(record_id, ())))


def shared_by(targets: int, counts: Mapping[Value, int]) -> Sequence[SharedValue]:
    """The values that at least half of so many targets show; the commonest of a field first.

    What one of several shows is not shared.
    """
    least = max(min(2, targets), -(-targets // 2))
    shared = []
    for name in SHARED:
        common = sorted((-count, value) for (field, value), count in counts.items() if field == name)
        most = [(value, -count) for count, value in common[:MAX_SHARED] if -count >= least]
        shared += [SharedValue(field=name, value=value, targets=count) for value, count in most]
    return shared
