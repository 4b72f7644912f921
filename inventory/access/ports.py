"""What access needs of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from inventory import listing
from inventory.access.model import AuditEntry, Key


class Keys(Protocol):
    """Keys, found by the digest of their text."""

    def add(self, key: Key) -> bool:
        """Keep a new key; False if another one that is not revoked has its name."""

    def find(self, digest: str) -> Key | None:
        """The key of this digest, or None, by an index whatever their number."""

    def of_id(self, key_id: str) -> Key | None:
        """The key of this id, or None."""

    def listing(self, *, limit: int, after: listing.Key | None) -> Sequence[Key]:
        """Keys by (created_at, id), newest first; revoked and expired ones too."""

    def revoke(self, key_id: str, *, now: datetime) -> Key | None:
        """End a key, for good; the key as it then is, or None if there is none."""

    def note_use(self, key_id: str, *, at: datetime, address: str) -> None:
        """Keep when and from where a key was used last."""

    def any_usable(self, *, now: datetime) -> bool:
        """Whether there is a key that is neither revoked nor expired."""

    def signing_secret(self, proposed: bytes) -> bytes:
        """The secret that signs the cookies of browsers: the kept one, or the proposed one, which is kept then."""


class Audit(Protocol):
    """Who did what. Entries are added and, when they are old, removed; nothing changes them."""

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """Keep entries, durably."""

    def listing(
        self,
        *,
        key_id: str | None,
        address: str | None,
        action: str | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        after: listing.Key | None,
    ) -> Sequence[AuditEntry]:
        """Entries by (at, id), newest first. An `action` that ends with `.` means all that begin so."""

    def prune(self, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` entries from before an instant; how many went."""
