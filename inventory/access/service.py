"""Who sent a request, and what that allows: reads keys, and refuses those that are wrong, over or revoked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from inventory.access import scopes
from inventory.access.key_cache import LASTING, KeyCache
from inventory.access.key_text import digest_of, is_key_text
from inventory.access.key_uses import KeyUses, Start, in_a_thread
from inventory.access.model import Caller, Key, Mode, Scope, Verb
from inventory.access.ports import Keys
from inventory.clock import Clock, rfc3339
from inventory.errors import ExpiredKey, InvalidKey, KeyRequired, OutOfScope, RevokedKey, StorageUnavailable

EVERYTHING = (Scope(verb=Verb.ADMIN),)
READING = (Scope(verb=Verb.READ),)
BEARER = "bearer "
MAX_ADMITTED, MAX_TEXT = 1_024, 256
"""Texts of keys that are remembered for lookups in front of the framework, and characters of one."""
MAX_USER = 200
"""Characters of the name of a user."""
HOW_TO_SEND = "Send a key as `Authorization: Bearer inv_live_…` or as `X-API-Key`."
NOT_COLLECTED = "Nothing was collected: that needs a key with the scope `collect`."
"""Why a request that may read has no other effect."""


class Admitted(NamedTuple):
    """A caller whose lookups need no further check until an instant of the monotonic clock. Its address is left empty.

    `collects` says whether a miss is accepted for collection.
    """

    caller: Caller
    collects: bool
    until: float


class AccessService:
    """Tells callers apart and what each may do. Every method may raise `StorageUnavailable`.

    `read_session` gives the digest of the key with which a browser logged in, from its cookie, or None if that does not
    hold. `ticks` is a monotonic clock; `start` does work beside the request.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        mode: Mode,
        clock: Clock,
        read_session: Callable[[str], str | None] = lambda _: None,
        ticks: Callable[[], float] = time.monotonic,
        start: Start = in_a_thread,
    ) -> None:
        self.mode = mode
        self._clock, self._ticks = clock, ticks
        self._cache, self._uses = KeyCache(keys, ticks), KeyUses(keys, start)
        self._read_session = read_session
        self._admitted: dict[str, Admitted] = {}
        self._without_key = Admitted(self._anybody(""), mode is Mode.OPEN, float("inf"))

    def authenticate(
        self, authorization: str | None, x_api_key: str | None, cookie: str | None = None, address: str = ""
    ) -> Caller:
        """The caller that the headers of a request and the cookie of a session name.

        `X-API-Key` counts before `Authorization`, because a proxy sets the one and may pass the other on; a key in a header
        counts before a cookie. Raises `KeyRequired`, `InvalidKey`, `ExpiredKey` and `RevokedKey`.

        In the mode `open` a key says only who asks: whoever has none, or a wrong one, may do everything too. A cookie says
        nothing there, because no page of that mode has the token that would have to come with it.
        """
        text = sent_key(authorization, x_api_key)
        try:
            if text is not None:
                return self._caller(self._usable(digest_of(text) if is_key_text(text) else None), address)
            if cookie and self.mode is not Mode.OPEN and (digest := self._read_session(cookie)):
                return self._caller(self._usable(digest), address)
        except (InvalidKey, ExpiredKey, RevokedKey):
            if self.mode is not Mode.OPEN:
                raise
        if self.mode is Mode.KEYS:
            raise KeyRequired(f"Nothing is answered without a key. {HOW_TO_SEND}")
        return self._anybody(address)

    def require(self, caller: Caller, verb: Verb, *, limited: bool) -> None:
        """Raise `OutOfScope`, or `KeyRequired` without a key, unless the caller has a scope with the verb.

        `limited`: one that is limited to some hosts or tags is enough, because the view asks for its limits itself.
        """
        if scopes.grants(caller.scopes, verb) or (limited and has_verb(caller.scopes, verb)):
            return
        if caller.key is None:
            raise KeyRequired(f"Without a key only reading is allowed. {HOW_TO_SEND} It needs the scope `{verb}`.")
        raise OutOfScope(scopes.needed(verb))

    def still_holds(self, caller: Caller) -> bool:
        """Whether a caller that was authenticated may go on with what it began: the key has not ended meanwhile.

        While the store is away, nothing says that it has.
        """
        if caller.key is None or self.mode is Mode.OPEN:
            return True
        try:
            self._usable(caller.key.digest)
        except StorageUnavailable:
            return True
        except (InvalidKey, ExpiredKey, RevokedKey):
            return False
        return True

    def admit(self, text: str | None) -> Admitted | None:
        """Who sends a lookup with this text of a key, or without one; None if that is not known, or needs more checks.

        Asks no store and hashes nothing. What it knows, it knows from requests that were authenticated a moment ago.
        """
        if text is None:
            return None if self.mode is Mode.KEYS else self._without_key
        admitted = self._admitted.get(text)
        return admitted if admitted is not None and self._ticks() < admitted.until else None

    def learn(self, text: str, caller: Caller) -> None:
        """Have `admit` know the text by which a caller was just authenticated, if its lookups need no further check."""
        if len(text) > MAX_TEXT or (caller.key is not None and (caller.key.quotas or caller.key.user_header)):
            return
        collects = scopes.grants(caller.scopes, Verb.COLLECT)
        is_limited = not collects and has_verb(caller.scopes, Verb.COLLECT)
        if is_limited or not scopes.grants(caller.scopes, Verb.READ):
            return
        until = self._until(caller.key)
        if len(self._admitted) >= MAX_ADMITTED:
            self._admitted.clear()
        self._admitted[text] = Admitted(replace(caller, address=""), collects, until)

    def forget(self, key: Key) -> None:
        """Believe nothing of what this process knows of a key."""
        self._cache.forget(key.digest)
        self._admitted.clear()

    def _until(self, key: Key | None) -> float:
        """Until when it may be believed that a key is usable, or that a text is no usable one."""
        now = self._ticks()
        if key is None:
            return now + LASTING
        known = self._cache.find(key.digest)
        if known.key is None or known.key.revoked_at is not None:  # it was revoked in this moment
            return now
        if key.expires_at is None:
            return known.until
        return min(known.until, now + (key.expires_at - self._clock()).total_seconds())

    def _usable(self, digest: str | None) -> Key:
        """The key of a digest; unknown, expired and revoked ones take the same path. None: it was no text of a key."""
        if digest is None:
            raise InvalidKey(
                "This is no key: its checksum is wrong. Compare it with the one that was shown when it was made."
            )
        key = self._cache.find(digest).key
        if key is None:
            raise InvalidKey("There is no such key. `inventory keys list` and /api/v1/keys list those that there are.")
        if key.revoked_at is not None:
            raise RevokedKey(f"The key {key.name!r} was revoked at {rfc3339(key.revoked_at)}. Use another one.")
        if key.expires_at is not None and key.expires_at <= self._clock():
            raise ExpiredKey(f"The key {key.name!r} expired at {rfc3339(key.expires_at)}. Use another one.")
        return key

    def _caller(self, key: Key, address: str) -> Caller:
        self._uses.note(key, at=self._clock(), address=address)
        return self._caller_of(key, address)

    def _caller_of(self, key: Key, address: str) -> Caller:
        allowed = EVERYTHING if self.mode is Mode.OPEN else key.scopes
        return Caller(address=address, scopes=allowed, key=key)

    def _anybody(self, address: str) -> Caller:
        return Caller(address=address, scopes=EVERYTHING if self.mode is Mode.OPEN else READING)


def sent_key(authorization: str | None, x_api_key: str | None) -> str | None:
    """The text of a key that two headers of a request have; None without one."""
    if x_api_key:
        return x_api_key.strip()
    if authorization and authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return None


def has_verb(given: Sequence[Scope], verb: Verb) -> bool:
    """Whether any of the scopes has the verb, for whatever targets."""
    return any(scope.verb in (verb, Verb.ADMIN) for scope in given)


def with_user(caller: Caller, header: Callable[[str], str | None]) -> Caller:
    """The caller with the user that a proxy names in the header of its key, if there is one."""
    named = header(caller.key.user_header) if caller.key is not None and caller.key.user_header else None
    return replace(caller, user=named[:MAX_USER]) if named else caller
