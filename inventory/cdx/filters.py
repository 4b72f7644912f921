"""Conditions on lines of the index, and the skipping of lines that are like the one before: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import re2

from inventory.cdx.lines import FIELDS, ONLY_PYWB, ONLY_WAYBACK, Line
from inventory.instants import invalid

_FILTER = re.compile(r"(!?)([=~]?)([a-z]+):(.*)", re.DOTALL)
_COLLAPSE = re.compile(r"([a-z]+)(?::([1-9]\d{0,3}))?", re.ASCII)
MAX_FILTERS, MAX_PATTERN = 20, 500
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20
"""RE2 matches in time proportional to the text, whatever the expression is. The memory of one is bounded, too."""
NAMES = ", ".join(sorted(FIELDS))

Collapsed = tuple[str, ...]
"""For each `Collapse` the digest of the value that it saw last; empty before the first one."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a field; `text` is how it was written."""

    text: str
    field: str
    holds: Callable[[str], bool]
    negated: bool

    def admits(self, line: Line) -> bool:
        """Whether a line fulfils it."""
        return self.holds(line[self.field]) is not self.negated


@dataclass(frozen=True, slots=True)
class Collapse:
    """Lines are like each other if the first `characters` of a field are; None means all."""

    field: str
    characters: int | None

    def digest(self, line: Line) -> str:
        """What is the same for lines that are like each other."""
        return sha256(line[self.field][: self.characters].encode()).hexdigest()[:16]


def name_of(filter_or_collapse: str) -> str:
    """The name of the field in a filter or in what is collapsed by."""
    return filter_or_collapse.lstrip("!=~").partition(":")[0]


def read_filter(text: str, *, pywb: bool) -> Filter:
    """The condition that a parameter `filter` means; `InvalidRequest` if it means none.

    Without `=` or `~`, a name of the Wayback Machine has an expression that the whole value matches, and one of pywb a text
    that it contains. `pywb` says which it is of a name that both have.
    """
    found = _FILTER.fullmatch(text)
    if found is None or found[3] not in FIELDS:
        raise invalid("filter", f"{text[:60]!r} is no filter. Send [!]field:expression, with one of the fields {NAMES}.")
    negated, sign, name, wanted = found.groups()
    if len(wanted) > MAX_PATTERN:
        raise invalid("filter", f"An expression has at most {MAX_PATTERN} characters.")
    contains = not sign and (name in ONLY_PYWB or (pywb and name not in ONLY_WAYBACK))
    return Filter(text, FIELDS[name], _test(sign, wanted, contains=contains), bool(negated))


def read_collapse(text: str) -> Collapse:
    """What a parameter `collapse` means; `InvalidRequest` if it means nothing."""
    found = _COLLAPSE.fullmatch(text)
    if found is None or found[1] not in FIELDS:
        raise invalid("collapse", f"{text[:60]!r} is no field. Send field or field:N, with one of the fields {NAMES}.")
    return Collapse(FIELDS[found[1]], None if found[2] is None else int(found[2]))


def collapsed(by: Sequence[Collapse], seen: Collapsed, line: Line) -> tuple[Collapsed, bool]:
    """What is seen after a line, and whether the line stays. Each of `by` sees the lines that those before leave."""
    now = list(seen or [""] * len(by))
    for number, each in enumerate(by):
        digest = each.digest(line)
        if digest == now[number]:
            return tuple(now), False
        now[number] = digest
    return tuple(now), True


def _test(sign: str, wanted: str, *, contains: bool) -> Callable[[str], bool]:
    if sign == "=":
        return lambda value: value == wanted
    if contains:
        return lambda value: wanted in value
    try:
        expression = re2.compile(wanted, _OPTIONS)
    except re2.error as error:
        raise invalid("filter", f"{wanted[:60]!r} is not an expression of RE2: {_said(error)}.") from error
    match = expression.match if sign == "~" else expression.fullmatch
    return lambda value: match(value) is not None


def _said(error: re2.error) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
