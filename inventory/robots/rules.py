"""The rules of a robots.txt (RFC 9309), read by Protego; this is the one module that knows it."""

from __future__ import annotations

import re

from protego import Protego

from inventory.urls import MAX_CHARACTERS

PRODUCT = "Inventory"
"""The product token of our `User-Agent`, by which a robots.txt names us."""
MAX_BYTES = 512_000
"""What is read of a robots.txt: the 500 KiB that section 2.5 asks for."""

_AGENT = re.compile(r"\s*user[-\s]*agent(?:[\s:]+|$)(.*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_-]+")
_OTHER = "other"


class Rules:
    """What one robots.txt allows us. Threads may share it. `size` is that of its text, in characters."""

    def __init__(self, body: bytes, *, truncated: bool = False) -> None:
        """Read a robots.txt, which may be anything; of one that is `truncated` the last line does not count."""
        text = _whole_lines(body, truncated=truncated)
        self.size = len(text)
        self._protego = Protego.parse("\n".join(_for_us(line) for line in text.splitlines()))

    def allow(self, target: str) -> bool:
        """Whether path and query of a URL may be fetched; of those of a redirect, the first 2,048 characters count."""
        return self._protego.can_fetch(f"https://site{target[:MAX_CHARACTERS]}", PRODUCT)


def _whole_lines(body: bytes, *, truncated: bool) -> str:
    """The text that counts. Half a rule could forbid much more than the whole."""
    kept = body[:MAX_BYTES]
    if truncated or len(body) > MAX_BYTES:
        kept = kept[: max(kept.rfind(b"\n"), kept.rfind(b"\r")) + 1]
    return kept.decode("utf-8-sig", "replace")


def _for_us(line: str) -> str:
    """A line, in which a group that neither is ours nor for all is named alike.

    Protego 0.7 keeps each rule of a group once for each of its names: 500 KB with many of both take gigabytes. It also takes
    the beginning of our token for the whole.
    """
    agent = _AGENT.match(line.partition("#")[0])
    if agent is None:
        return line
    name = agent[1].strip()
    if name == "*":
        return "User-agent: *"
    product = _NAME.match(name)
    ours = product is not None and product[0].lower() == PRODUCT.lower()
    return f"User-agent: {PRODUCT if ours else _OTHER}" if name else "User-agent:"
