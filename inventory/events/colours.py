"""Takes the colours of a terminal out of a line: consoles of structlog, loguru, zap and tracing write them."""

from __future__ import annotations

import re

_ESCAPE = "\x1b"
_SEQUENCE = re.compile(r"\x1b\[[0-9;:]{0,40}[mK]")


def without(text: str) -> str:
    """The line without the sequences that colour it (ECMA-48, SGR) or clear the rest of it."""
    return _SEQUENCE.sub("", text).strip() if _ESCAPE in text else text
