"""Covers values of query parameters that may be secrets, by the parameters' names, in whatever text quotes a URL.

Logs, problems, RQ jobs and the audit are read by more people than may read the inventory. A record keeps its URL exactly.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import unquote

MASK = "***"
WORDS = frozenset(
    {"auth", "authorization", "credential", "credentials", "hmac", "jwt", "key", "otp", "pass", "passphrase", "passwd"}
    | {"password", "pwd", "secret", "session", "sig", "signature", "token"}
)
"""The last word of a name, as in `access_token`, `X-Amz-Signature`, `apiKey` and `user[password]`."""
ENDINGS = (
    "token", "apikey", "accesskey", "secretkey", "passkey", "password", "passwd", "secret", "signature", "sessionid",
    "sessid", "oauth",
)  # fmt: skip
"""How the last word of a name may end."""
NAMES = frozenset({"code", "ticket", "sid", "session_id", "session-id"})
"""Whole names. As a part of others these say nothing: a `status_code` is no secret."""
MAX_NAME = 100
"""Characters before the `=` that are looked at; a longer name counts by its end."""

_EQUALS = re.compile(r"=|%(?:25){0,2}3[Dd]")
_NAME = re.compile(r"[\w.~$:\-\[\]]*")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_QUOTED = re.compile(r"(\\*)(?:'[^'\n]*'|\"[^\"\n]*\")")
_ENCODED_ENDS = ("", r"|%(?:26|23|20|22)", r"|%(?:25)?(?:26|23|20|22)", r"|%(?:25){0,2}(?:26|23|20|22)")
_VALUES = [re.compile(rf"(?:(?![&\s\"<>#]{encoded}).)+", re.DOTALL) for encoded in _ENCODED_ENDS]
"""The value after a `=` that is encoded so many times. A `&` ends it that is encoded no more often."""
_AFTER_VALUE = "'),.:;!?]}\\"
"""What may follow a URL in a sentence or in a list; at the end of a value it is no part of it."""
_LOGIN = re.compile(r"://[^/?#\s\"'<>]*@")
_OURS = re.compile(r"(inv_live_|whsec_)[A-Za-z0-9+/=]+")
"""Our own secrets, by how they begin: keys, and the secrets of webhooks."""


class Masking:
    """Covers the values of parameters whose names say that they are secret; `more` adds names.

    Also logins in URLs, the texts of keys, and the secrets of webhooks. It takes linear time, whatever the text is.
    """

    def __init__(self, more: Collection[str] = ()) -> None:
        self._is_secret = lru_cache(1_024)(partial(is_secret, more=frozenset(name.lower() for name in more)))

    def __call__(self, text: str) -> str:
        """The text with `***` in place of each secret; the text itself if there is none."""
        if "=" in text or "%" in text:
            text = self._without_values(text)
        if "@" in text:
            text = _LOGIN.sub(f"://{MASK}@", text)
        if "_" in text and ("inv_live_" in text or "whsec_" in text):
            text = _OURS.sub(rf"\1{MASK}", text)
        return text

    def value(self, value: Any) -> Any:
        """The same for all texts in a value such as JSON has; of what is none of these, for its `repr` if that has any."""
        if isinstance(value, str):
            return self(value)
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, Mapping):
            return {self.value(name): self.value(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        shown = repr(value)
        masked = self(shown)
        return value if masked == shown else masked

    def _without_values(self, text: str) -> str:
        pieces: list[str] = []
        done = 0
        for sign in _EQUALS.finditer(text):
            if sign.start() < done or not self._is_secret(_name_before(text, sign.start())):
                continue
            end = _end_of_value(text, sign)
            if end > sign.end():
                pieces += (text[done : sign.end()], MASK)
                done = end
        return "".join([*pieces, text[done:]]) if pieces else text


def is_secret(name: str, *, more: Collection[str] = ()) -> bool:
    """Whether the value of a parameter of this name may be a secret; `more` are names in lower case."""
    lower = name.lower()
    if lower in NAMES or any(lower == each or re.search(rf"[^a-z0-9]{re.escape(each)}\]?\Z", lower) for each in more):
        return True
    words = _WORD.findall(name)
    last = words[-1].lower() if words else ""
    return last in WORDS or last.endswith(ENDINGS)


@cache
def masking_of(more: tuple[str, ...]) -> Masking:
    """The masking with these further names, the same each time."""
    return Masking(more)


def _name_before(text: str, end: int) -> str:
    """The name of a parameter, decoded, whose `=` is there."""
    before = text[max(0, end - MAX_NAME) : end]
    if "%" in before:
        before = unquote(unquote(before))
    name = _NAME.match(before[::-1])  # backwards, because a search for what ends there would begin again at each character
    return name[0][::-1] if name else ""


def _end_of_value(text: str, sign: re.Match[str]) -> int:
    """Where the value ends that follows a `=`: as the value of a URL, or as a quoted text."""
    begin, encoded = sign.end(), (len(sign[0]) - 1) // 2
    if not encoded and (quoted := _QUOTED.match(text, begin)):
        begin = quoted.end()
    found = _VALUES[encoded].match(text, begin)
    return begin + len(found[0].rstrip(_AFTER_VALUE)) if found else begin


UNCONFIGURED = Masking()
"""The masking by the names that are always meant."""
