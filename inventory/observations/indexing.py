"""Indexing what is not indexed: what a crash left out, and the records of a store from before there were observations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inventory.errors import NotFound
from inventory.html_pages.page import Page
from inventory.observations import extraction
from inventory.observations.model import Outcome
from inventory.observations.observing import Tracker, of_extraction
from inventory.observations.ports import Observations
from inventory.records.model import Content, Record, Snapshot, State
from inventory.records.service import RecordService

MAX_SNAPSHOTS = 1_000
"""Of one record, the newest."""

PageOf = Callable[[bytes, Content], Page | None]
"""The page that a body is, for the content of its snapshot."""


@dataclass(frozen=True, slots=True)
class Indexer:
    """Rebuilds observations from the snapshots that are kept. Every method may raise `StorageUnavailable`."""

    observations: Observations
    records: RecordService
    page_of: PageOf

    def unindexed(self, limit: int) -> Sequence[Record]:
        """Up to `limit` records that need it."""
        wanted = self.observations.unindexed(limit=limit)
        return list(self.records.find_all(wanted).values()) if wanted else []

    def index(self, record: Record) -> bool:
        """Index a record; False if it changed meanwhile, so that it is to be read again."""
        tracker, history = Tracker(), []
        for snapshot in reversed(self.records.latest_snapshots(record.id, limit=MAX_SNAPSHOTS)):
            shown = tracker.observed(record.target, snapshot.content, self._page(snapshot))
            history.append(Outcome(snapshot.collected_at, of_extraction(shown)))
        if record.state is State.FAILED and record.failure is not None:
            shown = extraction.of_failure(record.target, record.failure)
            history.append(Outcome(record.failure.at, of_extraction(shown), failed=True))
        return self.observations.reindex(record, history)

    def _page(self, snapshot: Snapshot) -> Page | None:
        """What the body says where the content, as in old snapshots, does not."""
        if "page" in snapshot.content or snapshot.body_sha256 is None or "response" not in snapshot.content:
            return None
        try:
            return self.page_of(self.records.body(snapshot.body_sha256), snapshot.content)
        except NotFound:  # it was removed just now, with its snapshot
            return None
