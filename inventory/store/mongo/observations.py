"""Observations, which this store does not keep yet: nothing of it needs indexing, and nothing of it can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from inventory.errors import NotSearchable
from inventory.observations.model import Observation


class MongoObservations:
    def history(self, record_id: str) -> Sequence[Observation]:
        return []

    def unindexed(self, *, limit: int, after: str = "") -> Sequence[str]:
        return []

    def count_unindexed(self, *, up_to: int) -> int:
        return 0

    def prune(self, *, after: int, limit: int) -> int:
        return 0

    def _refuse(self, *_args: object, **_named: object) -> NoReturn:
        raise NotSearchable("The inventory cannot be searched while its store is MongoDB. SQLite can.")

    search = count = shown = facet = changes = same_changes = values = tag = add_tags = known_since = reindex = _refuse
    mark_unindexed = set_aside = aside = reindexing = note_reindexing = _refuse
