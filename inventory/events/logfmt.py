"""Lines of `name=value` (logfmt), as logrus, slog and many programs in Go write them."""

from __future__ import annotations

import re
from typing import Any

from inventory.events.parsing import united

_PAIR = re.compile(
    r"""([^\s="]{1,200}+)(?:=(?:"((?:[^"\\]|\\.)*+)"(?=\s|$)|'((?:[^'\\]|\\.)*+)'(?=\s|$)|([^\s"]*+)(?=\s|$)))?+\s*+""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
BEGINNING = re.compile(r"[\w.@-]{1,100}=")
"""How such a line begins."""
NAMES = frozenset({"time", "ts", "t", "timestamp", "level", "lvl", "severity", "msg", "message"})
"""Of these a line of a logger has two."""


def read(text: str) -> dict[str, Any] | None:
    """The pairs of a line, their values as text; None if it is no such line: more words than pairs, or a lost quote."""
    pairs: list[tuple[str, Any]] = []
    words, position = 0, 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None or found.end() == position:
            return None
        name, quoted, bare = found[1], found[3] if found[2] is None else found[2], found[4]
        if quoted is None and bare is None:
            words += 1
            pairs.append((name, True))
        else:
            pairs.append((name, bare if quoted is None else unquoted(quoted)))
        position = found.end()
    return united(pairs) if len(pairs) - words >= max(2, words) else None


def is_of_logger(text: str) -> bool:
    """Whether a text is a line of a logger, and no other one with pairs in it."""
    pairs = read(text) if BEGINNING.match(text) else None
    return pairs is not None and len(NAMES & pairs.keys()) > 1


def unquoted(text: str) -> str:
    """What the text between quotes means, with the escapes of Go and JSON."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def shape_of(document: dict[str, Any], text: str) -> str:
    """`slog`, `logrus` or `logfmt`: each of the two begins with its time, which only logrus quotes."""
    if "msg" in document and "level" in document and text.startswith("time="):
        return "logrus" if text.startswith('time="') else "slog"
    return "logfmt"


def _character(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits is None:
        return _LETTERS.get(found[4], found[4])
    code = int(digits, 16)
    is_character = code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_character else found[0]
