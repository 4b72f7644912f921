"""What observations need of a store: each method is one atomic statement in domain words.

The observations of an outcome are written by `Records.settle`, with the record or right after it, so the port has no method
for that. A store that keeps the two apart finds by `unindexed` what a crash left out.

A target is known from its first outcome on that stated anything. Its state at an instant T are the observations with
`first_seen <= T` that were not `gone`, or with `gone > T`; without an instant it is the current ones.
A query that a store cannot answer within its bounds raises `QueryTooBroad`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from inventory.listing import Key
from inventory.observations.model import (
    Change,
    Condition,
    FacetValue,
    FoundTarget,
    Matcher,
    Observation,
    PastCollection,
    Reindexing,
    SameChange,
)
from inventory.records.model import Record


class Observations(Protocol):
    """Statements about targets, over time."""

    def search(self, condition: Condition, *, at: datetime | None, limit: int, after: Key | None) -> Sequence[FoundTarget]:
        """The targets that a condition holds for, by (`at`, id) of `FoundTarget`, newest first, those after `after`.

        `at` is the instant that is asked about: only targets that were known then are found.
        """

    def count(self, condition: Condition, *, at: datetime | None, up_to: int = 10_000) -> int | None:
        """How many targets a condition holds for, at most `up_to + 1`; None if that cannot be told within the bounds."""

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        """The state of up to 1,000 records, of the fields that are named, by id; in the order of field and value."""

    def facet(self, condition: Condition, *, at: datetime | None, field: str, limit: int) -> Sequence[FacetValue]:
        """The commonest values of a field in the state of the targets that a condition holds for, the commonest first."""

    def changes(
        self,
        condition: Condition,
        *,
        fields: Sequence[Matcher],
        since: datetime,
        until: datetime,
        limit: int,
        after: tuple[datetime, str, str] | None,
    ) -> Sequence[Change]:
        """What changed from `since` to before `until` in these fields, or in all but `VERDICTS` if none is named.

        Only of targets that a condition holds for now; by (instant, record id, field), newest first, those after `after`.
        What is known of a target first is no change, and neither is what its first snapshot shows.
        """

    def same_changes(
        self, condition: Condition, *, fields: Sequence[Matcher], since: datetime, until: datetime, limit: int
    ) -> Sequence[SameChange]:
        """All that `changes` lists of that time, those with the same field and values together, in any order.

        `QueryTooBroad` if there are more than `limit` changes.
        """

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What these records show now of these fields: pairs of a field and a value, by id; none of an unknown record."""

    def counts(
        self, groups: Sequence[tuple[Collection[str], Collection[tuple[str, str]]]]
    ) -> Sequence[Mapping[tuple[str, str], int]]:
        """For each group of record ids and values of fields: how many of its records show each of its values now."""

    def history(self, record_id: str) -> Sequence[Observation]:
        """What the volatility of fields follows from: for fields that changed lately or are volatile, their observations.

        All current ones, and the latest closed ones.
        """

    def intervals(self, since: Mapping[str, datetime]) -> Mapping[str, Sequence[Observation]]:
        """For each of up to 1,000 record ids, all observations that held at an instant or later; none of an unknown record.

        In the order of field, value and first instant.
        """

    def tag(self, record_id: str, tags: Sequence[str], *, now: datetime) -> bool:
        """Make these all the tags of a record; False if there is no such record."""

    def add_tags(self, record_ids: Sequence[str], tags: Sequence[str], *, now: datetime) -> None:
        """Give up to 1,000 records these tags besides those they have; ids without a record are left out."""

    def field_names(self, prefix: str, *, limit: int) -> Sequence[str]:
        """The names of fields that targets show or have shown, which begin so in any case; in their order without case."""

    def known_since(self) -> datetime | None:
        """When the first target became known, or an instant before; None of an empty store."""

    def unindexed(self, *, limit: int, after: str = "") -> Sequence[str]:
        """The ids of records whose observations are not, or not known to be, those of their latest outcome.

        In their order, those after `after`, without those that were set aside.
        """

    def mark_collected(self, record_ids: Sequence[str]) -> None:
        """Let those of up to 1,000 records be indexed again that have a snapshot, unless they are set aside."""

    def count_unindexed(self, *, up_to: int) -> int:
        """How many these are, at most `up_to`."""

    def mark_unindexed(self, *, after: str, limit: int) -> str | None:
        """Let the next `limit` records by id be indexed again, those set aside too; the last id, None if there are no more.

        Until then their observations stay as they are.
        """

    def reindex(self, seen: Record, history: Sequence[PastCollection]) -> bool:
        """Rebuild the intervals that a history covers, the oldest outcome first, and leave those before it.

        Tags stay, and so do earlier failures, of which only the last may be in a history. False if the record is not as it
        was `seen` any more, by its fence, state and number of snapshots, because then its history may be another one; or if
        it is not unindexed any more.
        """

    def set_aside(self, record_id: str, reason: str, *, seen: Record | None) -> None:
        """Take an unindexed record that cannot be indexed from the others, until its next outcome or until it is marked.

        Not if it is no longer as it was `seen`, by its fence and state; None if it could not even be read.
        """

    def unindexable(self, *, limit: int) -> Mapping[str, str]:
        """The reasons of records that are set aside, by id."""

    def reindexing(self) -> Reindexing | None:
        """How far a rebuilding of all observations has come, if one has begun and is not known to have ended."""

    def note_reindexing(self, run: Reindexing) -> Reindexing:
        """Keep that for whoever goes on with it, unless the one that is kept `is_before` no other; the one that is kept."""

    def end_reindexing(self, run: Reindexing) -> None:
        """It has come to its end; one that begins at another instant stays."""

    def prune(self, *, after: int, limit: int) -> int:
        """Remove values that no observation names, and what was observed of records that are gone.

        It goes over the `limit` next ones after a position. Returns where the next call goes on, 0 after the last one.
        """
