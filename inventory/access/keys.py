"""Making, listing and revoking keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex

from inventory import listing
from inventory.access import quota_model
from inventory.access.key_text import digest_of, new_key_text
from inventory.access.model import Key
from inventory.access.ports import Keys
from inventory.access.quota_model import Counted
from inventory.access.scopes import read_scopes
from inventory.clock import HUNDRED_YEARS, Clock
from inventory.errors import NameTaken, UnknownKey
from inventory.instants import invalid
from inventory.masking import is_secret

MAX_NAME = 100
"""Characters."""
ADDABLE = 2 * HUNDRED_YEARS
"""What is longer than this is refused all the same, but can be added to an instant no more."""
COUNTED = tuple(Counted)
"""What quotas count."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]{1,100}")


class KeyService:
    """The keys. Every method may raise `StorageUnavailable`.

    `forget` has this process believe nothing of what it knows of a key.
    """

    def __init__(self, keys: Keys, forget: Callable[[Key], object], *, clock: Clock) -> None:
        self._keys, self._forget, self.clock = keys, forget, clock

    def create(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        expires_at: datetime | None = None,
        expires_in: timedelta | None = None,
        quotas: Mapping[str, str] | None = None,
        user_header: str | None = None,
    ) -> tuple[Key, str]:
        """A new key and its text, which is kept nowhere. `InvalidRequest` names what is not valid; `NameTaken`."""
        now, text = self.clock(), new_key_text()
        key = Key(
            id=token_hex(16),
            name=_name(name),
            digest=digest_of(text),
            scopes=read_scopes("scopes", scopes),
            created_at=now,
            expires_at=_end(now, expires_at, expires_in),
            quotas=quota_model.checked(quotas or {}),
            user_header=_header(user_header),
        )
        if not self._keys.add(key):
            raise NameTaken(f"A key that is not revoked has the name {key.name!r}. Choose another one, or revoke that key.")
        return key, text

    def listing(self, *, limit: int, after: listing.Key | None) -> Sequence[Key]:
        """Keys, newest first, those that are over included."""
        return self._keys.listing(limit=limit, after=after)

    def find(self, key_id: str) -> Key:
        """The key of an id; `UnknownKey`."""
        key = self._keys.of_id(key_id)
        if key is None:
            raise _unknown(key_id)
        return key

    def has_ended(self, key_id: str) -> bool:
        """Whether there is a key of this id that was revoked or has expired."""
        key = self._keys.of_id(key_id)
        if key is None:
            return False
        return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= self.clock())

    def revoke(self, key_id: str) -> Key:
        """End a key, within two seconds everywhere; one that has ended already stays so. `UnknownKey`."""
        key = self._keys.revoke(key_id, now=self.clock())
        if key is None:
            raise _unknown(key_id)
        self._forget(key)
        return key


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise invalid("name", f"Send 1 to {MAX_NAME} characters that can be shown, such as nightly-import.")
    return name


def _end(now: datetime, expires_at: datetime | None, expires_in: timedelta | None) -> datetime | None:
    if expires_at is not None and expires_in is not None:
        raise invalid("expires_in", "Send either `expires_at` or `expires_in`.")
    name = "expires_at" if expires_in is None else "expires_in"
    end = expires_at if expires_in is None else now + min(expires_in, ADDABLE)
    if end is not None and not now < end <= now + HUNDRED_YEARS:
        raise invalid(name, "Send an end within the next hundred years, or none for a key that does not expire.")
    return end


def _header(name: str | None) -> str | None:
    if name is not None and (not _HEADER.fullmatch(name) or is_secret(name, more=("cookie",))):
        # What it has gets into the audit, and onto pages.
        raise invalid("user_header", "Send the name of a header that has no secret, such as X-Forwarded-Email.")
    return name


def _unknown(key_id: str) -> UnknownKey:
    return UnknownKey(f"There is no key {key_id[:50]}; /api/v1/keys and `inventory keys list` list all.")
