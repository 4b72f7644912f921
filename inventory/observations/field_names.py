"""Names of fields as queries write them: which fields of the catalogue one means, and which are near to an unknown one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from inventory.folding import folded
from inventory.observations.conditions import Matcher, Pattern, Wildcard, Word, matcher
from inventory.observations.fields import ALIASES, CATALOGUE, FAMILIES, FIXED, POLICY, Field, is_verdict

EXACT = ".exact"
"""What a name ends with where case matters."""
MAX_COMPARED_CHARACTERS = 60
"""Of an unknown name for which near ones are looked for."""
_BARE = re.compile(r"[a-z0-9_-]+")

Pieces: TypeAlias = Sequence[str | Wildcard]


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field of the catalogue, and the names of it that are meant."""

    field: Field
    name: Matcher


def find(pieces: Pieces) -> tuple[tuple[NamedField, ...], bool]:
    """The fields that a name or a pattern of names means, and whether it asks for case; no fields if none is known."""
    last = pieces[-1] if pieces else ""
    if isinstance(last, str) and last.lower().endswith(EXACT):
        found = tuple(_find([*pieces[:-1], last[: -len(EXACT)]], exact=True))
        if found:
            return found, True
    return tuple(_find(pieces, exact=False)), False


def beginning(prefix: str) -> Iterator[Field]:
    """The fields of the catalogue whose names begin so, as a whole or after a dot, in any case."""
    start = f".{folded(prefix)}"
    return (field for field in CATALOGUE if start in f".{folded(field.name)}")


def nearest(name: str) -> list[str]:
    """The names of known fields that are most like an unknown one, at most three; else the header of that name."""
    if len(name) > MAX_COMPARED_CHARACTERS or not name.isprintable():
        return []
    name = folded(name)
    rest = name.rpartition(".")[2] if name.startswith("redirect") else name.partition(".")[2]
    families = [field.prefix + rest for field in FAMILIES if rest and not field.suffix and not is_verdict(field.name)]
    families += [f"{field.prefix}*{field.suffix}" for field in FAMILIES if field.suffix]
    near = difflib.get_close_matches(name, [*FIXED, *families], n=3, cutoff=0.7)
    return near or ([f"header.{name}"] if _BARE.fullmatch(name) else [])


def _find(pieces: Pieces, *, exact: bool) -> Iterator[NamedField]:
    written = matcher(pieces, exact=True)
    if isinstance(written, Pattern):
        yield from _of_pattern(written, exact)
        return
    named = folded(written.text)
    named = ALIASES.get(named, named)
    if (fixed := FIXED.get(named)) is not None:
        yield NamedField(fixed, Word(fixed.name, exact=True))
    else:
        for family in FAMILIES:
            between = len(named) - len(family.prefix) - len(family.suffix)
            if between >= 0 and named.startswith(family.prefix) and named.endswith(family.suffix):
                yield NamedField(family, _cased(_of_any_policy(named) or [written.text], family, exact))
                return


def _of_any_policy(named: str) -> Pieces | None:
    """The names that a rule has without its policy: `policy.hsts` is the rule `hsts` of each policy."""
    rule = named.removeprefix(POLICY)
    return [POLICY, Wildcard.ANY, f".{rule}"] if named.startswith(POLICY) and rule and "." not in rule else None


def _of_pattern(written: Pattern, exact: bool) -> Iterator[NamedField]:
    """The fixed fields that a pattern matches, and the families whose names it varies, or which it means as a whole."""
    pattern = matcher(written.pieces, exact=False)
    yield from (NamedField(field, Word(name, exact=True)) for name, field in FIXED.items() if pattern.matches(name))
    first, last = written.pieces[0], written.pieces[-1]
    for family in FAMILIES:
        begins = isinstance(first, str) and folded(first).startswith(family.prefix)
        ends = not family.suffix or (isinstance(last, str) and folded(last).endswith(family.suffix))
        if begins and ends:
            yield NamedField(family, _cased(written.pieces, family, exact))
            return
        if last is Wildcard.ANY and not family.suffix and pattern.matches(family.prefix):
            yield NamedField(family, matcher([family.prefix, Wildcard.ANY], exact=True))


def _cased(pieces: Pieces, family: Field, exact: bool) -> Matcher:
    """A name in a family as the index spells it: prefix and suffix in lower case, the rest as the family has it."""
    in_lower_case = matcher(pieces, exact=False)
    if family.named_in_lower_case:
        return replace(in_lower_case, exact=True)
    if not exact:
        return in_lower_case
    cased = list(pieces)
    if family.suffix and isinstance(cased[-1], str):
        cased[-1] = cased[-1][: -len(family.suffix)] + family.suffix
    if isinstance(cased[0], str):
        cased[0] = family.prefix + cased[0][len(family.prefix) :]
    return matcher(cased, exact=True)
