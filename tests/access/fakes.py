"""Keys in memory, which count what they are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from inventory import listing
from inventory.access.key_text import digest_of, new_key_text
from inventory.access.model import Key, Scope, Verb
from inventory.errors import StorageUnavailable
from tests.contract.actions import NOW

_NUMBERS = count()


def new_key(*scopes: Scope, **members: object) -> tuple[Key, str]:
    """A key that was just made, and its text; without scopes it may do everything."""
    text, number = new_key_text(), next(_NUMBERS)
    key = Key(
        id=f"{number:032x}",
        name=f"key {number}",
        digest=digest_of(text),
        scopes=scopes or (Scope(verb=Verb.ADMIN),),
        created_at=NOW,
    )
    return replace(key, **members), text


class MemoryKeys:
    """Keys in memory. `asked` counts the calls of each method; while it is `away` every call fails."""

    def __init__(self) -> None:
        self.kept: dict[str, Key] = {}
        self.asked: Counter[str] = Counter()
        self.away = False

    def _note(self, call: str) -> None:
        self.asked[call] += 1
        if self.away:
            raise StorageUnavailable("away")

    def make(self, *scopes: Scope, **members: object) -> tuple[Key, str]:
        """Keep a new key."""
        key, text = new_key(*scopes, **members)
        self.kept[key.digest] = key
        return key, text

    def add(self, key: Key) -> bool:
        self._note("add")
        self.kept[key.digest] = key
        return True

    def find(self, digest: str) -> Key | None:
        self._note("find")
        return self.kept.get(digest)

    def of_id(self, key_id: str) -> Key | None:
        self._note("of_id")
        return next((key for key in self.kept.values() if key.id == key_id), None)

    def listing(self, *, limit: int, after: listing.Key | None) -> Sequence[Key]:
        self._note("listing")
        return list(self.kept.values())[:limit]

    def revoke(self, key_id: str, *, now: datetime) -> Key | None:
        self._note("revoke")
        key = next((key for key in self.kept.values() if key.id == key_id), None)
        if key is not None:
            key = self.kept[key.digest] = replace(key, revoked_at=key.revoked_at or now)
        return key

    def note_use(self, key_id: str, *, at: datetime, address: str) -> None:
        self._note("note_use")
        key = next(key for key in self.kept.values() if key.id == key_id)
        self.kept[key.digest] = replace(key, last_used_at=at, last_used_address=address)

    def any_usable(self, *, now: datetime) -> bool:
        self._note("any_usable")
        return any(k.revoked_at is None and (k.expires_at is None or k.expires_at > now) for k in self.kept.values())

    def signing_secret(self, proposed: bytes) -> bytes:
        return proposed
