"""What a provider says of an error, as it may be shown: bounded, on one line, and without keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_SHOWN = 200
"""Characters of a message that are shown."""
MASK = "***"
TELLTALE = 6
"""Characters of a key in a row that give it away."""
_PARAMETER = re.compile(r"(?i)\b(api[_-]?key|appid|key|token)=[^\s&\"']+")


def without_secrets(message: str, secrets: Sequence[str]) -> str:
    """The message without the secrets; nothing of it if a piece of one may still be in it."""
    begun = message[: 10 * MAX_SHOWN]
    known = [secret for secret in secrets if secret]
    for secret in known:
        begun = re.sub(re.escape(secret), MASK, begun, flags=re.IGNORECASE)
    begun = _PARAMETER.sub(rf"\1={MASK}", begun)
    if any(_has_piece(begun.lower(), secret.lower()) for secret in known):
        return ""
    line = " ".join("".join(character if character.isprintable() else " " for character in begun).split())
    return line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1]}…"


def _has_piece(text: str, secret: str) -> bool:
    return any(secret[start : start + TELLTALE] in text for start in range(len(secret) - TELLTALE + 1))
