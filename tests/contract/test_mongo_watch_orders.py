"""The orders by which the MongoDB store keeps watches right without transactions, whoever dies or is slow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from inventory.observations.model import Statement
from inventory.records.model import Record, Statements, Stored
from inventory.store.codecs import to_millis
from inventory.store.mongo import MongoStore, messages, schema, unseen, watching
from inventory.store.mongo.ledger import settle_record
from inventory.watches.model import GATHER, ComposingClaim, Finding, Looked, Membership, Message, Schedule, Unseen, Watch
from inventory.webhooks.model import Delivery, DeliveryState
from tests.contract.actions import LEASE, NOW, accept, after, claim, stored, target
from tests.contract.backends import MongoBackend, database
from tests.contract.orders import Documents, Step, merges, run
from tests.contract.watch_actions import (
    add,
    compose,
    delivery,
    find,
    finding,
    found,
    message,
    one_unseen,
    settle,
    tell,
    watch,
)

DUE = NOW + GATHER


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[MongoStore]:
    with closing(mongo.open()) as store:
        yield store


@pytest.fixture
def documents(mongo: MongoBackend) -> Iterator[Documents]:
    """The collections themselves."""
    with mongo.client() as client:
        yield database(client)


class Composer:
    """Who makes a message step by step; it may be slow, or die, between any two."""

    def __init__(self, store: MongoStore, documents: Documents, *, now: float) -> None:
        self.store, self.documents, self.now = store, documents, after(now)
        self.claimed: ComposingClaim | None = None
        self.owed: Sequence[Finding] = ()
        self.told: Message | None = None
        self.owing: Delivery | None = None

    @property
    def steps(self) -> list[Step]:
        return [self.claim, self.label, self.commit, self.write, self.tell, self.end]

    def claim(self) -> None:
        self.claimed = self.store.messages.claim(now=self.now, lease_for=LEASE)

    def label(self) -> None:
        if self.claimed is not None:
            self.owed = self.store.messages.owed(self.claimed, limit=99)

    def commit(self) -> None:
        if self.claimed is not None and self.owed:
            self.told = message(self.claimed, self.owed, now=self.now)
            self.owing = delivery(self.told, now=self.now)
            messages.commit(self.documents, self.claimed, self.told, [self.owing], self.now)

    def write(self) -> None:
        if (outgoing := self._outgoing()) is not None:
            messages.write(self.documents, outgoing)

    def tell(self) -> None:
        if self.claimed is not None and (outgoing := self._outgoing()) is not None:
            messages.tell(self.documents, self.claimed.watch.id, outgoing)

    def end(self) -> None:
        if self.claimed is not None and (outgoing := self._outgoing()) is not None:
            messages.finish(self.documents, self.claimed.watch.id, outgoing)

    def _outgoing(self) -> dict[str, object] | None:
        """The message of this composer, if it was committed and not ended."""
        watches = self.documents["watches"].find({"outgoing": {"$ne": None}})
        ours = [each["outgoing"] for each in watches if self.told and each["outgoing"]["message"]["_id"] == self.told.id]
        return ours[0] if ours else None


def all_told(store: MongoStore, kept: Watch) -> list[str]:
    """The findings of all messages, when nothing is owed any more."""
    for turn in range(4):
        now = after(10_000 * (turn + 1))
        claimed = store.messages.claim(now=now, lease_for=LEASE)
        if claimed is not None and (owed := store.messages.owed(claimed, limit=99)):
            told = message(claimed, owed, now=now)
            assert store.messages.commit(claimed, told, [delivery(told)], now=now)
    assert store.messages.claim(now=after(99_999), lease_for=LEASE) is None
    listed = store.messages.listing(kept.id, limit=99, after=None)
    told_ones = [each.id for one in listed for each in store.messages.findings(one.id, limit=99, after=None)]
    for one in listed:
        assert one.findings == len(store.messages.findings(one.id, limit=99, after=None))
        assert len(store.deliveries.listing(address=None, message_id=one.id, state=None, limit=9, after=None)) == 1
    assert store.deliveries.tally() == {DeliveryState.PENDING: len(listed)}
    assert sorted((each.number for each in listed), reverse=True) == list(range(len(listed), 0, -1))
    return sorted(told_ones)


@pytest.mark.parametrize("steps", range(1, 7))
def test_a_composer_that_died_after_any_step_leaves_each_finding_told_once(
    store: MongoStore, documents: Documents, steps: int
) -> None:
    kept = add(store)
    find(store, [finding(kept, n) for n in range(3)])
    dead = Composer(store, documents, now=GATHER.seconds)
    for step in dead.steps[:steps]:
        step()
    find(store, [finding(kept, 3)], now=after(20))

    assert all_told(store, kept) == sorted(finding(kept, n).id for n in range(4))


@pytest.mark.parametrize("order", merges(5, 7)[::7])
def test_a_slow_composer_and_the_one_that_overtakes_it_tell_each_finding_once(
    store: MongoStore, documents: Documents, order: str
) -> None:
    kept = add(store, cooldown=0)
    find(store, [finding(kept, n) for n in range(3)])
    slow = Composer(store, documents, now=GATHER.seconds)
    slow.claim()
    overtaker = Composer(store, documents, now=GATHER.seconds + LEASE.seconds)

    def more() -> None:
        find(store, [finding(kept, 3), finding(kept, -1)], now=after(30))

    run(order, slow.steps[1:], [more, *overtaker.steps])

    assert all_told(store, kept) == sorted(finding(kept, n).id for n in range(-1, 4))


@pytest.mark.parametrize("order", merges(3, 6))
def test_what_is_found_while_a_message_is_made_is_told_once_whenever_it_comes(
    store: MongoStore, documents: Documents, order: str
) -> None:
    kept = add(store)
    find(store, [finding(kept, 0)])
    composer = Composer(store, documents, now=GATHER.seconds)
    new = finding(kept, 1)
    finding_it: list[Step] = [
        lambda: messages.insert(documents, [new]),
        lambda: documents["watches"].update_one({"_id": kept.id}, {"$inc": {"found": 1}}),
        lambda: messages.let_owe(documents, found(store, kept), after(20)),
    ]

    run(order, finding_it, composer.steps)

    assert all_told(store, kept) == sorted([finding(kept, 0).id, new.id])


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_look_that_died_on_the_way_is_repeated_and_finds_the_same_once(
    store: MongoStore, documents: Documents, steps: int
) -> None:
    kept = add(store)
    settle(store, target(), 1)
    only = one_unseen(store)
    looked = Looked(unseen=only, findings=[finding(kept, 1)], memberships=[matching(kept)])
    dying: list[Step] = [
        lambda: messages.insert(documents, looked.findings),
        lambda: messages.keep(documents, looked.findings, {kept.id: kept}, NOW),
        lambda: unseen.schedule(documents, [looked], {kept.id: kept}),
    ]
    for step in dying[:steps]:
        step()
    if steps > 1:
        tell(store, now=DUE)

    assert store.outcomes.seen([replace(looked, unseen=one_unseen(store))], now=after(20)) == [True]

    assert all_told(store, kept) == [finding(kept, 1).id]
    assert store.schedules.due(now=after(9999), limit=9) == [Schedule(kept.id, target().id, after(100), 1)]


def matching(kept: Watch, *, matches: bool = True) -> Membership:
    return Membership(watch_id=kept.id, version=1, matches=matches, due_at=after(100))


def test_a_slow_look_does_not_remove_a_schedule_that_a_later_one_made(store: MongoStore, documents: Documents) -> None:
    kept = add(store)
    settle(store, target(), 1)
    slow = Looked(unseen=one_unseen(store), memberships=[matching(kept, matches=False)])
    settle(store, target(), 2)
    assert store.outcomes.seen([Looked(unseen=one_unseen(store), memberships=[matching(kept)])], now=after(3)) == [True]

    unseen.schedule(documents, [slow], {kept.id: kept})

    assert store.schedules.due(now=after(9999), limit=9) == [Schedule(kept.id, target().id, after(100), 1)]


def shows(owned: Record, seconds: float) -> Stored:
    return replace(stored(owned, body=None, at=after(seconds)), statements=Statements([Statement("status", "200")]))


@pytest.mark.parametrize("order", merges(2, 2))
def test_an_outcome_that_is_settled_while_watches_look_at_the_one_before_is_looked_at_later(
    store: MongoStore, documents: Documents, order: str
) -> None:
    add(store)
    settle(store, target(), 1)
    before = one_unseen(store)
    outcome = shows(claim(store, accept(store, now=after(2)), now=after(2)), 2)
    besides: list[dict[str, object]] = []

    def remember() -> None:
        besides.append(unseen.remembering(documents, [outcome], watching.since(documents))[target().id])

    def end() -> None:
        settle_record(documents, outcome, besides=besides[0])
        documents["records"].update_one({"_id": target().id}, {"$set": {"indexed": True}})

    done: list[bool] = []
    looking: list[Step] = [
        lambda: done.append(bool(unseen.as_read(documents, [before]))),
        lambda: done.append(bool(unseen.forget(documents, [before]))),
    ]

    run(order, [remember, end], looking)

    only = one_unseen(store)
    assert only.collections[-1].at == after(2)
    assert only.new == (1 if done[-1] else 2)
    assert store.outcomes.seen([Looked(unseen=only)], now=after(3)) == [True]


@pytest.mark.parametrize("order", merges(3, 2))
def test_labels_that_change_while_watches_look_are_looked_at(store: MongoStore, documents: Documents, order: str) -> None:
    """The labels themselves change in the second of the three steps."""
    add(store)
    settle(store, target(), 1)
    store.outcomes.seen([Looked(unseen=one_unseen(store))], now=after(1))
    seen_after_change: list[bool] = []
    changed: list[bool] = []
    tagging: list[Step] = [
        lambda: unseen.tag(documents, [target().id], to_millis(after(2))),
        lambda: changed.append(True),
        lambda: unseen.tag(documents, [target().id], to_millis(after(2))),
    ]
    read: list[Unseen] = []

    def look() -> None:
        read.extend(store.outcomes.unseen(limit=9))
        seen_after_change.append(bool(changed))

    def note() -> None:
        if read and store.outcomes.seen([Looked(unseen=read[0])], now=after(3)) != [True]:
            seen_after_change.clear()

    run(order, tagging, [look, note])

    left = store.outcomes.unseen(limit=9)
    assert left or (read and seen_after_change == [True])


@pytest.mark.parametrize("order", merges(3, 3))
def test_outcomes_are_remembered_after_a_watch_was_added_whoever_removes_the_last_one(
    store: MongoStore, documents: Documents, order: str
) -> None:
    first = add(store, "first")
    new = watch("second", now=after(1))
    token: list[dict[str, object] | None] = []
    left: list[bool] = []

    adding: list[Step] = [
        lambda: watching.begin(documents, new.changed_at),
        lambda: documents["watches"].insert_one(_like(new)),
        lambda: watching.begin(documents, new.changed_at),
    ]

    def see_token() -> None:
        documents["watches"].delete_one({"_id": first.id})
        token.append(documents["meta"].find_one({"_id": "watching"}))

    def see_whether_one_is_left() -> None:
        left.append(documents["watches"].find_one({"paused": False}) is not None)

    def remove() -> None:
        if token[0] is not None and not left[0]:
            documents["meta"].delete_one({"_id": "watching", "token": token[0]["token"]})

    run(order, adding, [see_token, see_whether_one_is_left, remove])

    assert watching.since(documents) is not None
    settle(store, target(), 2)
    assert one_unseen(store).record.target == target()


def _like(new: Watch) -> dict[str, object]:
    """As much of the document of a watch as matters here."""
    return {"_id": new.id, "name_key": b"second", "paused": False, "created_at": 0}


def test_who_lists_active_watches_repairs_what_a_death_left(store: MongoStore, documents: Documents) -> None:
    add(store)
    documents["meta"].delete_one({"_id": "watching"})

    store.watches.active()

    assert watching.since(documents) is not None


@pytest.mark.parametrize("since", [None, 1])
def test_what_is_to_be_forgotten_is_found_by_the_first_field_of_an_index(since: int | None) -> None:
    stale = unseen.stale_since(since)

    assert all("watched" in case for case in stale.get("$or", [stale]))
    indexes = [each for added in schema.MIGRATIONS for each in added.get("records", ())]
    assert any(each.split() == ["watched", "unseen_since"] for each in indexes)


def test_a_message_that_is_written_after_its_watch_was_deleted_is_removed(store: MongoStore, documents: Documents) -> None:
    kept = add(store)
    find(store, [finding(kept, 1)])
    slow = Composer(store, documents, now=GATHER.seconds)
    for step in slow.steps[:3]:
        step()
    outgoing = documents["watches"].find_one({"_id": kept.id})["outgoing"]
    store.watches.delete(kept.id)

    messages.finish(documents, kept.id, outgoing)

    assert store.messages.listing(kept.id, limit=9, after=None) == []
    assert store.deliveries.tally() == {}


def test_what_is_left_of_a_watch_whose_deletion_was_cut_short_goes_with_old_messages(
    store: MongoStore, documents: Documents
) -> None:
    kept, other = add(store), add(store, "other")
    find(store, [finding(each, n) for n in range(9) for each in (kept, other)])
    tell(store, now=DUE)
    tell(store, now=DUE)
    find(store, [finding(each, 10) for each in (kept, other)], now=after(20))
    documents["watches"].delete_one({"_id": kept.id})

    while store.messages.retire(before=NOW, limit=2):
        continue

    for name in ("findings", "messages", "deliveries"):
        assert documents[name].distinct("watch_id") == [other.id], name
    assert documents["findings"].count_documents({}) == 10


def test_a_composer_gets_no_claim_while_a_message_is_not_written_whole(store: MongoStore, documents: Documents) -> None:
    kept = add(store, cooldown=0)
    find(store, [finding(kept, 1)])
    dead = Composer(store, documents, now=GATHER.seconds)
    for step in dead.steps[:3]:
        step()
    find(store, [finding(kept, 2)], now=after(20))

    claimed = compose(store, now=after(999))

    assert [each.number for each in store.messages.listing(kept.id, limit=9, after=None)] == [1]
    assert store.messages.owed(claimed, limit=9) == [finding(kept, 2)]
