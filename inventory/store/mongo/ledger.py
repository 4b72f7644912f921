"""The ledger: acceptances, claims and their ends. Every change is one atomic update that names what it expects.

A claim chooses, then leases in one batch each record whose state and fence still are what was chosen, then reads back
which leases stand. Several workers may choose the same ones; each gets those that it was the first to lease.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pymongo import UpdateOne
from pymongo.database import Database

from inventory.clock import truncated
from inventory.records.model import LEASE_AHEAD, Failed, Failure, Outcome, Postponed, Record, State, Stored
from inventory.store.codecs import failure_bytes, spent
from inventory.store.mongo import bodies, documents, latest, snapshots, turns, unseen, watching
from inventory.store.mongo.activity import Counting
from inventory.store.mongo.at_once import each_of
from inventory.store.mongo.connection import Adapter, Connection, Document
from inventory.store.mongo.latest import without
from inventory.store.mongo.observing import Observing
from inventory.store.mongo.upserts import BATCH, update_all
from inventory.store.turns import Served

OLDEST_DUE = [("due_at", 1)]
SEEN = "_id", "state", "fence"
SEEN_WHOLE = *SEEN, "bulk", "revalidate"
"""What must not have changed of a record that is leased. An acceptance may change the last two before and after that."""
UNINDEXED: Document = {"indexed": None}
"""The mark of a record whose observations are not those of its outcome yet; `observing` explains it."""


class Ledger(Adapter):
    def __init__(self, connection: Connection, observing: Observing) -> None:
        super().__init__(connection)
        self._observing = observing
        self._counting = Counting(connection)
        self._served = Served()
        self._slices = turns.Slices()

    def claim(self, record_id: str, *, now: datetime, lease_for: timedelta) -> Record | None:
        lease_over = [{"state": State.RUNNING.value} | over for over in documents.due(now, LEASE_AHEAD)]
        claimable = {"_id": record_id, "$or": [{"state": State.PENDING.value}, *lease_over]}
        with self._connection.database() as database:
            return _claim_one(database, claimable, now + lease_for)

    def claim_due(
        self, *, now: datetime, lease_for: timedelta, limit: int, bulk: bool = True, first: str | None = None
    ) -> Sequence[Record]:
        named = {"_id": first, "state": State.PENDING.value, "due_at": {"$lte": now}} | ({} if bulk else {"bulk": None})
        with self._connection.database() as database:
            claimed = _claim_one(database, named, now + lease_for) if first else None
            before = [claimed] if claimed else []
            left, until = limit - len(before), now + lease_for
            return before + self._claim_in_turns(database, _due(now, bulk=bulk), until, left, sliced=bulk)

    def claim_expired(self, *, now: datetime, lease_for: timedelta, max_attempts: int) -> Record | None:
        with self._connection.database() as database:
            claims = self._claim_in_turns(database, _lease_over(now, {"$lt": max_attempts}), now + lease_for, 1)
        return claims[0] if claims else None

    def is_any_expired(self, *, now: datetime, max_attempts: int) -> bool:
        with self._connection.database() as database:
            return any(database["records"].find_one(each, {"_id": 1}) for each in _lease_over(now, {"$lt": max_attempts}))

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
        if not outcomes:
            return []
        named = {each.snapshot.body_sha256: each.body for each in stored if each.snapshot.body_sha256 is not None}
        with self._connection.database() as database:
            contents = snapshots.insert(database, stored)
            attached = {sha256: content for each in stored for sha256, content in each.attachments if content is not None}
            whole = {sha256: body for sha256, body in named.items() if body is not None}
            kept = bodies.keep(database, whole, attached)
            changes = {
                each.claim.id: latest.change(each, contents[each.snapshot.id], kept.get(each.snapshot.body_sha256 or ""))
                for each in stored
            }
            besides = unseen.remembering(database, outcomes, watching.since(database))
            settle = partial(settle_record, database)
            settled = each_of(
                [partial(settle, each, changes.get(each.claim.id), besides.get(each.claim.id)) for each in outcomes]
            )
        self._counting.ended([each.ended for each in settled if each.ended is not None])
        self._observing.settled(
            [each.outcome for each in settled if each.outcome is not None],
            unmarked={each.outcome.claim.id for each in settled if each.outcome is not None and not each.was_indexed},
        )
        return [each.took_effect for each in settled]

    def fail_spent(self, *, now: datetime, max_attempts: int, retry_at: datetime, limit: int) -> int:
        with self._connection.database() as database:
            found: list[Record] = []
            for chosen in _lease_over(now, {"$gte": max_attempts}):
                if len(found) < limit:
                    spent_ones = database["records"].find(chosen, without()).sort(OLDEST_DUE).limit(limit - len(found))
                    found += [documents.record(each) for each in spent_ones]
            failures = [Failed(each, spent(each, now=now, retry_at=retry_at)) for each in found]
            besides = unseen.remembering(database, failures, watching.since(database) if failures else None)
            ended: list[Failed] = []
            for alike in _by_source(failures):
                operations = [_failing(each, besides.get(each.claim.id, {})) for each in alike]
                # It is not told which of them changed their records, but all of them count the same.
                ended += alike[: update_all(database["records"], operations)]
        self._counting.ended(ended)
        return len(ended)

    def due(self, *, now: datetime, max_attempts: int, limit: int) -> Mapping[str, str]:
        return {each["_id"]: each["key"] for each in self._due(now, max_attempts, limit)}

    def due_hosts(self, *, now: datetime, max_attempts: int, limit: int) -> Mapping[str, int]:
        return Counter(each["host"] for each in self._due(now, max_attempts, limit))

    def _due(self, now: datetime, max_attempts: int, limit: int) -> Sequence[Document]:
        found: list[Document] = []
        with self._connection.database() as database:
            for chosen in (_due(now, bulk=True), _lease_over(now, {"$lt": max_attempts})):
                if len(found) < limit:
                    found += turns.all_due(database, chosen, limit=limit - len(found))
        return found

    def _claim_in_turns(
        self, database: Database[Document], due: Sequence[Document], until: datetime, limit: int, *, sliced: bool = True
    ) -> list[Record]:
        """Lease up to `limit` records, evenly of each owner; it ends early only when none is left."""
        claims: list[Record] = []
        while len(claims) < limit:
            some = min(BATCH, limit - len(claims))
            part = self._slices.choose() if sliced else 0
            candidates = turns.in_turns(database, due, self._served, limit=some, part=part)
            leased = _lease(database, candidates, until) if candidates else []
            self._slices.note(lost=len(leased) < len(candidates))
            claims += leased
            if len(candidates) < some and len(leased) == len(candidates):
                break
        return sorted(claims, key=lambda claim: claim.bulk)


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether an outcome takes effect now, or has before; the outcome, if it ends its claim now."""

    took_effect: bool
    ended: Stored | Failed | None = None
    was_indexed: bool = False

    @property
    def outcome(self) -> Stored | Failed | None:
        """The outcome, if it ends its claim now and states something."""
        return self.ended if self.ended is not None and self.ended.statements is not None else None


def settle_record(
    database: Database[Document], outcome: Outcome, kept: Document | None = None, besides: Document | None = None
) -> Settled:
    """The last step of settling the record; `kept` is the part of the update that keeps the latest snapshot with it.

    `besides` is the part that remembers the outcome for watches.
    """
    if isinstance(outcome, Postponed):
        return Settled(database["records"].update_one(_claimed(outcome.claim), _change(outcome)).matched_count == 1)
    left_behind = snapshots.left_behind(database, outcome) if isinstance(outcome, Stored) else []
    expected = _claimed(outcome.claim)
    if isinstance(outcome, Stored) and outcome.shares_body:
        expected["revalidate"] = True
    update = _unindexed(_change(outcome))
    if kept is not None:
        update = update | kept | {"$set": update["$set"] | kept.get("$set", {})}
    if besides is not None:
        update = unseen.with_these(update, besides)
    before = database["records"].find_one_and_update(expected, update)
    if before is not None:
        snapshots.remove(database, outcome.claim.id, left_behind)
        return Settled(True, outcome, before.get("indexed") is True)
    return Settled(isinstance(outcome, Stored) and snapshots.took_effect_before(database, outcome))


def settling(outcome: Outcome) -> UpdateOne:
    """The update that an outcome is that states nothing, where its claim still holds."""
    return UpdateOne(_claimed(outcome.claim), _change(outcome))


def _failing(outcome: Failed, besides: Document) -> UpdateOne:
    """The same of a failure, with what is remembered of it."""
    return UpdateOne(_claimed(outcome.claim), unseen.with_these(_unindexed(_failed(outcome.failure)), besides))


def _by_source(failures: Sequence[Failed]) -> list[list[Failed]]:
    sources: dict[str, list[Failed]] = {}
    for each in failures:
        sources.setdefault(each.claim.target.source, []).append(each)
    return list(sources.values())


def _claim_one(database: Database[Document], chosen: Document, until: datetime) -> Record | None:
    """Lease the chosen record; None if it is not so any more."""
    while (candidate := database["records"].find_one(chosen, {"state": 1, "fence": 1})) is not None:
        if claims := _lease(database, [candidate], until):
            return claims[0]
    return None


def _lease(database: Database[Document], candidates: Sequence[Document], until: datetime) -> list[Record]:
    """Those of the candidates that no other caller was quicker to lease; whole ones need not be read again."""
    leases = {each["_id"]: secrets.token_hex(16) for each in candidates}
    is_whole = "key" in candidates[0]
    operations = [
        UpdateOne(
            {name: each.get(name) for name in (SEEN_WHOLE if is_whole else SEEN)},
            {
                "$set": {"state": State.RUNNING.value, "lease": leases[each["_id"]], "due_at": truncated(until)},
                "$inc": {"attempt": 1, "fence": 1},
            },
        )
        for each in candidates
    ]
    leased = database["records"].bulk_write(operations, ordered=False)
    if is_whole and leased.matched_count == len(candidates):
        return [_as_leased(each, leases[each["_id"]], until) for each in candidates]
    ours = {"_id": {"$in": list(leases)}, "lease": {"$in": list(leases.values())}}
    claimed = {each["_id"]: documents.record(each) for each in database["records"].find(ours, without())}
    return [claimed[key] for key in leases if key in claimed]


def _as_leased(seen: Document, lease: str, until: datetime) -> Record:
    """The record that `_lease` made of what was seen."""
    leased = {"state": State.RUNNING.value, "lease": lease, "due_at": truncated(until)}
    return documents.record(seen | leased | {name: seen[name] + 1 for name in ("attempt", "fence")})


def _due(now: datetime, *, bulk: bool) -> list[Document]:
    """What a lookup asked for, and what a job did if `bulk`; also what a clock that was ahead wrote.

    A record of older code has no `bulk`, which an index has where it has null.
    """
    pending: Document = {"state": State.PENDING.value} | ({} if bulk else {"bulk": None})
    return [pending | over for over in documents.due(now)]


def _lease_over(now: datetime, attempt: Document) -> list[Document]:
    running: Document = {"state": State.RUNNING.value, "attempt": attempt}
    return [running | over for over in documents.due(now, LEASE_AHEAD)]


def _claimed(claim: Record) -> Document:
    """What a record must still be for the owner of the claim to change it."""
    return {"_id": claim.id, "state": State.RUNNING.value, "lease": claim.lease, "fence": claim.fence}


def _failed(failure: Failure) -> Document:
    return {"$set": {"state": State.FAILED.value, "due_at": None, "failure": failure_bytes(failure)}}


def _unindexed(change: Document) -> Document:
    return change | {"$set": change["$set"] | UNINDEXED}


def _change(outcome: Outcome) -> Document:
    """How an outcome changes its record. Only the owner of the claim changes what this takes from it."""
    match outcome:
        case Stored(claim=claim, snapshot=snapshot):
            stored = {
                "state": State.STORED.value,
                "due_at": None,
                "failure": None,
                "snapshot_id": snapshot.id,
                "collected_at": truncated(snapshot.collected_at),
                "first_collected_at": claim.first_collected_at or truncated(snapshot.collected_at),
            }
            return {"$set": stored, "$inc": {"snapshots": 1}}
        case Postponed(due_at=due_at, failure=failure, counted=counted):
            postponed = {"state": State.PENDING.value, "due_at": truncated(due_at)}
            change = {"$set": postponed | ({"failure": failure_bytes(failure)} if failure else {})}
            return change if counted else change | {"$inc": {"attempt": -1}}
        case Failed(failure=failure):
            return _failed(failure)
