"""What claims that ended add to the counts of their hours, the same in both stores: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inventory.activity.model import HOUR, STORED
from inventory.records.model import Failed, Stored
from inventory.store.codecs import millis
from inventory.store.remembered import at_of

_HOUR = millis(HOUR)

HourKey = tuple[int, str, str]
"""The first millisecond of an hour, a source, and the code of a failure."""


def hour_counts(ended: Iterable[Stored | Failed]) -> Mapping[HourKey, int]:
    """How many of these ended in the same hour, of the same source, in the same way."""
    counts: dict[HourKey, int] = {}
    for outcome in ended:
        code = outcome.failure.code if isinstance(outcome, Failed) else STORED
        key = at_of(outcome) // _HOUR * _HOUR, outcome.claim.target.source, code
        counts[key] = counts.get(key, 0) + 1  # a Counter would take twice as long for one outcome, which is the usual case
    return counts
