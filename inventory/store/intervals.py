"""When statements held, as both stores compute it: pure, on whatever names a statement there. Instants are milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

Key = TypeVar("Key")

OBSERVATION_ORDER = ("field", "value", "volatile", "first_seen")
"""The members by which observations are answered in order."""
MAX_CLOSED_IN_HISTORY = 500
"""Closed observations of a target that its history has."""


@dataclass(frozen=True, slots=True)
class Interval(Generic[Key]):
    """A statement that held from `first` to before `gone`, and was last seen at `last`; None where it still holds."""

    key: Key
    first: int
    last: int | None = None
    gone: int | None = None


@dataclass(frozen=True, slots=True)
class Shown(Generic[Key]):
    """What one outcome showed at an instant. A failed one shows nothing but failures, and what never changes."""

    at: int
    keys: Set[Key]
    failed: bool = False


def rebuilt(
    kept: Iterable[Interval[Key]],
    history: Sequence[Shown[Key]],
    *,
    is_tag: Callable[[Key], bool],
    is_failure: Callable[[Key], bool],
) -> list[Interval[Key]]:
    """The intervals of a history, the oldest outcome first, and those kept of the time before it.

    Tags stay, and so do failures, because a history has at most the last of them. What else is known of outcomes between
    those of the history, whose snapshots retention has removed, is part of it.
    """
    if not history:
        return list(kept)
    kept, start = list(kept), history[0].at
    lasting = [each for each in kept if not (is_tag(each.key) or is_failure(each.key))]
    failed_at = {each.first for each in kept if is_failure(each.key)}
    history = sorted([*history, *_between(lasting, history, failed_at)], key=lambda shown: shown.at)
    done: list[Interval[Key]] = []
    still_open: dict[Key, Interval[Key]] = {}
    for each in kept:
        if is_tag(each.key) or (each.gone is not None and each.gone <= start):
            done.append(each)
        elif is_failure(each.key) and each.gone is not None:
            ends = (shown.at for shown in history if not shown.failed and shown.at > each.first)
            done.append(replace(each, gone=min(each.gone, *ends, each.gone)))
        elif is_failure(each.key):
            still_open[each.key] = replace(each, last=each.first)
        elif each.first < start:
            known = each.last is not None and each.last < start
            still_open[each.key] = replace(each, last=each.last if known else each.first, gone=None)
    for shown in history:
        _go_on(still_open, done, shown, is_failure)
    return done + [replace(each, last=None) for each in still_open.values()]


def _between(kept: Sequence[Interval[Key]], history: Sequence[Shown[Key]], failed_at: Set[int]) -> list[Shown[Key]]:
    """What the intervals say of instants after the first one of a history that it does not have.

    A failure does not count: it shows the URL alone, where that was not known, and ends nothing.
    """
    start, end, known = history[0].at, history[-1].at, failed_at | {shown.at for shown in history}
    instants = {at for each in kept for at in (each.first, each.last, each.gone) if at is not None and start < at < end}
    return [
        Shown(at, {each.key for each in kept if each.first <= at and (each.gone is None or at < each.gone)})
        for at in instants - known
    ]


def _go_on(
    still_open: dict[Key, Interval[Key]],
    done: list[Interval[Key]],
    shown: Shown[Key],
    is_failure: Callable[[Key], bool],
) -> None:
    """Close what an outcome shows to be gone, and open what it shows to be new."""
    for key, each in list(still_open.items()):
        ends = is_failure(key) if shown.failed else True
        if ends and key not in shown.keys and each.first <= shown.at:
            done.append(replace(each, gone=shown.at))
            del still_open[key]
    for key in shown.keys:
        before = still_open.get(key)
        first = shown.at if before is None else min(before.first, shown.at)
        still_open[key] = Interval(key, first, shown.at)
