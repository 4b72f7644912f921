"""What the targets of a group of changes have in common. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

SHARED = ("domain", "ip", "tls.issuer", "header.server")
"""Fields that tell what the targets of a group have in common."""
MAX_SHARED = 3
"""Values of each that at least half of the targets show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedValue:
    """A value that at least half of the targets of a group show now."""

    field: str
    value: str
    targets: int


def shared_by(
    targets: Set[str], values: Mapping[str, Sequence[tuple[str, str]]], *, one_in: int = 2
) -> Sequence[SharedValue]:
    """The values that at least half of the targets show, or another part of them; the commonest of a field first."""
    counts = Counter(pair for record_id in targets for pair in set(values.get(record_id, ())))
    shared = []
    for name in SHARED:
        common = sorted((-count, value) for (field, value), count in counts.items() if field == name)
        most = [(value, -count) for count, value in common[:MAX_SHARED] if -one_in * count >= len(targets)]
        shared += [SharedValue(field=name, value=value, targets=count) for value, count in most]
    return shared
