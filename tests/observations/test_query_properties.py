"""What holds of every query: it is read or refused, means what is documented, and finds what it was made from."""

from __future__ import annotations

from itertools import product
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory.errors import InvalidQuery
from inventory.folding import folded
from inventory.observations.conditions import Condition, Pattern, Wildcard, all_of, matcher
from inventory.observations.fields import CATALOGUE, Field, ValueType
from inventory.observations.queries.query import parse
from inventory.observations.queries.quoting import quoted
from tests.observations.algebra import NOW
from tests.observations.naive import matches, means

STRANGE = "\0\x1f\x7f\x85\xa0\u2028\ud800\udcff\U000e0001 \t\r\n\\\"'/*?:.$-+!(){}[]^~<>&|İſKÅ"
"""Characters that have a meaning in queries, cannot be shown, or are halves of surrogate pairs."""
ANY_TEXT = st.text(st.characters() | st.sampled_from(STRANGE))
FRAGMENTS = """
    header.x header. status url host _exists_ tls.not_after cookie.*.secure .exact : :( ( ) [ ] { } " / * ? ! - + && ||
    AND OR NOT TO > >= < <= ^ ~ ' 400 now now+1d 2026-01-31 abc a true é \\ \\u \\u00e9 \0 \ud800
"""
WORDS = st.sampled_from(FRAGMENTS.split())

IDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True)
"""Of policies and of rules."""


@st.composite
def observations(draw: st.DrawFn) -> tuple[str, str]:
    """A field and a value as the index may have them."""
    field: Field = draw(st.sampled_from(CATALOGUE))
    name = draw(ANY_TEXT) + draw(st.sampled_from(["", "", ".exact", ".secure"]))
    named = field.name.replace("NAME", folded(name) if field.named_in_lower_case else name)
    if field.value_type is ValueType.VERDICT:
        return f"policy.{draw(IDS)}.{draw(IDS)}", draw(st.sampled_from(["fails", "waived", "unknown"]))
    if field.only_ranges:
        return named, str(draw(st.integers(0, 10**12)))
    usual = {
        ValueType.NUMBER: st.integers(0, 10**9).map(str),
        ValueType.INSTANT: st.datetimes().map(lambda instant: f"{instant.isoformat(timespec='milliseconds')}Z"),
        ValueType.TRUTH: st.sampled_from(["true", "false"]),
        ValueType.HOST: st.sampled_from(["example.com", "[::1]", "10.0.0.1", "xn--bcher-kva.de"]),
        ValueType.URL: st.sampled_from(["https://example.com/", "http://example.com:8080/A?b=%C3%BC"]),
    }
    value = draw(ANY_TEXT | usual.get(field.value_type, ANY_TEXT))
    return named, normalize("NFC", value) if field.composed else value


def spelled_otherwise(text: str) -> set[str]:
    """Texts that are like one, but not the same."""
    return {text + "a", text.upper(), text.lower(), text.swapcase(), text[:-1], f" {text}", text.replace("*", "b"), ""} - {
        text
    }


@given(observations())
@example(("cookie.SID", "secure"))
@example(("cookie.a.exact", "1"))
@example(("header.x.exact", "1"))
@example(("header.exact", "1"))
@example(("header.", ""))
@example(('header.$a:b\0\\"', "\ud83d\ude00"))
@example(("cookie.a.secure", "path=/"))
@example(("header.x", "\\u0041"))
@example(("header.x", "AND"))
@example(("header.x", "-a"))
def test_what_is_quoted_finds_exactly_this(observed: tuple[str, str]) -> None:
    field, value = observed

    condition = parse(quoted(field, value), now=NOW)

    assert matches(condition, [observed])
    for name in spelled_otherwise(field):
        assert not matches(condition, [(name, value)]), name
    for text in spelled_otherwise(value):
        assert not matches(condition, [(field, text)]), text


@given(observations(), observations())
def test_quoted_queries_can_be_joined(one: tuple[str, str], other: tuple[str, str]) -> None:
    both, neither = [one, other], [("tag", "\0")]

    assert matches(parse(f"{quoted(*one)} {quoted(*other)}", now=NOW), both)
    assert not matches(parse(f"({quoted(*one)} OR -{quoted(*one)}) !{quoted(*one)}", now=NOW), both)
    assert matches(parse(f"NOT ({quoted(*one)} || {quoted(*other)})", now=NOW), neither) or ("tag", "\0") in both


CONDITIONS = st.sampled_from(
    [
        "tag:a",
        "status:[1 TO 2]",
        "status:>=3",
        "abc",
        '"x y z"',
        "_exists_:title",
        "*",
        "title:(a OR b)",
        "tag:a\\ ",
        "(tag:a -tag:b)",
    ]
)


@given(st.lists(CONDITIONS, max_size=5), st.data(), observations())
def test_what_is_added_to_a_query_narrows_all_of_it(parts: list[str], choose: st.DataObject, added: tuple[str, str]) -> None:
    joins = st.sampled_from([" ", " OR ", " AND ", " -", " NOT ", " || !"])
    query = "".join(part + choose.draw(joins) for part in parts[:-1]) + "".join(parts[-1:])

    narrowed = parse(f"{query} {quoted(*added)}", now=NOW)

    assert narrowed == all_of([parse(query, now=NOW), parse(quoted(*added), now=NOW)])


@pytest.mark.parametrize(
    ("field", "value", "query"),
    [
        ("header.server", "nginx", "header.server.exact:nginx"),
        ("header.age", "15768000", "header.age:15768000"),
        ("header.x", 'a "b" \\', r'header.x.exact:"a \"b\" \\"'),
        ("header.x", "*", 'header.x:"*"'),
        ("header.x", "a\0\ud800", r'header.x.exact:"a\u0000\ud800"'),
        ("header.a b:c", "1", r"header.a\ b\:c:1"),
        ("host", "example.com", "host:example.com"),
        ("url", "https://example.com/A", 'url:"https://example.com/A"'),
        ("status", "200", "status:200"),
        ("cookie.sid.secure", "false", "cookie.sid.secure.exact:false"),
        ("cookie.1.secure", "false", "cookie.1.secure.exact:false"),
        ("tls.not_after", "2026-01-31T12:00:00Z", 'tls.not_after.exact:"2026-01-31T12:00:00Z"'),
        ("body.size", "1256", "body.size:[1256 TO 1256]"),
    ],
)
def test_what_is_quoted_is_easy_to_read(field: str, value: str, query: str) -> None:
    assert quoted(field, value) == query


def test_an_unknown_field_cannot_be_quoted() -> None:
    with pytest.raises(InvalidQuery, match="'sever' is not a field"):
        quoted("sever", "nginx")


def refusal(query: str, *, past: bool) -> InvalidQuery | None:
    try:
        parse(query, now=NOW, past=past)
    except InvalidQuery as error:
        return error
    return None


@given(st.lists(WORDS | ANY_TEXT, max_size=12), st.sampled_from(["", " "]), st.booleans())
@example(["header.\0:[1 TO 2]"], "", False)
@example(["header.\0:(a:b)"], "", False)
@example(["redirect.\ud800*:a"], "", False)
@example(["\0"], "", False)
def test_any_text_is_read_or_refused_in_a_printable_sentence_with_a_position_in_it(
    words: list[str], between: str, past: bool
) -> None:
    query = between.join(words)

    error = refusal(query, past=past)

    assert error is None or (1 <= error.position <= len(query) + 1 and error.reason.isprintable())


Tree = tuple[str, tuple["Tree", ...]] | str
"""An operator and its operands, or the letter of a term."""
OPERATORS = {"implicit": (" ",), "or": (" OR ", "||", " || "), "and": (" AND ", " && "), "not": ("NOT ", "-", "!", "! ")}
BINDING = list(OPERATORS)
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from("abcd"),
    lambda trees: (
        st.tuples(st.sampled_from(["implicit", "or", "and"]), st.lists(trees, min_size=2, max_size=4).map(tuple))
        | st.tuples(st.just("not"), st.tuples(trees))
    ),
    max_leaves=12,
)


def written(tree: Tree, choose: st.DataObject, least: int = 0) -> str:
    """A tree as a query, with parentheses only where an operator binds less than the one around it."""
    if isinstance(tree, str):
        return f"header.x:{tree}"
    operator, operands = tree
    binding = BINDING.index(operator)
    sign = choose.draw(st.sampled_from(OPERATORS[operator]))
    if operator == "not":
        query = sign + written(operands[0], choose, binding)
    else:
        if "|" in sign and len(sign) == 2:
            sign = " || "  # a word may have these characters in it
        query = sign.join(written(operand, choose, binding + 1) for operand in operands)
    return f"({query})" if binding < least else query


def holds(tree: Tree, letters: set[str]) -> bool:
    if isinstance(tree, str):
        return tree in letters
    operator, operands = tree
    of_operands = [holds(operand, letters) for operand in operands]
    return not of_operands[0] if operator == "not" else any(of_operands) if operator == "or" else all(of_operands)


@given(TREES, st.data())
def test_operators_bind_as_documented(tree: Tree, choose: st.DataObject) -> None:
    query = written(tree, choose)
    condition: Condition = parse(query, now=NOW)

    for chosen in product([True, False], repeat=4):
        letters = {letter for letter, is_there in zip("abcd", chosen, strict=True) if is_there}
        assert matches(condition, [("header.x", letter) for letter in letters]) == holds(tree, letters), (query, letters)


PIECES = st.lists(st.sampled_from(["a", "b", "ab", ".", "\n", "\0", "É", *Wildcard]), max_size=8)


@given(PIECES, st.text("abAB.\n\0éÉx", max_size=12), st.booleans())
def test_a_pattern_matches_as_its_pieces_do_in_turn(pieces: list[str | Wildcard], text: str, exact: bool) -> None:
    pattern = matcher(pieces, exact=exact)

    assert pattern.matches(text) == means(pattern, text)


@given(PIECES.filter(lambda pieces: Wildcard.ANY in pieces), st.text("ab.\n", max_size=6))
def test_a_pattern_matches_what_its_pieces_are_in(pieces: list[str | Wildcard], text: str) -> None:
    pattern = matcher(pieces, exact=True)
    filled = "".join(piece if isinstance(piece, str) else text if piece is Wildcard.ANY else "?" for piece in pieces)

    assert isinstance(pattern, Pattern)
    assert pattern.matches(filled)
    assert filled.startswith(pattern.prefix)
    assert all(literal in filled for literal in pattern.literals)
