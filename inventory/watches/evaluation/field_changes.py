"""Whether what snapshots showed of a field is established in place of what was before."""

from __future__ import annotations

import re
from bisect import bisect_left

from inventory.observations.shapes import shape
from inventory.observations.volatility import may_be_volatile
from inventory.watches.evaluation.confirming import Confirming
from inventory.watches.evaluation.timeline import Timeline

CONFIRMED = 2
"""Collections in a row that establish what may be random."""
_TOKEN = re.compile(r"\{[a-z0-9]+(?::\d+)?\}|[0-9A-Za-z+/_\-]{8,}={0,2}")
"""A shape, or what may be an identifier although it is a word: random ones have digits alone, or none, now and then."""


def confirmed(timeline: Timeline, field: str, position: int, persist: int, look_back: int) -> Confirming[frozenset[str]]:
    """What snapshots showed of a field up to a position in `stored`, looking back so many collections."""
    stored, history = timeline.stored, timeline.history(field)
    first = bisect_left(stored, timeline.window(stored[position], look_back))
    before = None
    if timeline.is_known_before(first):
        before = history.shown[first - 1] if first else history.before
    needed = _needed if persist < CONFIRMED and may_be_volatile(field) else None
    confirming = Confirming(before, persist, stored[first - 1] if first else -1, needed)
    for each in range(first, position + 1):
        confirming.show(history.shown[each], stored[each])
    return confirming


def _needed(old: frozenset[str], new: frozenset[str]) -> int:
    """How many collections in a row must show a value: more if it has only other digits, dates or identifiers.

    So a random one is never established, and after three changes its field is volatile.
    """
    shapes = [sorted(map(shape, some)) for some in (old - new, new - old)]
    went, came = (sorted(_TOKEN.sub("{token}", each) for each in some) for some in shapes)
    may_be_random = went == came and any("{" in each for some in shapes for each in some)
    return CONFIRMED if may_be_random else 1
