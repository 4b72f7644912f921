"""Sessions of browsers: a signed cookie that says with which key a person logged in. The store keeps nothing of them.

So every process reads every cookie, and a restart ends none. A session ends after `LIFETIME`, at the log-out, which removes
the cookie, and with its key, which is looked up at each request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex

from itsdangerous import BadData, URLSafeSerializer

from inventory.clock import EPOCH, Clock

COOKIE = "inventory_session"
LIFETIME = timedelta(hours=12)
MAX_CHARACTERS = 1_024
"""Of a cookie that is looked at; ours have about 230."""
SALT = "inventory-session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The digest of the key, "" for nobody's, and the secret that pairs the tokens in our pages with this session."""

    digest: str
    csrf_secret: str = field(repr=False)


class Sessions:
    """Makes and reads the cookies. `secret` gives the one secret of all processes; it is asked once, at the first use."""

    def __init__(self, secret: Callable[[], bytes], *, clock: Clock) -> None:
        self._ask, self._clock = secret, clock
        self._secret: bytes | None = None

    @property
    def secret(self) -> bytes:
        """What signs; may wait for the store the first time."""
        if self._secret is None:
            self._secret = self._ask()
        return self._secret

    def begin(self, digest: str) -> str:
        """The cookie of a new session with the key of this digest."""
        until = (self._clock() + LIFETIME - EPOCH) // timedelta(seconds=1)
        return str(self._serializer().dumps([digest, token_hex(20), until]))

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None if it is over, or if we did not sign the cookie."""
        if not cookie or len(cookie) > MAX_CHARACTERS:
            return None
        try:
            digest, csrf_secret, until = self._serializer().loads(cookie)
        except BadData:
            return None
        return Session(digest=digest, csrf_secret=csrf_secret) if self._clock() - EPOCH < timedelta(seconds=until) else None

    def digest(self, cookie: str) -> str | None:
        """The digest of the key of a session, as `read` does."""
        session = self.read(cookie)
        return session.digest if session else None

    def _serializer(self) -> URLSafeSerializer:
        how = {"key_derivation": "hmac", "digest_method": sha256}
        return URLSafeSerializer(self.secret, salt=SALT, signer_kwargs=how)
