"""Writing observations, after the record that they are of.

Without transactions, these orders keep observations those of the outcomes, whoever dies or is slow:

    settling    1. end the claim, and with the same update take the record's mark `indexed` away   2. read the target's
                document   3. write it, where it still has the version that was read   4. mark the record, where it still
                has the lease of the claim
    rebuilding  a. read the document   b. see that the record is as its history was read   c. write the document, where it
                still has that version   d. mark the record, where it is as in (b)
    deleting    remove the record, then the document

Step 4 follows only if the record was marked before step 1: then the document has all earlier outcomes. It is left alone if
it has a later one, or belongs to another record of the same id. Whatever goes wrong leaves a record that is not marked, and
that is rebuilt. Step 3 may come after a deletion: then step 4 does not find the record, and removes the document again.
What dies in between leaves a document without a record, which `pruning` removes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo import UpdateOne
from pymongo.database import Database

from inventory.errors import StorageUnavailable, Unstorable
from inventory.observations import model
from inventory.observations.model import FAILURE, LATEST_ONLY, TAG, Statement
from inventory.records.model import Failed, Record, Stored
from inventory.store.codecs import to_millis
from inventory.store.intervals import Shown, rebuilt
from inventory.store.mongo import documents
from inventory.store.mongo.connection import Adapter, Connection, Document
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observed import Observed, changed_to, first_seen, latest_only, of_intervals, read, written
from inventory.store.mongo.unindexed import UNINDEXED
from inventory.store.mongo.upserts import insert_new, update_all
from inventory.store.pairs import Pair

log = structlog.get_logger(__name__)

MAX_TRIES = 5
"""How often tags are given to a target that others change each time."""

Outcome = Stored | Failed
Pairs = Mapping[Statement, Pair]


@dataclass(frozen=True, slots=True)
class Write:
    """A change of the document of a record; `version` is that of the document that was read, None if there was none."""

    record_id: str
    version: int | None
    changed: Document


class Observing(Adapter):
    """Writes observations."""

    def __init__(self, connection: Connection, numbers: Numbers) -> None:
        super().__init__(connection)
        self._numbers = numbers

    def settled(self, outcomes: Sequence[Outcome], *, unmarked: Set[str]) -> None:
        """Write what outcomes state whose records were just settled; some of these had not been indexed before.

        What cannot be written now is left to the next indexing: the outcomes themselves are kept.
        """
        if not outcomes:
            return
        try:
            with self._connection.database() as database:
                self._mark(database, outcomes, self._settle(database, outcomes) - unmarked)
        except (StorageUnavailable, Unstorable) as error:
            log.warning("observations_delayed", records=len(outcomes), error=str(error))

    def tag(self, record_ids: Sequence[str], tags: Callable[[Set[Pair]], Set[Pair]], at: int) -> int:
        """Give each of these records the tags that follow from those it has; how many of them exist."""
        left, tagged = list(record_ids), 0
        with self._connection.database() as database:
            for _ in range(MAX_TRIES):
                kept = _observed(database, left)  # before the records: what these do not have is older
                records = {key: documents.record(each) for key, each in _records(database, left).items()}
                writes = {key: self._tagged(database, each, kept.get(key), tags, at) for key, each in records.items()}
                done = write_all(database, [each for each in writes.values() if each])
                remove_orphans(database, {key: to_millis(records[key].accepted_at) for key in done})
                left = [key for key, write in writes.items() if write and key not in done]
                tagged += len(records) - len(left)
                if not left:
                    return tagged
        raise StorageUnavailable(f"{len(left)} targets changed each time that they were to be tagged.")

    def pairs(self, tags: Sequence[str]) -> Set[Pair]:
        """The numbers of these tags."""
        with self._connection.database() as database:
            return set(self._numbers.pairs(database, [Statement(TAG, tag) for tag in tags]).values())

    def rebuild(self, seen: Record, history: Sequence[model.Outcome]) -> bool:
        """Steps a to d: write the intervals of a history; False if the record is not as it was seen any more."""
        accepted_at = to_millis(seen.accepted_at)
        as_seen = UNINDEXED | {
            "_id": seen.id,
            "accepted_at": seen.accepted_at,
            "fence": seen.fence,
            "state": seen.state.value,
        }
        with self._connection.database() as database:
            document = _observed(database, [seen.id]).get(seen.id)
            if database["records"].find_one(as_seen, {"_id": 1}) is None:
                return False
            before = read(document) if document is not None and document["accepted_at"] == accepted_at else None
            observed = self._rebuilt(database, before, history)
            version = document["version"] if document else None
            if observed is None:
                remove_version(database, seen.id, version)
            else:
                stated = next((each.statements for each in reversed(history) if not each.failed), ())
                changed = written(observed, _millis(seen.first_collected_at)) | latest_only(stated) | _of_record(seen)
                if not write_all(database, [Write(seen.id, version, changed)]):
                    return False
            marked = database["records"].update_one(as_seen, {"$set": {"indexed": True}}).matched_count == 1
            if not marked:
                remove_orphans(database, {seen.id: accepted_at})
        return marked

    def _settle(self, database: Database[Document], outcomes: Sequence[Outcome]) -> set[str]:
        """Steps 2 and 3; the ids of the records of which all is written."""
        new = {each.claim.id: each for each in outcomes if each.claim.collected_at is None and each.claim.failure is None}
        stated = [one for each in outcomes for one in _numbered(each)]
        pairs = self._numbers.pairs(database, stated, mostly_new=len(new) == len(outcomes))
        shown = {each.claim.id: {pairs[one] for one in _numbered(each)} for each in outcomes}
        done = write_all(database, [_first(each, shown[key]) for key, each in new.items() if shown[key]])
        rest = [each for each in outcomes if each.claim.id not in done]
        if rest:
            kept = _observed(database, [each.claim.id for each in rest])
            writes = {each.claim.id: self._next(database, each, kept.get(each.claim.id), shown) for each in rest}
            done |= write_all(database, [write for write in writes.values() if write is not None])
            done |= {key for key in writes if key not in kept and not shown[key]}  # it says nothing
        return done

    def _mark(self, database: Database[Document], outcomes: Sequence[Outcome], done: Set[str]) -> None:
        """Step 4."""
        marks = [
            UpdateOne({"_id": each.claim.id, "lease": each.claim.lease, "indexed": None}, {"$set": {"indexed": True}})
            for each in outcomes
            if each.claim.id in done
        ]
        if update_all(database["records"], marks) < len(outcomes):
            remove_orphans(database, {each.claim.id: to_millis(each.claim.accepted_at) for each in outcomes})

    def _next(
        self, database: Database[Document], outcome: Outcome, document: Document | None, shown: Mapping[str, Set[Pair]]
    ) -> Write | None:
        """What an outcome makes of a document; None if it may change nothing, or if there is nothing to say."""
        claim, pairs = outcome.claim, shown[outcome.claim.id]
        if document is None:
            return _first(outcome, pairs) if pairs else None
        if document["accepted_at"] != to_millis(claim.accepted_at) or document["fence"] >= claim.fence:
            return None
        before, is_failed = read(document), isinstance(outcome, Failed)
        failure, tag = (self._numbers.field(database, name) for name in (FAILURE, TAG))
        stays = {pair for pair in before.current if (pair[0] != failure if is_failed else pair[0] == tag)}
        failed_at = to_millis(claim.failure.at) if claim.failure else None
        seen = _millis(claim.collected_at)
        after = changed_to(before, pairs | stays, _at(outcome), lambda pair: failed_at if pair[0] == failure else seen)
        changed = _of_outcome(outcome) | (written(after, _first_collected_at(outcome)) if after is not before else {})
        return Write(claim.id, document["version"], changed)

    def _tagged(
        self,
        database: Database[Document],
        record: Record,
        document: Document | None,
        tags: Callable[[Set[Pair]], Set[Pair]],
        at: int,
    ) -> Write | None:
        """What tags make of a document; None if nothing."""
        field = self._numbers.field(database, TAG)
        version = document["version"] if document else None
        collected_at = _millis(record.first_collected_at)
        if document is None or document["accepted_at"] != to_millis(record.accepted_at):
            pairs = tags(frozenset())
            new = _of_record(record) | {"fence": 0} | latest_only(())
            return Write(record.id, version, written(first_seen(pairs, at), collected_at) | new) if pairs else None
        before = read(document)
        others = {pair for pair in before.current if pair[0] != field}
        after = changed_to(before, others | tags(before.current.keys() - others), at, lambda _: at)
        return None if after is before else Write(record.id, version, written(after, collected_at))

    def _rebuilt(
        self, database: Database[Document], before: Observed | None, history: Sequence[model.Outcome]
    ) -> Observed | None:
        stated = [[one for one in each.statements if one.field not in LATEST_ONLY] for each in history]
        pairs = self._numbers.pairs(database, [one for some in stated for one in some])
        shown = [
            Shown(to_millis(each.at), {pairs[one] for one in some}, each.failed)
            for each, some in zip(history, stated, strict=True)
        ]
        failure, tag = (self._numbers.field(database, name) for name in (FAILURE, TAG))
        kept = [] if before is None else before.intervals()
        intervals = rebuilt(kept, shown, is_tag=lambda pair: pair[0] == tag, is_failure=lambda pair: pair[0] == failure)
        return of_intervals(intervals, before)


def write_all(database: Database[Document], writes: Sequence[Write]) -> set[str]:
    """Make changes of documents that still have the versions that were read; the ids of those that took effect."""
    versions = {each.record_id: secrets.randbits(53) for each in writes}
    changed = {each.record_id: each.changed | {"version": versions[each.record_id]} for each in writes}
    new = [{"_id": each.record_id} | changed[each.record_id] for each in writes if each.version is None]
    refused = insert_new(database["observed_targets"], new)
    again = [each for each in writes if each.version is not None]
    updates = [
        UpdateOne({"_id": each.record_id, "version": each.version}, {"$set": changed[each.record_id]}) for each in again
    ]
    if update_all(database["observed_targets"], updates) < len(updates):
        found = database["observed_targets"].find({"_id": {"$in": [each.record_id for each in again]}}, {"version": 1})
        ours = {each["_id"] for each in found if each["version"] == versions[each["_id"]]}
        refused |= {each.record_id for each in again} - ours
    return versions.keys() - refused


def remove(database: Database[Document], record_id: str, accepted_at: int) -> None:
    """Remove what was observed of a record that is gone; nothing of a new one of the same id."""
    database["observed_targets"].delete_one({"_id": record_id, "accepted_at": accepted_at})


def remove_orphans(database: Database[Document], accepted_at: Mapping[str, int]) -> None:
    """Remove what was observed of those of these records that are gone; they were accepted at these instants."""
    records = _records(database, list(accepted_at)) if accepted_at else {}
    for record_id, instant in accepted_at.items():
        record = records.get(record_id)
        if record is None or to_millis(documents.aware(record["accepted_at"])) != instant:
            remove(database, record_id, instant)


def remove_version(database: Database[Document], record_id: str, version: int | None) -> None:
    """Remove what was observed of a record, where it still is as it was read."""
    if version is not None:
        database["observed_targets"].delete_one({"_id": record_id, "version": version})


def _observed(database: Database[Document], record_ids: Sequence[str]) -> dict[str, Document]:
    return {each["_id"]: each for each in database["observed_targets"].find({"_id": {"$in": list(record_ids)}})}


def _records(database: Database[Document], record_ids: Sequence[str]) -> dict[str, Document]:
    return {each["_id"]: each for each in database["records"].find({"_id": {"$in": list(record_ids)}})}


def _numbered(outcome: Outcome) -> list[Statement]:
    return [each for each in outcome.statements or () if each.field not in LATEST_ONLY]


def _first(outcome: Outcome, pairs: Set[Pair]) -> Write:
    """The document of a target that nothing was said of before."""
    new = written(first_seen(pairs, _at(outcome)), _first_collected_at(outcome))
    return Write(outcome.claim.id, None, new | latest_only(()) | _of_outcome(outcome))


def _of_outcome(outcome: Outcome) -> Document:
    claim = outcome.claim
    position = claim.collected_at or claim.accepted_at
    latest: Document = {}
    if isinstance(outcome, Stored):
        position, latest = outcome.snapshot.collected_at, latest_only(outcome.statements or ())
    return latest | {
        "accepted_at": to_millis(claim.accepted_at),
        "fence": claim.fence,
        "position": to_millis(position),
        "first_collected_at": _first_collected_at(outcome),
    }


def _of_record(record: Record) -> Document:
    return {
        "accepted_at": to_millis(record.accepted_at),
        "fence": record.fence,
        "position": to_millis(record.collected_at or record.accepted_at),
        "first_collected_at": _millis(record.first_collected_at),
    }


def _at(outcome: Outcome) -> int:
    return to_millis(outcome.failure.at if isinstance(outcome, Failed) else outcome.snapshot.collected_at)


def _first_collected_at(outcome: Outcome) -> int | None:
    if outcome.claim.first_collected_at is None and isinstance(outcome, Stored):
        return to_millis(outcome.snapshot.collected_at)
    return _millis(outcome.claim.first_collected_at)


def _millis(instant: Any) -> int | None:
    return None if instant is None else to_millis(instant)
