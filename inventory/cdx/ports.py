"""What the index of captures needs of a store: each method is one atomic statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inventory.cdx.model import UrlRecord
from inventory.listing import Key
from inventory.records.model import Record, Snapshot

RecordKey = tuple[str, str]
"""What records are ordered by: the key of a URL, and the id of a record."""


class Captures(Protocol):
    """Records of webpages by the keys of their URLs, and the snapshots of each, in both directions."""

    def records(self, low: RecordKey, high: RecordKey, *, limit: int, backwards: bool) -> Sequence[UrlRecord]:
        """Records between two keys, which are not among them, by (urlkey, id); `backwards` from the high one on."""

    def snapshots(self, record: Record, low: Key, high: Key, *, limit: int, backwards: bool) -> Sequence[Snapshot]:
        """Snapshots of a record between two keys, which are not among them, by (collected_at, id)."""

    def name_some(self, limit: int) -> int:
        """Give up to `limit` records the key of their URL that an older version wrote without it; how many."""
