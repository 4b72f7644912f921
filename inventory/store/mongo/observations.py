"""Observations: what is asked of them. `observing` writes them, and `conditions` reads conditions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime

from inventory.clock import Clock
from inventory.errors import QueryTooBroad
from inventory.listing import Key
from inventory.observations.model import (
    Change,
    Condition,
    FacetValue,
    FoundTarget,
    Matcher,
    Observation,
    Outcome,
    Reindexing,
    SameChange,
)
from inventory.records.model import Record
from inventory.store.codecs import from_millis, to_millis
from inventory.store.mongo import changed, documents, facets, pruning, same_changes, shown, unindexed
from inventory.store.mongo.asking import Asked, Bounds, asking
from inventory.store.mongo.conditions import Query
from inventory.store.mongo.connection import Adapter, Connection
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observing import Observing
from inventory.store.pairs import Pair


class MongoObservations(Adapter):
    def __init__(
        self, connection: Connection, observing: Observing, numbers: Numbers, *, bounds: Bounds, clock: Clock
    ) -> None:
        super().__init__(connection)
        self._observing, self._numbers = observing, numbers
        self._bounds, self._clock = bounds, clock

    def search(self, condition: Condition, *, at: datetime | None, limit: int, after: Key | None) -> Sequence[FoundTarget]:
        with asking(self._connection, self._bounds.page_seconds) as asked:
            return _search(self._query(asked, condition, at), limit, after)

    def count(self, condition: Condition, *, at: datetime | None, up_to: int = 10_000) -> int | None:
        try:
            with asking(self._connection, self._bounds.page_seconds) as asked:
                query = self._query(asked, condition, at)
                if query.exact:
                    return asked.database["observed_targets"].count_documents(query.filter, limit=up_to + 1)
                return len(_search(query, up_to + 1, None))
        except QueryTooBroad:
            return None

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        with asking(self._connection, self._bounds.total_seconds) as asked:
            return shown.of_records(asked.database, self._numbers, record_ids, fields, _millis(at))

    def facet(self, condition: Condition, *, at: datetime | None, field: str, limit: int) -> Sequence[FacetValue]:
        with asking(self._connection, self._bounds.total_seconds) as asked:
            return facets.commonest(self._query(asked, condition, at), self._numbers, field, limit)

    def changes(
        self,
        condition: Condition,
        *,
        fields: Sequence[Matcher],
        since: datetime,
        until: datetime,
        limit: int,
        after: tuple[datetime, str, str] | None,
    ) -> Sequence[Change]:
        with asking(self._connection, self._bounds.total_seconds) as asked:
            query, begin, end = self._query(asked, condition, None), to_millis(since), to_millis(until)
            return changed.newest(query, self._numbers, fields, since=begin, until=end, limit=limit, after=after)

    def same_changes(
        self, condition: Condition, *, fields: Sequence[Matcher], since: datetime, until: datetime, limit: int
    ) -> Sequence[SameChange]:
        with asking(self._connection, self._bounds.total_seconds) as asked:
            query, begin, end = self._query(asked, condition, None), to_millis(since), to_millis(until)
            return same_changes.all_of(query, self._numbers, fields, since=begin, until=end, limit=limit)

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        with self._connection.database() as database:
            return shown.values(database, self._numbers, record_ids, fields)

    def counts(self, record_ids: Collection[str], values: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        with self._connection.database() as database:
            return shown.counts(database, self._numbers, record_ids, values)

    def history(self, record_id: str) -> Sequence[Observation]:
        with self._connection.database() as database:
            return shown.history(database, self._numbers, record_id)

    def known_since(self) -> datetime | None:
        with self._connection.database() as database:
            first = database["observed_targets"].find_one({}, {"since": 1}, sort=[("since", 1)])
        return None if first is None else from_millis(first["since"])

    def tag(self, record_id: str, tags: Sequence[str], *, now: datetime) -> bool:
        wanted = self._observing.pairs(tags)
        return self._observing.tag([record_id], lambda _: wanted, to_millis(now)) == 1

    def add_tags(self, record_ids: Sequence[str], tags: Sequence[str], *, now: datetime) -> None:
        added = self._observing.pairs(tags)

        def besides(before: Set[Pair]) -> Set[Pair]:
            return before | added

        self._observing.tag(list(dict.fromkeys(record_ids)), besides, to_millis(now))

    def unindexed(self, *, limit: int, after: str = "") -> Sequence[str]:
        with self._connection.database() as database:
            return unindexed.ids(database, limit, after)

    def count_unindexed(self, *, up_to: int) -> int:
        with self._connection.database() as database:
            return unindexed.count(database, up_to)

    def mark_unindexed(self, *, after: str, limit: int) -> str | None:
        with self._connection.database() as database:
            return unindexed.mark(database, after, limit)

    def reindex(self, seen: Record, history: Sequence[Outcome]) -> bool:
        return self._observing.rebuild(seen, history)

    def set_aside(self, record_id: str, reason: str, *, seen: Record | None) -> None:
        with self._connection.database() as database:
            unindexed.set_aside(database, record_id, reason, seen)

    def unindexable(self, *, limit: int) -> Mapping[str, str]:
        with self._connection.database() as database:
            return unindexed.unindexable(database, limit)

    def reindexing(self) -> Reindexing | None:
        with self._connection.database() as database:
            return unindexed.reindexing(database)

    def note_reindexing(self, run: Reindexing | None) -> None:
        with self._connection.database() as database:
            unindexed.note_reindexing(database, run)

    def prune(self, *, after: int, limit: int) -> int:
        with self._connection.database() as database:
            return pruning.prune(database, after, limit, self._clock())

    def _query(self, asked: Asked, condition: Condition, at: datetime | None) -> Query:
        return Query(asked, condition, _millis(at), self._numbers, self._bounds)


def _search(query: Query, limit: int, after: Key | None) -> Sequence[FoundTarget]:
    chosen = documents.after_key("position", after, as_millis=True)
    found = query.found(chosen, {"position": 1}, limit=limit, order=documents.newest_first("position"))
    return [FoundTarget(each["_id"], from_millis(each["position"])) for each in found]


def _millis(at: datetime | None) -> int | None:
    return None if at is None else to_millis(at)
