"""Commands as a shell takes them, safe to be copied from a page into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def command(words: Iterable[str]) -> str:
    """The words as one line for a shell. A terminal acts on control characters, even quoted ones, so they are escaped."""
    return " ".join(shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_escaped, word))}'" for word in words)


def _escaped(character: str) -> str:
    """A character between `$'` and `'`, as POSIX (2024) and bash have it."""
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
