"""What a claim reads of MongoDB, however many owners there are and however much each of them has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from inventory.store import Store
from inventory.store.mongo import turns
from inventory.store.mongo.turns import MAX_SLICES
from inventory.store.turns import Served
from tests.contract.actions import NOW
from tests.contract.backends import MongoBackend
from tests.contract.orders import Documents
from tests.contract.owner_actions import import_, look_up

DUE = [{"state": "pending", "due_at": {"$lte": NOW}}, {"state": "pending", "due_at": {"$gt": NOW + timedelta(days=99)}}]
LIMIT = 8


class Reading:
    """The records, and how often and how many documents are read of them."""

    def __init__(self, documents: Documents) -> None:
        self._records = documents["records"]
        self.finds, self.documents = 0, 0

    def __getitem__(self, name: str) -> Reading:
        assert name == "records"
        return self

    def find(self, *asked: Any, sort: Any = None) -> Reading:
        self.finds += 1
        self._cursor = self._records.find(*asked, sort=sort)
        return self

    def find_one(self, *asked: Any, sort: Any = None) -> Mapping[str, Any] | None:
        return next(iter(self.find(*asked, sort=sort).limit(1)), None)

    def sort(self, order: Any) -> Reading:
        self._cursor = self._cursor.sort(order)
        return self

    def skip(self, count: int) -> Reading:
        self._cursor = self._cursor.skip(count)
        return self

    def limit(self, count: int) -> Reading:
        self._cursor = self._cursor.limit(count)
        return self

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for each in self._cursor:
            self.documents += 1
            yield each


@pytest.fixture
def store(mongo: MongoBackend) -> Iterator[Store]:
    with closing(mongo.open()) as store:
        yield store


def claim(database: Any, part: int) -> list[dict[str, Any]]:
    return turns.in_turns(database, DUE, Served(), limit=LIMIT, part=part)


@pytest.mark.parametrize("part", [0, 2, MAX_SLICES - 1])
@pytest.mark.parametrize("count", [1, LIMIT + 1, 5 * LIMIT])
@pytest.mark.parametrize("owners", [2, LIMIT - 3, LIMIT, 5 * LIMIT])
def test_a_claim_reads_some_times_its_limit_whatever_its_slice(
    store: Store, documents: Documents, owners: int, count: int, part: int
) -> None:
    for n in range(owners):
        (look_up if n % 2 else import_)(store, f"{n:032x}", count)
    reading = Reading(documents)

    taken = Counter(each["owner"] for each in claim(reading, part))

    assert sum(taken.values()) == min(LIMIT, owners * count)
    assert max(taken.values()) - min(taken.values()) <= 1
    assert reading.documents <= 3 * LIMIT
    assert reading.finds <= 2 * LIMIT + 2


@pytest.mark.parametrize("owners", [1, 2, 70])
def test_whether_anything_is_due_is_told_by_one_document(store: Store, documents: Documents, owners: int) -> None:
    for n in range(owners):
        look_up(store, f"{n:032x}", 2, now=NOW - timedelta(seconds=n))
    reading = Reading(documents)

    (oldest,) = turns.all_due(reading, DUE, limit=1)  # type: ignore[arg-type]

    assert oldest["owner"] == f"{owners - 1:032x}"
    assert (reading.finds, reading.documents) == (2, 1)
