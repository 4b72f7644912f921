"""What policies need of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from inventory.listing import Key
from inventory.observations.model import Matcher, Observation
from inventory.policy.model import KeptPolicy


class Policies(Protocol):
    """Policies besides the built-in ones."""

    def put(self, policy: KeptPolicy, *, at_most: int) -> KeptPolicy | None:
        """Keep a policy, in place of the one with its id, whose `created_at` stays.

        None if it is a new one, and there are `at_most` already.
        """

    def find(self, policy_id: str) -> KeptPolicy | None:
        """The policy, or None."""

    def listing(self, *, limit: int, after: Key | None) -> Sequence[KeptPolicy]:
        """Policies by (created_at, id), newest first."""

    def changed_at(self) -> Mapping[str, datetime]:
        """When each policy was kept last, by id, those that were created first before others."""

    def delete(self, policy_id: str) -> bool:
        """Remove it; False if there is none."""


class ObservedTargets(Protocol):
    """A part of the observations, whose port says what the methods promise."""

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        """The state of up to 1,000 records, of the fields that are named, by id."""

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What these records show now of these fields: pairs of a field and a value, by id."""
