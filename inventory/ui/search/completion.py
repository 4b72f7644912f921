"""What a query may go on with: names of fields, and the values that targets show of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inventory.errors import InvalidQuery, InvalidRequest, TooManyRequests
from inventory.folding import folded
from inventory.observations import answers
from inventory.observations.queries.query import EXISTS
from inventory.observations.queries.quoting import escaped_name, quoted
from inventory.ui.formats import counted

MAX_TYPED = 2_000
"""Characters of a query that are looked at."""
MAX_COMPLETIONS = 8
LOOKED_AT = 50
"""Values among which those that begin so are looked for: targets may show others besides."""
MAX_SHOWN = 100
"""Characters of a value."""
FAMILY = "NAME"
_WORD = re.compile(r'(?:\\.|"(?:[^"\\]|\\.)*+"?|[^\s()"\\])+', re.DOTALL)
_NAMED = re.compile(r'((?:\\.|[^\\":])*+):(.*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NO_START = re.compile(r'[\[{<>/]|.*[*?]|"(?:[^"\\]|\\.)*+"', re.DOTALL)
"""What a value begins with that is a range or a pattern, or is whole already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What to put in place of the last `replaces` characters, as scripts count them, and what to say about it."""

    inserted: str
    shown: str
    about: str
    replaces: int


def completions_of(before: str) -> Sequence[Completion]:
    """How the word at the end of a text may go on; none if it may not, or if that cannot be told in time."""
    words = list(_WORD.finditer(before))
    word = words[-1][0].lstrip("+-!") if words and words[-1].end() == len(before) else ""
    try:
        return [each for each in _of_word(word) if each.inserted != word][:MAX_COMPLETIONS] if word else []
    except (InvalidRequest, TooManyRequests):
        return []


def _of_word(word: str) -> Sequence[Completion]:
    replaces = len(word.encode("utf-16-le", "surrogatepass")) // 2
    named = _NAMED.fullmatch(word)
    if named is None:
        return _names(_ESCAPED.sub(r"\1", word), "", ":", replaces)
    name, value = named.groups()
    if name.lower() == EXISTS:
        return _names(_ESCAPED.sub(r"\1", value), f"{EXISTS}:", " ", replaces)
    return [] if _NO_START.match(value) else _values(name, _ESCAPED.sub(r"\1", value.removeprefix('"')), replaces)


def _names(prefix: str, before: str, after: str, replaces: int) -> Sequence[Completion]:
    """The fields whose names begin so. One that stands for many goes on with a name, or with `*` for any."""
    listed = answers.fields({"prefix": prefix, "limit": MAX_COMPLETIONS})["fields"]
    return [
        Completion(
            inserted=before + _inserted(each["name"], after), shown=each["name"], about=each["meaning"], replaces=replaces
        )
        for each in listed
    ]


def _inserted(name: str, after: str) -> str:
    if name.endswith(FAMILY):
        return name.removesuffix(FAMILY)
    return name.replace(f".{FAMILY}.", ".*.") + after


def _values(name: str, prefix: str, replaces: int) -> Sequence[Completion]:
    """The commonest values of a field that begin so."""
    query = {"q": f"{name}:{escaped_name(prefix)}*" if prefix else "", "at": None, "field": name, "limit": LOOKED_AT}
    try:
        found = answers.facets(query, "")
    except InvalidQuery:  # not of an instant, say, can a start be asked for
        found = answers.facets(query | {"q": ""}, "")
    return [
        Completion(
            inserted=quoted(found["field"], each["value"]) + " ",
            shown=each["value"][:MAX_SHOWN],
            about=counted(each["count"], "target"),
            replaces=replaces,
        )
        for each in found["values"]
        if folded(each["value"]).startswith(folded(prefix))
    ]
