"""What claims that ended add to the counts of their hours, the same in both stores: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from inventory.activity.model import HOUR, STORED
from inventory.records.model import Failed, Stored
from inventory.store.codecs import millis
from inventory.store.remembered import at_of

_HOUR = millis(HOUR)

HourKey = tuple[int, str, str]
"""The first millisecond of an hour, a source, and the code of a failure."""


def hour_counts(ended: Iterable[Stored | Failed]) -> Counter[HourKey]:
    """How many of these ended in the same hour, of the same source, in the same way."""
    return Counter(
        (
            at_of(outcome) // _HOUR * _HOUR,
            outcome.claim.target.source,
            outcome.failure.code if isinstance(outcome, Failed) else STORED,
        )
        for outcome in ended
    )
