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

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

import structlog
from pymongo.database import Database

from inventory.errors import StorageUnavailable, Unstorable
from inventory.observations import model
from inventory.observations.model import FAILURE, LATEST_ONLY, TAG, Statement
from inventory.records.model import Failed, Record
from inventory.store.codecs import to_millis, to_millis_or_none
from inventory.store.intervals import Shown, rebuilt
from inventory.store.mongo import documents, unseen
from inventory.store.mongo.connection import Adapter, Connection, Document
from inventory.store.mongo.numbers import Numbers
from inventory.store.mongo.observed import Observed, changed_to, first_seen, latest_only, of_intervals, read, written
from inventory.store.mongo.outcomes import (
    FinalOutcome,
    at_of,
    first_collected_at_of,
    first_write,
    numbered,
    of_outcome,
    of_record,
)
from inventory.store.mongo.target_documents import Write, read_all, records_of, remove_orphans, remove_version, write_all
from inventory.store.mongo.unindexed import as_seen
from inventory.store.pairs import Pair

log = structlog.get_logger(__name__)

MAX_TRIES = 5
"""How often tags are given to a target that others change each time."""


class Observing(Adapter):
    """Writes observations."""

    def __init__(self, connection: Connection, numbers: Numbers) -> None:
        super().__init__(connection)
        self._numbers = numbers

    def settled(self, outcomes: Sequence[FinalOutcome], *, unmarked: Set[str]) -> None:
        """Write what outcomes state whose records were just settled; some of these had not been indexed before.

        What cannot be written now is left to the next indexing: the outcomes themselves are kept.
        """
        if not outcomes:
            return
        try:
            with self._connection.database() as database:
                self.mark(database, outcomes, self._settle(database, outcomes) - unmarked)
        except (StorageUnavailable, Unstorable) as error:
            log.warning("observations_delayed", records=len(outcomes), error=str(error))

    def tag(self, record_ids: Sequence[str], tags: Callable[[Set[Pair]], Set[Pair]], at: int) -> int:
        """Give each of these records the tags that follow from those it has; how many of them exist."""
        left, tagged = list(record_ids), 0
        with self._connection.database() as database:
            for _ in range(MAX_TRIES):
                kept = read_all(database, left)  # before the records: what these do not have is older
                records = {key: documents.record(each) for key, each in records_of(database, left).items()}
                writes = {key: self._tagged(database, each, kept.get(key), tags, at) for key, each in records.items()}
                changed = [key for key, each in writes.items() if each]
                unseen.tag(database, changed, at)
                done = write_all(database, [each for each in writes.values() if each])
                unseen.tag(database, changed, at)
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

    def rebuild(self, seen: Record, history: Sequence[model.PastCollection]) -> bool:
        """Steps a to d: write the intervals of a history; False if the record is not as it was seen any more."""
        accepted_at = to_millis(seen.accepted_at)
        unchanged = as_seen(seen)
        seen = replace(seen, first_collected_at=_first_collected_at(seen, history))
        with self._connection.database() as database:
            document = read_all(database, [seen.id]).get(seen.id)
            if database["records"].find_one(unchanged, {"_id": 1}) is None:
                return False
            before = read(document) if document is not None and document["accepted_at"] == accepted_at else None
            observed = self._rebuilt(database, before, history)
            version = document["version"] if document else None
            if observed is None:
                remove_version(database, seen.id, version)
            else:
                stated = next((each.statements for each in reversed(history) if not each.failed), ())
                changed = (
                    written(observed, to_millis_or_none(seen.first_collected_at)) | latest_only(stated) | of_record(seen)
                )
                if not write_all(database, [Write(seen.id, version, changed)]):
                    return False
            done = {"indexed": True, "first_collected_at": seen.first_collected_at}
            marked = database["records"].update_one(unchanged, {"$set": done}).matched_count == 1
            if not marked:
                remove_orphans(database, {seen.id: accepted_at})
        return marked

    def _settle(self, database: Database[Document], outcomes: Sequence[FinalOutcome]) -> set[str]:
        """Steps 2 and 3; the ids of the records of which all is written.

        Documents of targets that are new to all appearances are inserted at once, and read only if they are there.
        """
        new = [each for each in outcomes if each.claim.collected_at is None and each.claim.failure is None]
        shown = self._shown(database, outcomes, mostly_new=len(new) == len(outcomes))
        done = write_all(database, [first_write(each, shown[each.claim.id]) for each in new if shown[each.claim.id]])
        planned = self.plan(database, [each for each in outcomes if each.claim.id not in done])
        done |= write_all(database, [each for each in planned.values() if each is not None])
        return done | {key for key, each in planned.items() if each is None}

    def plan(self, database: Database[Document], outcomes: Sequence[FinalOutcome]) -> Mapping[str, Write | None]:
        """What outcomes make of the documents of their records, as these are now; nothing of what they may not change."""
        if not outcomes:
            return {}
        shown, kept = self._shown(database, outcomes), read_all(database, [each.claim.id for each in outcomes])
        planned: dict[str, Write | None] = {}
        for each in outcomes:
            key, document = each.claim.id, kept.get(each.claim.id)
            if document is None:
                planned[key] = first_write(each, shown[key]) if shown[key] else None
            elif document["accepted_at"] == to_millis(each.claim.accepted_at) and document["fence"] < each.claim.fence:
                planned[key] = self._next(database, each, document, shown[key])
        return planned

    def mark(self, database: Database[Document], outcomes: Sequence[FinalOutcome], done: Set[str]) -> None:
        """Step 4."""
        leases = {each.claim.id: each.claim.lease for each in outcomes if each.claim.id in done}
        ours = {"_id": {"$in": list(leases)}, "lease": {"$in": list(leases.values())}, "indexed": None}
        marked = database["records"].update_many(ours, {"$set": {"indexed": True}}).modified_count if leases else 0
        if marked < len(outcomes):
            remove_orphans(database, {each.claim.id: to_millis(each.claim.accepted_at) for each in outcomes})

    def _shown(
        self, database: Database[Document], outcomes: Sequence[FinalOutcome], *, mostly_new: bool = False
    ) -> Mapping[str, Set[Pair]]:
        """The numbers of what each outcome states, by the ids of records."""
        stated = {each.claim.id: numbered(each) for each in outcomes}
        pairs = self._numbers.pairs(database, [one for some in stated.values() for one in some], mostly_new=mostly_new)
        return {key: {pairs[one] for one in some} for key, some in stated.items()}

    def _next(self, database: Database[Document], outcome: FinalOutcome, document: Document, pairs: Set[Pair]) -> Write:
        """What an outcome makes of a document."""
        claim, before = outcome.claim, read(document)
        failure, tag = (self._numbers.field(database, name) for name in (FAILURE, TAG))
        is_failed = isinstance(outcome, Failed)
        stays = {pair for pair in before.current if (pair[0] != failure if is_failed else pair[0] == tag)}
        failed_at = to_millis_or_none(claim.failure.at if claim.failure else None)
        seen = to_millis_or_none(claim.collected_at)
        after = changed_to(before, pairs | stays, at_of(outcome), lambda pair: failed_at if pair[0] == failure else seen)
        changed = written(after, first_collected_at_of(outcome)) if after is not before else {}
        return Write(claim.id, document["version"], changed | of_outcome(outcome))

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
        collected_at = to_millis_or_none(record.first_collected_at)
        if document is None or document["accepted_at"] != to_millis(record.accepted_at):
            pairs = tags(frozenset())
            new = of_record(record) | {"fence": 0} | latest_only(())
            return Write(record.id, version, written(first_seen(pairs, at), collected_at) | new) if pairs else None
        before = read(document)
        others = {pair for pair in before.current if pair[0] != field}
        after = changed_to(before, others | tags(before.current.keys() - others), at, lambda _: at)
        return None if after is before else Write(record.id, version, written(after, collected_at))

    def _rebuilt(
        self, database: Database[Document], before: Observed | None, history: Sequence[model.PastCollection]
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


def _first_collected_at(seen: Record, history: Sequence[model.PastCollection]) -> datetime | None:
    """When the first snapshot was taken: one of the past may have been added during the claim that was settled after it."""
    known = [seen.first_collected_at] if seen.first_collected_at is not None else []
    return min([*known, *(each.at for each in history if not each.failed)], default=None)
