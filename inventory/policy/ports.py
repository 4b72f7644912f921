"""What policies need of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from inventory.observations.model import Matcher, Observation


class ObservedTargets(Protocol):
    """A part of the observations, whose port says what the method promises."""

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        """The state of up to 1,000 records, of the fields that are named, by id."""
