"""Observations, what is asked of them and what is answered; with the algebra of conditions, as stores need it.

An observation is a statement about a target that held over time. Instants are those of collections, with the precision of
records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from inventory.folding import folded
from inventory.observations.conditions import (
    And,
    Between,
    Condition,
    End,
    Everything,
    Exists,
    Has,
    Matcher,
    Not,
    Or,
    Pattern,
    Wildcard,
    Word,
)
from inventory.observations.field_names import find
from inventory.observations.fields import GRADE, POLICY, ValueType
from inventory.observations.values import ordinal
from inventory.records.model import Statement

__all__ = [
    "FAILURE",
    "LATEST_ONLY",
    "TAG",
    "VERDICTS",
    "And",
    "Between",
    "Change",
    "Condition",
    "End",
    "Everything",
    "Exists",
    "FacetValue",
    "FoundTarget",
    "Has",
    "IndexState",
    "Matcher",
    "Not",
    "Observation",
    "Occurrence",
    "Or",
    "PastCollection",
    "Pattern",
    "Reindexing",
    "SameChange",
    "Statement",
    "Word",
    "folded",
    "ordinal_of",
    "same",
]

TAG = "tag"
"""The field of the labels that people give: no collection ends it."""
FAILURE = "failure"
"""The field of the code of the last failure: the one field that a failed collection shows."""
VERDICTS: Sequence[Matcher] = (
    Pattern((POLICY, Wildcard.ANY), exact=True),
    Word(GRADE, exact=True),
    Pattern((f"{GRADE}.", Wildcard.ANY), exact=True),
)
"""The fields of what policies say. Their changes follow from those of others, so they are listed only if they are named."""
LATEST_ONLY = ("body.size", "elapsed_ms")
"""Fields of the latest snapshot alone: numbers that differ each time, for ranges. They have no intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A statement about a target, and when it held.

    `last_seen` is the latest collection that showed it, and `gone` the first that no longer did. Both are None while it is
    current: then the latest collection of its record shows it.
    """

    field: str
    value: str
    volatile: bool
    first_seen: datetime
    last_seen: datetime | None = None
    gone: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastCollection:
    """What one collection of a target stated, for `reindex`; `failed` if it ended without a snapshot."""

    at: datetime
    statements: Collection[Statement]
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexing:
    """A rebuilding of all observations: first all records are marked as unindexed, then they are indexed.

    `marked` is how many have been marked, and `marked_up_to` the id of the last one, None once all are. It may begin later
    than now: at `begun_at` every process knows why.
    """

    begun_at: datetime
    marked: int
    marked_up_to: str | None

    def is_before(self, other: Reindexing) -> bool:
        """Whether the other one begins later, or is the same and has come further."""
        if self.begun_at != other.begun_at or self.marked_up_to is None:
            return self.begun_at < other.begun_at
        return other.marked_up_to is None or self.marked_up_to < other.marked_up_to


class IndexState(StrEnum):
    """Whether searches find what a policy says: of all that is indexed, of some of it so far, or of nothing."""

    COMPLETE = "complete"
    UNDER_WAY = "under_way"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class FoundTarget:
    """A record that a condition holds for.

    `at` is its position: when it was collected last, or accepted first if it has no snapshot.
    """

    record_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value of a field, how many of the targets show it, and when the first of these did."""

    value: str
    volatile: bool
    count: int
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a collection at `at` found changed in one field of a target: values that went, and values that came.

    `before` is when an earlier collection last showed one of those that went; None if none went.
    """

    record_id: str
    field: str
    at: datetime
    before: datetime | None
    old: Sequence[str]
    new: Sequence[str]
    volatile: bool


Occurrence: TypeAlias = tuple[str, datetime]
"""Where a change was found: the id of a record, and the instant of a collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameChange:
    """The same values of a field that went and came, and where that was found, once at least."""

    field: str
    old: Sequence[str]
    new: Sequence[str]
    volatile: bool
    occurrences: Sequence[Occurrence]


def same(changes: Iterable[Change]) -> Sequence[SameChange]:
    """Changes with those of the same field and values put together."""
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...], bool], list[Occurrence]] = defaultdict(list)
    for each in changes:
        found[each.field, tuple(each.old), tuple(each.new), each.volatile].append((each.record_id, each.at))
    return [
        SameChange(field=field, old=list(old), new=list(new), volatile=volatile, occurrences=occurrences)
        for (field, old, new, volatile), occurrences in found.items()
    ]


@lru_cache(maxsize=10_000)
def _ordered_type(field: str) -> ValueType | None:
    """The type of a field whose values have an order."""
    named, _ = find([field])
    return named[0].field.value_type if named and named[0].field.ranges else None


def ordinal_of(field: str, value: str) -> float | None:
    """What ranges compare of a value, as `End` has it; None if the field or the value has no order."""
    value_type = _ordered_type(field)
    return None if value_type is None else ordinal(value_type, value)
