"""The syntax of queries: luqum's parser on checked tokens, what is wrong where it stops, and escapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from luqum.exceptions import ParseSyntaxError
from luqum.tree import From, Item, Phrase, Prohibit, Range

from inventory.errors import InvalidQuery
from inventory.observations.conditions import Wildcard, joined
from inventory.observations.field_names import Pieces
from inventory.observations.queries.luqum_parser import lexer, parser
from inventory.observations.queries.ranges import WrittenEnd
from inventory.observations.queries.tokens import RANGE, Token, refused, tokens_of

MAX_WILDCARDS = 16
"""Of one word."""
WRITTEN = {"AND_OP": "AND", "OR_OP": "OR", "NOT": "NOT", "PLUS": "+", "MINUS": "-"}
MISSING = {
    "COLUMN": 'a value is missing. An empty one is "".',
    "LESSTHAN": "a number or an instant is missing, such as <=400.",
    "GREATERTHAN": "a number or an instant is missing, such as >=400.",
}
_PIECE = re.compile(r'\\u([0-9a-fA-F]{4})|\\(?!u)(.)|([\\"])|([*?])|([^\\*?"]+)', re.DOTALL)
_REFUSED = {
    "\\": "After a backslash stands a character, and after \\u four hexadecimal digits, such as \\u00e9.",
    '"': "A quotation mark stands inside a word. Put the whole value in double quotes, and a backslash before those in it.",
}


Node: TypeAlias = Any
"""An item of luqum's tree, which has no types."""


class PlacedName(str):
    """The name of a field as it is written, and where: of a name, luqum's tree has nothing but the text."""

    position: int


def tree_of(text: str) -> Item | None:
    """luqum's tree of a query, None if that is empty; `InvalidQuery` tells what is wrong with it, and where."""
    tokens = tokens_of(text)
    _place_names(tokens)
    return _parsed(tokens, text) if tokens else None


def name_pieces(raw: str, position: int) -> Pieces:
    """The texts and wildcards of a word as it is written; a backslash takes a character's meaning, `\\uXXXX` is any one."""
    pieces = list(joined(_pieces(raw, position)))
    if sum(isinstance(piece, Wildcard) for piece in pieces) > MAX_WILDCARDS:
        reason = f"This has more than {MAX_WILDCARDS} wildcards. Use fewer, or put a backslash before those that are meant."
        raise InvalidQuery(reason, position)
    return pieces


def pieces_of(node: Node) -> Pieces:
    """What a word or a phrase looks for; in a phrase, wildcards are characters like others."""
    raw, position = str(node.value), int(node.pos) + 1
    if not isinstance(node, Phrase):
        return name_pieces(raw, position)
    pieces = _pieces(raw[1:-1], position + 1)
    return ["".join(piece.value if isinstance(piece, Wildcard) else piece for piece in pieces)]


def ends_of(node: Node) -> tuple[WrittenEnd | None, WrittenEnd | None]:
    """Both ends of a range, None for open ones."""
    if isinstance(node, Range):
        return _end(node.low, included=node.include_low), _end(node.high, included=node.include_high)
    end = _end(node.a, included=node.include)
    return (end, None) if isinstance(node, From) else (None, end)


def _end(node: Node, *, included: bool) -> WrittenEnd | None:
    """One end; luqum takes a minus before it for a negation."""
    sign, term = ("-", node.a) if isinstance(node, Prohibit) else ("", node)
    pieces, position = pieces_of(term), int(node.pos) + 1
    if pieces == [Wildcard.ANY] and not sign:
        return None
    if not all(isinstance(piece, str) for piece in pieces):
        raise InvalidQuery("The end of a range takes no wildcard, but for a single * that leaves it open.", position)
    text = sign + "".join(piece for piece in pieces if isinstance(piece, str))
    return WrittenEnd(text=text, position=position, included=included)


def _pieces(raw: str, position: int) -> Iterator[str | Wildcard]:
    for found in _PIECE.finditer(raw):
        code, escaped, refused_character, wildcard, text = found.groups()
        if refused_character:
            raise InvalidQuery(_REFUSED[refused_character], position + found.start())
        yield chr(int(code, 16)) if code else Wildcard(wildcard) if wildcard else escaped or text


def _place_names(tokens: Sequence[Token]) -> None:
    """Give the names of fields their positions."""
    for token, following in pairwise(tokens):
        if following.type == "COLUMN":
            token.value.value = PlacedName(token.value.value)
            token.value.value.position = token.lexpos + 1


def _parsed(tokens: Sequence[Token], text: str) -> Item:
    given = 0

    def following() -> Token | None:
        nonlocal given
        given += 1
        return tokens[given - 1] if given <= len(tokens) else None

    try:
        return parser.parse(lexer=lexer, tokenfunc=following)
    except ParseSyntaxError:
        if given <= len(tokens):
            raise _unexpected(tokens, given - 1) from None
        missing = MISSING.get(tokens[-1].type, "a condition is missing. Add it, or leave out what stands before.")
        raise InvalidQuery(f"The query ends where {missing}", len(text) + 1) from None


def _unexpected(tokens: Sequence[Token], at: int) -> InvalidQuery:
    """The error of a token at which the parser stopped."""
    token = tokens[at]
    if at and tokens[at - 1].type == "COLUMN":
        return refused(token, 'After a colon stands a value. An empty one is "".')
    if at and tokens[at - 1].type in ("LESSTHAN", "GREATERTHAN"):
        return refused(
            token, "After < and > stands a number or an instant, such as >=400. Nothing in the inventory is negative."
        )
    if token.type == "RBRACKET":
        return refused(token, RANGE)
    if token.type in ("AND_OP", "OR_OP"):
        return refused(token, f"{WRITTEN[token.type]} stands between two conditions. Add the one that is missing.")
    before = WRITTEN.get(tokens[at - 1].type, "the start") if at else "the start"
    return refused(token, f"A condition is missing between {before} and this. Add one, or put the text in double quotes.")
