"""The tokens of a query: luqum's lexer, with the operators and the limits that it lacks.

luqum 1.0.0 knows neither `!` nor `&&` and `||`, takes queries of any size, and tells of an error only that there is one. So
its tokens are checked here, in one pass, before its parser gets them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from luqum.exceptions import IllegalCharacterError
from luqum.head_tail import HeadTailLexer, TokenValue
from ply.lex import LexToken

from inventory.errors import InvalidQuery
from inventory.observations.queries.luqum_parser import lexer as shared_lexer
from inventory.observations.values import shown

MAX_CHARACTERS = 16_000
MAX_TERMS = 256
"""Words and phrases that are looked for in one query."""
MAX_DEPTH = 32
"""Parentheses, negations and fields within each other."""

Token: TypeAlias = Any
"""A token of PLY, which has no types: `type`, `value` and `lexpos`."""
OPERATORS = {"&&": "AND_OP", "||": "OR_OP"}
REFUSED = {
    "REGEX": "Regular expressions are not supported. Use * and ?. A slash that begins a value needs a \\ before it: \\/a",
    "APPROX": "Fuzzy and proximity searches are not supported. Use * and ?. A ~ in a value needs a backslash: \\~",
    "BOOST": "Boosts are not supported, because results are ordered by time. A ^ in a value needs a backslash: \\^",
}
ILLEGAL = {
    '"': 'This quotation mark is not closed. Add the second one, or write \\" for the character itself.',
    "/": "A slash at the start of a value needs a backslash, such as path:\\/login, or the value double quotes.",
    "'": "A value cannot begin with an apostrophe. Put values in double quotes.",
    "\\": "This backslash has no character after it in its line. Write \\\\ for a backslash, \\u000a for a line's end.",
}
RANGE = "A range is [low TO high], with TO in capitals. An end with a colon or white space stands in double quotes."
URL = 'A URL stands in double quotes: "https://example.com/"'
COLON = "This colon is part of a value, it seems. Put the value in double quotes, or a backslash before the colon."
_WHITE_SPACE = re.compile(r"\s*")
_HALF = re.compile("[\ud800-\udfff]")


def tokens_of(text: str) -> Sequence[Token]:
    """The tokens of a query, none if it is empty; `InvalidQuery` at the first one that is refused."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidQuery(
            f"The query has {len(text):,} characters, and {MAX_CHARACTERS:,} are taken. Ask several shorter ones.",
            MAX_CHARACTERS + 1,
        )
    if half := _HALF.search(text):  # JSON can have one. Nothing shows it, and queries are kept and shown
        raise InvalidQuery("Half of a surrogate pair is not a character. Send both halves, or neither.", half.start() + 1)
    tokens = _tokens(text)
    _Check(tokens=tokens).all()
    return tokens


def _tokens(text: str) -> list[Token]:
    lexer = shared_lexer.clone()  # it has state, and other threads have their queries
    setattr(lexer, HeadTailLexer.LEXER_ATTR, HeadTailLexer())  # luqum makes it at position 0, where a `!` may stand
    lexer.input(text)
    tokens: list[Token] = []
    try:
        while (token := _bang(lexer, text) or lexer.token()) is not None:
            if token.type == "TERM" and (operator := OPERATORS.get(token.value.value)):
                token.type, token.value = operator, TokenValue(token.value.value)
            tokens.append(token)
    except IllegalCharacterError:
        character = text[lexer.lexpos]
        raise InvalidQuery(ILLEGAL.get(character, f"{shown(character)} cannot stand here."), lexer.lexpos + 1) from None
    return tokens


def _bang(lexer: Any, text: str) -> Token | None:
    """The token of a `!` that comes next, which luqum would take for part of a word."""
    position = _WHITE_SPACE.match(text, lexer.lexpos).end()  # type: ignore[union-attr]  # it matches everywhere
    if not text.startswith("!", position):
        return None
    token = LexToken()
    token.type, token.value, token.lexpos, token.lineno = "NOT", TokenValue("!"), position, 1
    lexer.lexpos = position + 1
    return token


@dataclass(kw_only=True)
class _Check:
    """One pass over the tokens of a query, for all that can be told without its tree."""

    tokens: Sequence[Token]
    terms: int = 0
    depth: int = 0
    prefixes: int = 0
    """Negations and fields that wait for what they are about."""
    opened: list[tuple[Token, int]] = field(default_factory=list)

    def all(self) -> None:
        """Raise `InvalidQuery` at the first token that is refused."""
        for at, token in enumerate(self.tokens):
            if token.type == "REGEX" and self._is_url(at):
                raise refused(self.tokens[at - 2], URL)
            if token.type in REFUSED:
                raise refused(token, REFUSED[token.type])
            self._look_at(at, token)
            if self.depth + self.prefixes > MAX_DEPTH:
                raise refused(
                    token, f"More than {MAX_DEPTH} parentheses, negations and fields are within each other. Use fewer."
                )
            if self.terms > MAX_TERMS:
                raise refused(token, f"The query has more than {MAX_TERMS} terms. Ask several shorter ones, or use * and ?.")
        if self.opened:
            raise refused(self.opened[-1][0], "This parenthesis is not closed. Add the second one.")

    def _look_at(self, at: int, token: Token) -> None:
        match token.type:
            case "LPAREN":
                self._open(at, token)
            case "RPAREN":
                self._close(token)
            case "COLUMN":
                self._check_field(at, token)
            case "LBRACKET":
                self._check_range(at, token)
            case "NOT" | "MINUS" | "PLUS":
                self.prefixes += 1
            case "TERM" | "PHRASE" if self._type(at + 1) != "COLUMN":
                self.terms += 1
                self.prefixes = 0

    def _open(self, at: int, token: Token) -> None:
        if self._type(at + 1) == "RPAREN":
            raise refused(token, "There is nothing between these parentheses. Add a condition, or leave them out.")
        self.opened.append((token, self.prefixes))
        self.depth += 1 + self.prefixes
        self.prefixes = 0

    def _close(self, token: Token) -> None:
        if not self.opened:
            raise refused(token, "No parenthesis is open here. Leave this one out.")
        self.depth -= 1 + self.opened.pop()[1]
        self.prefixes = 0

    def _check_field(self, at: int, token: Token) -> None:
        if self._type(at - 1) != "TERM":
            raise refused(token, "Before a colon stands the name of a field, without quotation marks.")
        if self._type(at - 2) == "COLUMN":
            raise refused(token, COLON)
        self.prefixes += 1

    def _check_range(self, at: int, token: Token) -> None:
        types = [self._type(at + ahead) for ahead in range(1, 8)]
        for end in ("TO", "RBRACKET"):
            if types[0] == "MINUS":
                del types[0]
            if types[0] not in ("TERM", "PHRASE") or types[1] != end:
                raise refused(token, RANGE)
            del types[:2]

    def _is_url(self, at: int) -> bool:
        """Whether a regular expression is what luqum makes of a URL: `https`, a colon, and what stands between slashes."""
        return self._type(at - 1) == "COLUMN" and str(self.tokens[at - 2].value.value).lower() in ("http", "https")

    def _type(self, at: int) -> str | None:
        return self.tokens[at].type if 0 <= at < len(self.tokens) else None


def refused(token: Token, reason: str) -> InvalidQuery:
    """The error of one token."""
    return InvalidQuery(reason, token.lexpos + 1)
