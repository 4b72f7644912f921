"""What is required of a value: to equal a text, to match a glob, or to be a number within bounds.

All comparisons ignore case, and take time in proportion to the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from inventory.folding import folded
from inventory.observations.conditions import Wildcard, Word, matcher

_PIECES = re.compile(r"\\.|[*?]|[^*?\\]+|\\", re.DOTALL)
_WILDCARDS = {"*": Wildcard.ANY, "?": Wildcard.ONE}
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
SHOWN = 100
"""Characters of a required value in a problem."""


@lru_cache(maxsize=1_024)
def glob(text: str) -> Callable[[str], bool]:
    """Whether a text is one that a glob means, in any case: `*` is any text, `?` one character, unless after a backslash."""
    meant = matcher((_WILDCARDS.get(piece) or _literal(piece) for piece in _PIECES.findall(text)), exact=False)
    if isinstance(meant, Word):
        return meant.matches
    match = meant.compiled().match
    return lambda value: match(folded(value)) is not None


def _literal(piece: str) -> str:
    return piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTest:
    """What a value must be; everything that is given must hold. One glob of `matches` must match, and none of `none_of`."""

    equals: str | None = None
    one_of: Sequence[str] = ()
    matches: Sequence[str] = ()
    none_of: Sequence[str] = ()
    min: int | None = None
    max: int | None = None

    def problem(self, value: str) -> str | None:
        """What is wrong with a value; None if nothing is."""
        text = folded(value)
        if self.equals is not None and text != folded(self.equals):
            return f"is not {_quoted([self.equals])}"
        if self.one_of and text not in {folded(each) for each in self.one_of}:
            return f"is none of {_quoted(self.one_of)}"
        if self.matches and not any(glob(each)(value) for each in self.matches):
            return f"does not match {_quoted(self.matches)}"
        unwanted = next((each for each in self.none_of if glob(each)(value)), None)
        return self._out_of_bounds(value) if unwanted is None else f"matches {_quoted([unwanted])}"

    def _out_of_bounds(self, value: str) -> str | None:
        if self.min is None and self.max is None:
            return None
        if not _NUMBER.fullmatch(value.removeprefix("-")):
            return "is not a whole number"
        number = int(value)
        if self.min is not None and number < self.min:
            return f"is less than {self.min}"
        if self.max is not None and number > self.max:
            return f"is more than {self.max}"
        return None


def _quoted(values: Sequence[str]) -> str:
    text = ", ".join(f"`{each}`" for each in values[:10])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
