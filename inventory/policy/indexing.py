"""Keeps what searches find in step with the policies: when these change, all records are indexed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.observations.reindexing import Reindexer
from inventory.policy.model import IndexState
from inventory.policy.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class PolicyIndexing:
    """Has records indexed again, and tells how far that is. Every method may raise `StorageUnavailable`."""

    verdicts: Verdicts
    reindexer: Reindexer

    def policies_change(self) -> None:
        """Have all indexed again, because a policy is kept or removed in a moment: a process that dies then does no harm."""
        if self.verdicts.are_kept_indexed:
            self.reindexer.request()

    def states(self) -> Mapping[str, IndexState]:
        """Whether searches find what policies say, by id; of those that are not there, they find nothing."""
        state = IndexState.UNDER_WAY if self.reindexer.is_under_way() else IndexState.COMPLETE
        return dict.fromkeys(self.verdicts.current(afresh=True).by_id, state)
