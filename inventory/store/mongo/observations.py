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
    PastCollection,
    Reindexing,
    SameChange,
    folded,
)
from inventory.records.model import Record
from inventory.store.codecs import from_millis, to_millis, to_millis_or_none
from inventory.store.matching import LAST, is_text
from inventory.store.mongo import changed, documents, facets, pruning, same_changes, target_states, unindexed
from inventory.store.mongo.conditions import Query
from inventory.store.mongo.connection import Adapter, Connection
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observing import Observing
from inventory.store.mongo.query_bounds import Bounds, TimedDatabase, time_limit
from inventory.store.pairs import Pair


class MongoObservations(Adapter):
    def __init__(
        self, connection: Connection, observing: Observing, numbers: Numbers, *, bounds: Bounds, clock: Clock
    ) -> None:
        super().__init__(connection)
        self._observing, self._numbers = observing, numbers
        self._bounds, self._clock = bounds, clock

    def search(self, condition: Condition, *, at: datetime | None, limit: int, after: Key | None) -> Sequence[FoundTarget]:
        with time_limit(self._connection, self._bounds.page_seconds) as timed:
            return _search(self._query(timed, condition, at), limit, after)

    def count(self, condition: Condition, *, at: datetime | None, up_to: int = 10_000) -> int | None:
        try:
            with time_limit(self._connection, self._bounds.page_seconds) as timed:
                query = self._query(timed, condition, at)
                if query.exact:
                    return timed.database["observed_targets"].count_documents(query.filter, limit=up_to + 1)
                return len(_search(query, up_to + 1, None))
        except QueryTooBroad:
            return None

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        with time_limit(self._connection, self._bounds.total_seconds) as timed:
            return target_states.of_records(timed.database, self._numbers, record_ids, fields, to_millis_or_none(at))

    def facet(self, condition: Condition, *, at: datetime | None, field: str, limit: int) -> Sequence[FacetValue]:
        with time_limit(self._connection, self._bounds.total_seconds) as timed:
            return facets.commonest(self._query(timed, condition, at), self._numbers, field, limit)

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
        with time_limit(self._connection, self._bounds.total_seconds) as timed:
            query, begin, end = self._query(timed, condition, None), to_millis(since), to_millis(until)
            return changed.newest(query, self._numbers, fields, since=begin, until=end, limit=limit, after=after)

    def same_changes(
        self, condition: Condition, *, fields: Sequence[Matcher], since: datetime, until: datetime, limit: int
    ) -> Sequence[SameChange]:
        with time_limit(self._connection, self._bounds.total_seconds) as timed:
            query, begin, end = self._query(timed, condition, None), to_millis(since), to_millis(until)
            return same_changes.all_of(query, self._numbers, fields, since=begin, until=end, limit=limit)

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        with self._connection.database() as database:
            return target_states.values(database, self._numbers, record_ids, fields)

    def counts(
        self, groups: Sequence[tuple[Collection[str], Collection[tuple[str, str]]]]
    ) -> Sequence[Mapping[tuple[str, str], int]]:
        with self._connection.database() as database:
            return target_states.counts(database, self._numbers, groups)

    def history(self, record_id: str) -> Sequence[Observation]:
        with self._connection.database() as database:
            return target_states.history(database, self._numbers, record_id)

    def intervals(self, since: Mapping[str, datetime]) -> Mapping[str, Sequence[Observation]]:
        with self._connection.database() as database:
            instants = {record_id: to_millis(each) for record_id, each in since.items()}
            return target_states.intervals(database, self._numbers, instants)

    def field_names(self, prefix: str, *, limit: int) -> Sequence[str]:
        if not is_text(prefix):
            return []
        first = folded(prefix)
        with self._connection.database() as database:
            found = database["fields"].find({"folded": {"$gte": first, "$lte": first + LAST}}, {"_id": 1})
            return [each["_id"] for each in found.sort([("folded", 1), ("_id", 1)]).limit(limit)]

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

    def reindex(self, seen: Record, history: Sequence[PastCollection]) -> bool:
        return self._observing.rebuild(seen, history)

    def mark_collected(self, record_ids: Sequence[str]) -> None:
        with self._connection.database() as database:
            unindexed.mark_collected(database, record_ids)

    def set_aside(self, record_id: str, reason: str, *, seen: Record | None) -> None:
        with self._connection.database() as database:
            unindexed.set_aside(database, record_id, reason, seen)

    def unindexable(self, *, limit: int) -> Mapping[str, str]:
        with self._connection.database() as database:
            return unindexed.unindexable(database, limit)

    def reindexing(self) -> Reindexing | None:
        with self._connection.database() as database:
            return unindexed.reindexing(database)

    def note_reindexing(self, run: Reindexing) -> Reindexing:
        with self._connection.database() as database:
            return unindexed.note_reindexing(database, run)

    def end_reindexing(self, run: Reindexing) -> None:
        with self._connection.database() as database:
            unindexed.end_reindexing(database, run)

    def prune(self, *, after: int, limit: int) -> int:
        with self._connection.database() as database:
            return pruning.prune(database, after, limit, self._clock())

    def _query(self, timed: TimedDatabase, condition: Condition, at: datetime | None) -> Query:
        return Query(timed, condition, to_millis_or_none(at), self._numbers, self._bounds)


def _search(query: Query, limit: int, after: Key | None) -> Sequence[FoundTarget]:
    chosen = documents.after_key("position", after, as_millis=True)
    found = query.found(chosen, {"position": 1}, limit=limit, order=documents.newest_first("position"))
    return [FoundTarget(each["_id"], from_millis(each["position"])) for each in found]
