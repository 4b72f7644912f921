"""What the history needs of a store: each method is one atomic statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from inventory.history.model import Lookup
from inventory.listing import Key


class History(Protocol):
    """The lookups that were made."""

    def add(self, lookup: Lookup) -> None:
        """Keep a lookup; one whose id is kept already changes nothing."""

    def listing(self, source: str | None, *, limit: int, after: Key | None) -> Sequence[Lookup]:
        """Lookups by (at, id), newest first, those after `after`."""

    def clear(self) -> None:
        """Forget all lookups."""

    def retire(self, *, before: datetime, limit: int) -> int:
        """Forget up to `limit` lookups that were made before; how many."""
