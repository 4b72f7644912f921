"""What the activity needs of a store: each method is one atomic statement.

The store itself counts, where the ledger ends claims. On SQLite that is in the same transaction, so the counts are exact. On
MongoDB it comes right after the records: of what a worker had settled when it was killed, the counts may lack its last call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from inventory.activity.model import HourCount


class Activity(Protocol):
    """How many collections ended in each hour. The hour is that of the snapshot, or of the failure."""

    def counts(self, *, since: datetime, until: datetime, source: str | None) -> Sequence[HourCount]:
        """Those of the hours that begin from `since` to before `until`, of one source or of all, by (at, source, code)."""

    def retire(self, *, before: datetime, limit: int) -> int:
        """Forget up to `limit` counts of hours that began before, the oldest first; how many."""
