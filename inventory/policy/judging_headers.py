"""Judges the lines of headers, and the directives in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inventory.folding import folded
from inventory.policy.model import Evidence
from inventory.policy.requirements import Header, Lines, Presence
from inventory.policy.seen import Hop, Seen
from inventory.policy.seen_values import chosen_hops, clipped

MAX_VALUES = 2_000
"""Of one header in one response."""
HIDDEN = frozenset({"set-cookie", "set-cookie2"})
"""Headers whose values are never shown."""
_SPACE = " \t"


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of a line; `text` is None where the line lacks the directive."""

    text: str | None
    line: int
    sent: str


def header_problems(wanted: Header, seen: Seen) -> Iterator[Evidence]:
    """Where the lines of a header are not as they should be, hop by hop."""
    for hop in chosen_hops(wanted.hops, seen, wanted.scheme):
        values = _chosen(wanted, _values(wanted, hop.lines.get(wanted.name, ())))
        if wanted.presence is Presence.ABSENT:
            yield from (_evidence(wanted, hop, each, "is there") for each in values if each.text is not None)
        elif not values:
            if wanted.presence is Presence.PRESENT:
                yield _nothing(wanted, hop)
        else:
            yield from _of_hop(wanted, hop, values)


def _of_hop(wanted: Header, hop: Hop, values: Sequence[_Value]) -> Iterator[Evidence]:
    problems = [(each, _problem(wanted, each)) for each in values]
    if wanted.lines is Lines.ANY and any(problem is None for _, problem in problems):
        return
    yield from (_evidence(wanted, hop, each, problem) for each, problem in problems if problem is not None)


def _problem(wanted: Header, value: _Value) -> str | None:
    if value.text is None:
        return None if wanted.presence is Presence.OPTIONAL else "is missing"
    return wanted.test.problem(value.text)


def _values(wanted: Header, lines: Sequence[tuple[int, str]]) -> Sequence[_Value]:
    if wanted.directive is not None:
        found = directives(lines, wanted.directive, wanted.split)
        return [_Value(text, number, sent) for (number, text), (_, sent) in zip(found, lines, strict=False)]
    pieces = [(number, sent, each) for number, sent in lines for each in _pieces(sent, wanted.split)][:MAX_VALUES]
    return [_Value(each.strip(_SPACE), number, sent) for number, sent, each in pieces]


def directives(lines: Sequence[tuple[int, str]], name: str, split: str | None) -> Sequence[tuple[int, str | None]]:
    """What each line has of a directive, with its number."""
    wanted = folded(name)
    return [(number, _directive(wanted, _pieces(sent, split))) for number, sent in lines[:MAX_VALUES]]


def _pieces(sent: str, split: str | None) -> Sequence[str]:
    return [sent] if split is None else sent.split(split, MAX_VALUES)[:MAX_VALUES]


def _chosen(wanted: Header, values: Sequence[_Value]) -> Sequence[_Value]:
    known = {folded(each) for each in wanted.known}
    counted = [each for each in values if not known or (each.text is not None and folded(each.text) in known)]
    return {Lines.FIRST: counted[:1], Lines.LAST: counted[-1:]}.get(wanted.lines, counted)


def _directive(wanted: str, pieces: Sequence[str]) -> str | None:
    """The value of the first directive of a name, without quotes; "" if it has none, and None if there is no such one."""
    for piece in pieces:
        found, _, value = piece.partition("=")
        found = found.strip(_SPACE)
        if len(found) == len(wanted) and folded(found) == wanted:  # folding keeps the length
            return value.strip(_SPACE).removeprefix('"').removesuffix('"')
    return None


def _evidence(wanted: Header, hop: Hop, value: _Value, problem: str) -> Evidence:
    of = f"`{wanted.directive}` " if wanted.directive is not None else ""
    shown = "" if wanted.name in HIDDEN else clipped(value.sent)
    told = f"{of}{problem}" if of else f"the value {problem}"
    return Evidence(problem=told, hop=hop.number, line=value.line, name=wanted.name, value=shown)


def _nothing(wanted: Header, hop: Hop) -> Evidence:
    what = "no line has a value that counts" if wanted.name in hop.lines else "there is no such line"
    return Evidence(problem=what, hop=hop.number, name=wanted.name)
