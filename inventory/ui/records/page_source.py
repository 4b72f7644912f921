"""The beginning of a page source for a page of ours: as text that is marked by its syntax, or as bytes; never as markup."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from markupsafe import escape
from pygments.lexer import Lexer
from pygments.lexers.css import CssLexer
from pygments.lexers.data import JsonLexer
from pygments.lexers.html import HtmlLexer, XmlLexer
from pygments.lexers.javascript import JavascriptLexer
from pygments.token import STANDARD_TYPES

from inventory.ui.formats import visible

MAX_CHARACTERS = 30_000
MAX_SECONDS = 0.04
"""After so long the rest is shown as it is: there are texts for which the lexers take time that grows with the square."""
MARKUP = 24
"""Characters of HTML around a token."""
MAX_BYTES = 512
"""Of a body that is not text."""
BYTES_IN_LINE = 16
STYLES = frozenset(
    {"nt", "k", "kd", "kc", "kr", "kt", "ow"}
    | {"na", "nx", "nc", "nf", "nd", "n"}
    | {"s", "s1", "s2", "sb", "sr", "mi", "mf", "mh", "m"}
    | {"c", "c1", "cm", "cp", "cpf"}
)
"""The classes for which there are rules in inventory.css, by the short names that Pygments has for kinds of tokens."""

LEXERS: Mapping[str, Callable[..., Lexer]] = {
    "text/html": HtmlLexer,
    "application/xhtml+xml": HtmlLexer,
    "application/json": JsonLexer,
    "text/css": CssLexer,
    "text/javascript": JavascriptLexer,
    "application/javascript": JavascriptLexer,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The first `tokens` of a text, each with the class of its style, "" without; or the first `lines` of bytes.

    `more` counts the characters or bytes that are left out.
    """

    tokens: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()
    more: int = 0


def excerpt(document: Mapping[str, Any], room: int, *, clock: Callable[[], float] = monotonic) -> Excerpt:
    """The beginning of the page source of a record or of a snapshot, in at most so many characters of HTML."""
    body, source = document["body"], str(document["page_source"])
    if body["encoding"] == "base64":
        head = b64decode(source[: 4 * -(-MAX_BYTES // 3)])[:MAX_BYTES]
        return Excerpt(lines=list(hex_lines(head)), more=max(0, body["size"] - len(head)))
    tokens: list[tuple[str, str]] = []
    used = 0
    for style, text in _tokens(source[:MAX_CHARACTERS], body["media_type"] or "", clock):
        shown, is_new = visible(text, lines=True), not tokens or tokens[-1][0] != style
        room -= len(escape(shown)) + (MARKUP if is_new and style else 0)
        if room < 0:
            break
        used += len(text)
        if is_new:
            tokens.append((style, shown))
        else:
            tokens[-1] = style, tokens[-1][1] + shown
    return Excerpt(tokens=tokens, more=len(source) - used)


def hex_lines(data: bytes) -> Iterator[str]:
    """Bytes as a hex dump: where they are, what they are, and the printable ones among them."""
    for begin in range(0, len(data), BYTES_IN_LINE):
        some = data[begin : begin + BYTES_IN_LINE]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in some)
        yield f"{begin:04x}  {some.hex(' '):<{3 * BYTES_IN_LINE - 1}}  {text}"


def _tokens(text: str, media_type: str, clock: Callable[[], float]) -> Iterator[tuple[str, str]]:
    """Pieces of a text, with the classes of their styles; after a while the rest, line by line."""
    done, lexer = 0, _lexer(media_type)
    end = clock() + MAX_SECONDS
    if lexer is not None:
        for begin, kind, piece in lexer.get_tokens_unprocessed(text):
            if clock() > end:
                break
            done = begin + len(piece)
            style = STANDARD_TYPES.get(kind, "")
            yield (style if style in STYLES else ""), piece
    yield from (("", line) for line in text[done:].splitlines(keepends=True))


def _lexer(media_type: str) -> Lexer | None:
    """The lexer of a media type. Each compiles its rules when it is first made, also those inside of HTML."""
    make = LEXERS.get(media_type) or (XmlLexer if media_type.endswith(("/xml", "+xml")) else None)
    if make is None and media_type.endswith("+json"):
        make = JsonLexer
    if make is HtmlLexer:
        JavascriptLexer(), CssLexer()
    return None if make is None else make()
