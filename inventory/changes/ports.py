"""What the list of changes needs of a store: a part of its observations, whose ports say what each method promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from inventory.observations.model import Change, Condition, Matcher, SameChange


class ChangeLog(Protocol):
    """The ends of intervals."""

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
        """Changes by (instant, record id, field), newest first, those after `after`."""

    def same_changes(
        self, condition: Condition, *, fields: Sequence[Matcher], since: datetime, until: datetime, limit: int
    ) -> Sequence[SameChange]:
        """All of them, those with the same field and values together; `QueryTooBroad` if there are more than `limit`."""

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What records show now of these fields: pairs of a field and a value, by id."""

    def counts(
        self, groups: Sequence[tuple[Collection[str], Collection[tuple[str, str]]]]
    ) -> Sequence[Mapping[tuple[str, str], int]]:
        """For each group of record ids and values of fields: how many of its records show each of its values now."""
