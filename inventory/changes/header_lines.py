"""Pairs the header lines of two answers, and tells what became of each. The order costs n log n, all else is linear."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from inventory.changes.model import Change, ChangeKind, HeaderLine
from inventory.changes.rising import longest_rise
from inventory.changes.volatile import is_volatile_header

Lines = Sequence[Mapping[str, str]]
Pair = tuple[int, int]
"""The positions of one line in both lists, from 0."""

_FIRST_WORD = re.compile(r"[^=;,\s]*")


def line_changes(old: Lines, new: Lines, *, prefix: str, hop: int | None = None) -> list[Change]:
    """What to do to the old header lines to get the new ones; each field is the prefix and the name in lower case.

    Lines that are not among the changes are as they were, and in their old order. Names are the same in any case; a line
    whose name only differs in case is changed.
    """
    pairs = sorted(_pairs(old, new))
    in_order = {pairs[index] for index in longest_rise([after for _, after in pairs])}
    paired_old, paired_new = {before for before, _ in pairs}, {after for _, after in pairs}
    found: list[tuple[int | None, int | None]] = [
        (before, after) for before, after in pairs if old[before] != new[after] or (before, after) not in in_order
    ]
    found += [(before, None) for before in range(len(old)) if before not in paired_old]
    found += [(None, after) for after in range(len(new)) if after not in paired_new]
    found.sort(key=_order)
    return [_change(old, new, before, after, prefix, hop) for before, after in found]


def _order(positions: tuple[int | None, int | None]) -> tuple[int, bool]:
    """Where a change is listed: by its new position, and before what is there now if it is gone from there."""
    before, after = positions
    return (after, True) if after is not None else (before or 0, False)


def _pairs(old: Lines, new: Lines) -> Iterator[Pair]:
    """Lines that are one: with the same name, and if there are several, then with the same value, or else a like one."""
    after_by_name = _by(new, range(len(new)), _name)
    for name, before in _by(old, range(len(old)), _name).items():
        equal, gone, come = _matched(old, new, before, after_by_name.get(name, ()), _value)
        like, gone, come = _matched(old, new, gone, come, _like)
        yield from equal
        yield from like
        if name != "set-cookie":  # cookies of different names are different cookies
            yield from zip(gone, come, strict=False)


def _matched(
    old: Lines, new: Lines, befores: Iterable[int], afters: Iterable[int], key: Callable[[Mapping[str, str]], str]
) -> tuple[list[Pair], list[int], list[int]]:
    """The pairs of lines with equal keys, in their order, and the lines that are left over on both sides."""
    waiting = _by(new, afters, key)
    pairs, left = [], []
    for before in befores:
        candidates = waiting.get(key(old[before]))
        if candidates:
            pairs.append((before, candidates.popleft()))
        else:
            left.append(before)
    return pairs, left, sorted(after for candidates in waiting.values() for after in candidates)


def _by(lines: Lines, positions: Iterable[int], key: Callable[[Mapping[str, str]], str]) -> dict[str, deque[int]]:
    grouped: dict[str, deque[int]] = defaultdict(deque)
    for position in positions:
        grouped[key(lines[position])].append(position)
    return grouped


def _name(line: Mapping[str, str]) -> str:
    return line["name"].lower()


def _value(line: Mapping[str, str]) -> str:
    return line["value"]


def _like(line: Mapping[str, str]) -> str:
    """What two values of one header have in common where they mean the same thing: the name of a cookie, a link's target."""
    word = _FIRST_WORD.match(line["value"])
    return word[0] if word else ""


def _change(old: Lines, new: Lines, before: int | None, after: int | None, prefix: str, hop: int | None) -> Change:
    was = None if before is None else old[before]
    now = None if after is None else new[after]
    name = _name(now or was or {})
    values = None if was is None else was["value"], None if now is None else now["value"]
    return Change(
        field=f"{prefix}{name}",
        kind=_kind(was, now),
        old=values[0],
        new=values[1],
        volatile=is_volatile_header(name, *values),
        hop=hop,
        old_line=_line(was, before),
        new_line=_line(now, after),
    )


def _kind(was: Mapping[str, str] | None, now: Mapping[str, str] | None) -> ChangeKind:
    if was is None:
        return ChangeKind.ADDED
    if now is None:
        return ChangeKind.REMOVED
    return ChangeKind.MOVED if was == now else ChangeKind.CHANGED


def _line(line: Mapping[str, str] | None, position: int | None) -> HeaderLine | None:
    return None if line is None or position is None else HeaderLine(position=position + 1, name=line["name"])
