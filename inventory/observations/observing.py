"""What collections state of their targets, with the volatility that follows from what was observed before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Protocol, TypeAlias

from inventory.html_pages.page import Page, kept_page
from inventory.observations import extraction
from inventory.observations.model import Observation
from inventory.observations.ports import Observations
from inventory.observations.volatility import CHANGES_IN_A_ROW, Volatility, next_volatility, shown_volatility
from inventory.records.model import Common, Content, Failed, Record, Snapshot, Statements, Stored, Target

OfSnapshot: TypeAlias = Callable[[Snapshot, Page | None], Common]
"""What policies say of a snapshot; the page is what its HTML says, None if at most its content tells."""
ObservedValues = Set[tuple[str, bool]]
"""What was observed of a field in one collection: values, and whether they are volatile."""


class Verdicts(Protocol):
    """What policies say of snapshots. Every method may raise `StorageUnavailable`."""

    def of(self, target: Target) -> OfSnapshot:
        """What the policies of this moment say of any snapshot of a target, with the labels that it has now."""

    def ask_for_labels(self) -> bool:
        """Whether what policies say may depend on the labels of targets."""


class Observer:
    """States what outcomes show. Every method may raise `StorageUnavailable`."""

    def __init__(self, observations: Observations, verdicts: Verdicts) -> None:
        self._observations, self._verdicts = observations, verdicts

    def statements(self, outcome: Stored | Failed) -> Statements:
        """The statements of an outcome that is not settled yet."""
        claim = outcome.claim
        if isinstance(outcome, Failed):
            return extraction.of_failure(claim.target, outcome.failure)
        page = kept_page(outcome.snapshot.content)  # once for both
        shown = self._shown(claim, outcome.snapshot.content, page)
        return extraction.with_verdicts(shown, self._verdicts.of(claim.target)(outcome.snapshot, page))

    def _shown(self, claim: Record, content: Content, page: Page | None) -> Statements:
        if claim.collected_at is None:
            return extraction.of_snapshot(claim.target, content, page)
        tracker = Tracker(seen_before(self._observations.history(claim.id), claim.collected_at))
        return tracker.observed(claim.target, content, page)


class Tracker:
    """Follows the collections of one target, the oldest first, and finds its volatile fields.

    `seen` has what was observed of fields before, in each of the last collections.
    """

    def __init__(self, seen: Mapping[str, Sequence[ObservedValues]] | None = None) -> None:
        self._volatilities: dict[str, Volatility] = {}
        self._values: dict[str, list[Set[str]]] = {}
        for field, before in (seen or {}).items():
            now = shown_volatility(field, next(filter(None, reversed(before)), ()))  # it stays so while nothing is shown
            self._volatilities[field] = now
            self._values[field] = [_values(each) for each in _since_last_change(field, before, now)]

    def observed(self, target: Target, content: Content, page: Page | None = None) -> Statements:
        """What the next collection shows."""
        shown = extraction.of_snapshot(target, content, page, self._known())
        if changed := self._note(shown):
            shown = extraction.of_snapshot(target, content, page, self._known())
            for field in changed:
                self._values[field] = [_by_field(shown).get(field, frozenset())]
        return shown

    def _known(self) -> Mapping[str, Volatility]:
        return {field: each for field, each in self._volatilities.items() if each is not Volatility.EXACT}

    def _note(self, shown: Statements) -> list[str]:
        """Remember what each field showed; those that are volatile from now on, or more than before."""
        changed = []
        values = _by_field(shown)
        for field in {*self._values, *values}:
            history = self._values.setdefault(field, [])
            history.append(values.get(field, frozenset()))
            del history[: -CHANGES_IN_A_ROW - 1]
            now = self._volatilities.get(field, Volatility.EXACT)
            if (after := next_volatility(field, now, history)) is not now:
                self._volatilities[field] = after
                changed.append(field)
        return changed


def seen_before(observations: Sequence[Observation], collected_at: datetime) -> Mapping[str, Sequence[ObservedValues]]:
    """What each field showed in each of the last collections of a target, as far as its observations tell.

    A collection that changed nothing is known by what was seen last in it. Where it is not known, nothing else changed.
    Of a field that none of these showed, what was seen last comes first.
    """
    instants = {instant for each in observations for instant in (each.first_seen, each.last_seen) if instant}
    latest = sorted({*instants, collected_at})[-CHANGES_IN_A_ROW:]
    of_fields: dict[str, list[Observation]] = {}
    for each in observations:
        of_fields.setdefault(each.field, []).append(each)
    return {field: _in_each(of_field, latest) for field, of_field in of_fields.items()}


def _in_each(of_field: Sequence[Observation], instants: Sequence[datetime]) -> Sequence[ObservedValues]:
    seen = [frozenset((one.value, one.volatile) for one in of_field if _held(one, instant)) for instant in instants]
    if any(seen):
        return seen
    last = max(one.first_seen for one in of_field)
    return [frozenset((one.value, one.volatile) for one in of_field if _held(one, last)), *seen]


def _held(observation: Observation, instant: datetime) -> bool:
    return observation.first_seen <= instant and (observation.gone is None or instant < observation.gone)


def _since_last_change(field: str, seen: Sequence[ObservedValues], now: Volatility) -> Sequence[ObservedValues]:
    """The last collections in which the volatility of a field was as it is now."""
    start = len(seen)
    while start and shown_volatility(field, seen[start - 1]) is now:
        start -= 1
    return seen[start:]


def _by_field(shown: Statements) -> Mapping[str, Set[str]]:
    """The values of fields of which more than the latest is kept."""
    values: dict[str, set[str]] = {}
    for field, value, _ in (*shown.own, *shown.common.statements):
        values.setdefault(field, set()).add(value)
    return values


def _values(seen: Iterable[tuple[str, bool]]) -> Set[str]:
    return frozenset(value for value, _ in seen)
