"""What a query asks for, as values: a small algebra over the observations of one target.

A condition on a field holds if any observation of the target satisfies it; `Not` holds if none does. Build conditions with
`all_of`, `any_of` and `negated`, which keep them flat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import TypeAlias

from inventory.folding import folded


class Wildcard(Enum):
    """A piece of a pattern: any text, even none, or exactly one character."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Word:
    """A whole text. Unless `exact`, `text` is folded, and is compared with the folded text."""

    text: str
    exact: bool = False

    def matches(self, text: str) -> bool:
        """Whether it means this text."""
        return self.text == (text if self.exact else folded(text))


@dataclass(frozen=True, slots=True)
class Pattern:
    """Texts with wildcards. Unless `exact`, its literal pieces are folded, and it is compared with the folded text.

    No two literal pieces are neighbours, and no `ANY` has a wildcard after it.
    """

    pieces: tuple[str | Wildcard, ...]
    exact: bool = False

    @property
    def prefix(self) -> str:
        """The literal text that it begins with: a range of an index."""
        return self.pieces[0] if isinstance(self.pieces[0], str) else ""

    @property
    def literals(self) -> tuple[str, ...]:
        """The literal pieces, in order: each is in every text that it means."""
        return tuple(piece for piece in self.pieces if isinstance(piece, str))

    @property
    def regex(self) -> str:
        """The same as a regular expression of Python and PCRE, without a NUL; it never goes back over what it matched."""
        *middle, last = _between_stars(self.pieces)
        if not middle:
            return f"(?s)^{last}(?!.)"
        parts = [f"(?>.*?{part})" for part in middle[1:] if part]
        return f"(?s)^{middle[0]}{''.join(parts)}" + (f".*{last}(?!.)" if last else "")

    def matches(self, text: str) -> bool:
        """Whether it means this text, in time in proportion to both."""
        return self.compiled().match(text if self.exact else folded(text)) is not None

    def compiled(self) -> re.Pattern[str]:
        """What matches the folded text that it means, or the text itself if it is `exact`; for many texts."""
        return re.compile(self.regex)


Matcher: TypeAlias = Word | Pattern


@dataclass(frozen=True, slots=True)
class End:
    """One end of a range. Instants are seconds since 1970 in UTC, whole ones where the text has no fraction.

    `from_now`: the query counts it from the instant that it was read for, so that it is another one later.
    """

    value: float
    included: bool
    from_now: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Everything:
    """Holds for every target."""


@dataclass(frozen=True, slots=True)
class Exists:
    """Some observation has a field of that name."""

    field: Matcher


@dataclass(frozen=True, slots=True)
class Has:
    """Some observation has a field of that name and this value."""

    field: Matcher
    value: Matcher


@dataclass(frozen=True, slots=True)
class Between:
    """Some observation of a field of numbers or instants lies between the ends; None is an open one, at most one is."""

    field: Matcher
    low: End | None
    high: End | None


@dataclass(frozen=True, slots=True)
class And:
    """All hold: two at least, none of them an `And` or `Everything`, none twice."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any holds: two at least, none of them an `Or` or `Everything`, none twice."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other does not hold; it is no `Not`."""

    condition: Condition


Condition: TypeAlias = Everything | And | Or | Not | Exists | Has | Between
NOTHING = Not(Everything())
OfName: TypeAlias = Callable[[Matcher], Condition]
"""A condition for each name of a field."""


def all_of(conditions: Iterable[Condition]) -> Condition:
    """The condition that all of them hold; `Everything` of none."""
    parts: dict[Condition, None] = {}
    for condition in conditions:
        parts.update(dict.fromkeys(condition.conditions if isinstance(condition, And) else (condition,)))
    parts.pop(Everything(), None)
    if not parts:
        return Everything()
    return NOTHING if NOTHING in parts else And(tuple(parts)) if len(parts) > 1 else next(iter(parts))


def any_of(conditions: Iterable[Condition]) -> Condition:
    """The condition that any of them holds; nothing of none."""
    parts: dict[Condition, None] = {}
    for condition in conditions:
        parts.update(dict.fromkeys(condition.conditions if isinstance(condition, Or) else (condition,)))
    parts.pop(NOTHING, None)
    if not parts:
        return NOTHING
    return Everything() if Everything() in parts else Or(tuple(parts)) if len(parts) > 1 else next(iter(parts))


def negated(condition: Condition) -> Condition:
    """The condition that it does not hold."""
    return condition.condition if isinstance(condition, Not) else Not(condition)


def matcher(pieces: Iterable[str | Wildcard], *, exact: bool) -> Matcher:
    """The word or, if there is a wildcard, the pattern of some pieces."""
    parts = tuple(joined(piece if exact or isinstance(piece, Wildcard) else folded(piece) for piece in pieces))
    if any(isinstance(part, Wildcard) for part in parts):
        return Pattern(parts, exact)
    return Word("".join(part for part in parts if isinstance(part, str)), exact)


def joined(pieces: Iterable[str | Wildcard]) -> Iterator[str | Wildcard]:
    """Pieces with their neighbours joined: texts to one, and stars to one that comes after the question marks."""
    for are_wildcards, run in groupby(filter(None, pieces), lambda piece: isinstance(piece, Wildcard)):
        neighbours = list(run)
        if are_wildcards:
            yield from (piece for piece in neighbours if piece is Wildcard.ONE)
            yield from (Wildcard.ANY,) if Wildcard.ANY in neighbours else ()
        else:
            yield "".join(piece for piece in neighbours if isinstance(piece, str))


def _between_stars(pieces: tuple[str | Wildcard, ...]) -> list[str]:
    """What stands before, between and after the stars, as regular expressions."""
    parts = [""]
    for piece in pieces:
        if piece is Wildcard.ANY:
            parts.append("")
        else:
            parts[-1] += "." if isinstance(piece, Wildcard) else re.escape(piece).replace("\0", r"\x00")
    return parts
