"""The values of observations as text of a bounded size, which every store and index takes."""

from __future__ import annotations

import hashlib
import re
from typing import Any

MAX_BYTES = 1_000
"""Of a value, in UTF-8."""
MAX_NAME_BYTES = 200
"""Of the part of a field's name that an upstream chose."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def bounded(text: str, limit: int = MAX_BYTES) -> str:
    """A text of at most so many bytes; half of a surrogate pair, which no store takes, becomes U+FFFD.

    Of a longer one its start is left, and `…{sha256:…}` after it, with the SHA-256 of all of its bytes in UTF-8: so values
    that differ stay different.
    """
    if len(text) <= limit and text.isascii():
        return text
    data = _SURROGATE.sub("\ufffd", text).encode()
    if len(data) <= limit:
        return data.decode()
    mark = f"…{{sha256:{hashlib.sha256(data).hexdigest()}}}".encode()
    return (data[: limit - len(mark)].decode(errors="ignore")) + mark.decode()


def text_of(value: Any) -> str | None:
    """A value of a snapshot as text, bytes read as latin-1 as in header lines; None if it is none that a field can have."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return hex(value) if abs(value) >= 2**64 else str(value)  # Python writes no decimal number of any length
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return repr(value) if isinstance(value, float) else None
