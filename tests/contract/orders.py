"""Steps of two hands on the collections of the MongoDB store, and every order in which they can be merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from pymongo.database import Database

from inventory.records.model import Stored
from inventory.store.mongo import bodies, snapshots
from inventory.store.mongo.ledger import settle_record

Step = Callable[[], object]
Documents = Database[dict[str, Any]]


def merges(left: int, right: int) -> list[str]:
    """Every order of so many steps of each of two hands: such as `LRLR`."""
    positions = range(left + right)
    return ["".join("L" if n in chosen else "R" for n in positions) for chosen in combinations(positions, left)]


def run(order: str, left: Sequence[Step], right: Sequence[Step]) -> None:
    hands = {"L": iter(left), "R": iter(right)}
    for hand in order:
        next(hands[hand])()


def settling(documents: Documents, outcome: Stored) -> list[Step]:
    """The steps of settling, as the ledger takes them."""
    name, body = outcome.snapshot.body_sha256, outcome.body
    assert name is not None
    assert body is not None
    return [
        lambda: snapshots.insert(documents, [outcome]),
        lambda: bodies.keep(documents, {name: body}),
        lambda: settle_record(documents, outcome),
    ]


def deleting(documents: Documents, outcome: Stored) -> list[Step]:
    """The steps of deleting the record of an outcome, with those of discarding its body one by one."""
    name = outcome.snapshot.body_sha256
    assert name is not None
    tokens: list[str] = []
    named: list[bool] = []
    return [
        lambda: documents["records"].delete_one({"_id": outcome.claim.id}),
        lambda: documents["snapshots"].delete_many({"_id": outcome.snapshot.id}),
        lambda: tokens.append(bodies.condemn(documents, name)),
        lambda: named.append(bodies.is_named(documents, name)),
        lambda: named[0] or bodies.delete_condemned(documents, name, tokens[0]),
    ]
