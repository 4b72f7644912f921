"""Keeps what searches find in step with the policies: when these change, all records are indexed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from inventory.observations.model import IndexState
from inventory.observations.reindexing import Reindexer
from inventory.policy.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class PolicyIndexing:
    """Has records indexed again, and tells how far that is. Every method may raise `StorageUnavailable`."""

    verdicts: Verdicts
    reindexer: Reindexer

    @contextmanager
    def changing(self, *, really: bool = True) -> Iterator[None]:
        """Around a change of policies: all is indexed again, unless it does not `really` change any.

        That is asked for before the change, so that a process which dies in between does no harm.
        """
        if really and self.verdicts.are_kept_indexed:
            self.reindexer.request()
        yield
        self.verdicts.current(afresh=True)

    def states(self) -> Mapping[str, IndexState]:
        """Whether searches find what policies say, by id; of those that are not there, they find nothing."""
        state = IndexState.UNDER_WAY if self.reindexer.is_under_way() else IndexState.COMPLETE
        return dict.fromkeys(self.verdicts.current(afresh=True).by_id, state)
