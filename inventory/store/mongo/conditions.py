"""Conditions as filters of documents, for what the server finds by itself, and as tests of those that it found.

The server narrows the choice by the indexes of values that hold and that held. It is left to finish where it can: for what
holds now, unless so many values satisfy a condition that those of each target are tested. The past is always finished here:
FerretDB 1 knows no `$elemMatch` of documents, which would say that one and the same interval has the value and the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from inventory.observations.model import And, Between, Condition, Everything, Exists, Has, Not, Or
from inventory.store.mongo.connection import Document
from inventory.store.mongo.leaves import Leaf, fits, resolve
from inventory.store.mongo.numbers import Numbers, Text
from inventory.store.mongo.observed import COLUMNS, read
from inventory.store.mongo.query_bounds import Bounds, TimedDatabase
from inventory.store.pairs import Pair

ANY: Document = {}
NONE: Document = {"values": {"$in": []}}
TESTED = dict.fromkeys(("pairs", "opened", "since", *COLUMNS.values()), 1)
TESTED_THEN = TESTED | {"past": 1}


@dataclass(frozen=True, slots=True)
class State:
    """What held of a target: its pairs, and its document."""

    pairs: Set[Pair]
    values: Set[int]
    document: Document


class Query:
    """A condition, as of an instant in milliseconds or of now.

    Documents that it holds for match `filter`; others may do so unless it is `exact`.
    """

    def __init__(self, timed: TimedDatabase, condition: Condition, at: int | None, numbers: Numbers, bounds: Bounds) -> None:
        self.timed, self.at, self.bounds = timed, at, bounds
        self._condition, self._numbers = condition, numbers
        self._leaves: dict[Condition, Leaf] = {}
        self._resolve(condition)
        self.exact = self._is_exact(condition)
        self.filter = conjunction([self._necessary(condition), ANY if at is None else {"known_from": {"$lte": at}}])

    def found(self, chosen: Document, shown: Document, *, limit: int, order: Sequence[tuple[str, int]]) -> list[Document]:
        """Up to `limit` documents that it holds for among those that are chosen, in an order, with what is to be shown."""
        return [each for each, _ in zip(self.each(chosen, shown, order=order, limit=limit), range(limit), strict=False)]

    def each(
        self, chosen: Document, shown: Document, *, order: Sequence[tuple[str, int]] = (), limit: int = 0
    ) -> Iterator[Document]:
        """The same one after the other; without a limit all of them."""
        fields = shown if self.exact else shown | (TESTED if self.at is None else TESTED_THEN)
        found = self.timed.database["observed_targets"].find(conjunction([self.filter, chosen]), fields)
        found = found.sort(list(order)) if order else found
        if self.exact:
            found = found.limit(limit)
        chunk: list[Document] = []
        for document in found.batch_size(self.bounds.chunk):
            chunk.append(document)
            if len(chunk) == self.bounds.chunk:
                yield from self._holding(chunk)
                self.timed.check()
                chunk = []
        yield from self._holding(chunk)

    def _holding(self, chunk: Sequence[Document]) -> Sequence[Document]:
        if self.exact:
            return chunk
        states = [self._state(document) for document in chunk]
        fields = {field for leaf in self._leaves.values() if leaf.test for field in leaf.fields}
        tested = {value for state in states for field, value in state.pairs if field in fields}
        texts = self._numbers.texts(self.timed.database, tested)
        return [state.document for state in states if self._holds(self._condition, state, texts)]

    def _state(self, document: Document) -> State:
        pairs = {each.key for each in read(document).held(self.at)}
        return State(pairs, {value for _, value in pairs}, document)

    def _resolve(self, condition: Condition) -> None:
        match condition:
            case And(conditions) | Or(conditions):
                for each in conditions:
                    self._resolve(each)
            case Not(other):
                self._resolve(other)
            case Exists() | Has() | Between():
                self._leaves[condition] = resolve(self.timed.database, condition, self.bounds)

    def _is_exact(self, condition: Condition) -> bool:
        match condition:
            case And(conditions) | Or(conditions):
                return all(map(self._is_exact, conditions))
            case Not(other):
                return self._is_exact(other)
            case Exists() | Has() | Between():
                leaf = self._leaves[condition]
                return self.at is None and leaf.test is None
            case _:
                return True

    def _necessary(self, condition: Condition) -> Document:
        """What documents must match that a condition holds for."""
        match condition:
            case And(conditions):
                return conjunction(map(self._necessary, conditions))
            case Or(conditions):
                return _disjunction([self._necessary(each) for each in conditions])
            case Not(other):
                if not self._is_exact(other):
                    return ANY
                return NONE if (filter_ := self._necessary(other)) == ANY else {"$nor": [filter_]}
            case Exists() | Has() | Between():
                return self._shows(self._leaves[condition])
            case _:
                return ANY

    def _shows(self, leaf: Leaf) -> Document:
        parts: list[Document] = [{"values": {"$in": sorted(leaf.values)}}] if leaf.values else []
        parts += [{"fields": {"$in": sorted(leaf.fields)}}] if leaf.fields else []
        if self.at is None:
            parts += [{column: chosen} for column, chosen in leaf.columns.items()]
        else:
            parts += [{"past.v": {"$in": sorted(leaf.values)}}] if leaf.values else []
            parts += [{"past.f": {"$in": sorted(leaf.fields)}}] if leaf.fields else []
        return _disjunction(parts)

    def _holds(self, condition: Condition, state: State, texts: Mapping[int, Text]) -> bool:
        match condition:
            case Everything():
                return True
            case And(conditions):
                return all(self._holds(each, state, texts) for each in conditions)
            case Or(conditions):
                return any(self._holds(each, state, texts) for each in conditions)
            case Not(other):
                return not self._holds(other, state, texts)
            case Exists() | Has() | Between():
                return self._is_shown(self._leaves[condition], state, texts)

    def _is_shown(self, leaf: Leaf, state: State, texts: Mapping[int, Text]) -> bool:
        if not leaf.values.isdisjoint(state.values):
            return True
        shown = (value for field, value in state.pairs if field in leaf.fields) if leaf.fields else ()
        if any(leaf.test is None or (value in texts and leaf.test(texts[value])) for value in shown):
            return True
        return self.at is None and any(fits(state.document[name], chosen) for name, chosen in leaf.columns.items())


def conjunction(filters: Sequence[Document] | Iterator[Document] | map[Document]) -> Document:
    """The filter of what matches all of these."""
    parts = [each for each in filters if each != ANY]
    if not parts:
        return ANY
    return parts[0] if len(parts) == 1 else {"$and": parts}


def _disjunction(filters: Sequence[Document]) -> Document:
    if ANY in filters:
        return ANY
    if not filters:
        return NONE
    return filters[0] if len(filters) == 1 else {"$or": list(filters)}
