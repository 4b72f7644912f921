"""A client of MongoDB that tells of each command for documents before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.store.mongo import MongoStore
from tests.contract.backends import MongoBackend

COMMANDS = {
    *(
        "find",
        "find_one",
        "count_documents",
        "aggregate",
        "distinct",
        "bulk_write",
        "insert_one",
        "insert_many",
        "replace_one",
    ),
    *("update_one", "update_many", "delete_one", "delete_many", "find_one_and_update", "find_one_and_delete"),
}


@dataclass(frozen=True)
class Command:
    """What is sent to a collection; `asked` has its arguments."""

    collection: str
    name: str
    asked: tuple[Any, ...]

    def filters(self) -> Iterator[Mapping[str, Any]]:
        """The filter of each statement in it; of new documents these themselves."""
        if self.name == "bulk_write":
            yield from (each._filter for each in self.asked[0])
        elif self.name == "insert_many":
            yield from self.asked[0]
        else:
            yield self.asked[0] if self.asked else {}


Hear = Callable[[Command], None]


class _Heard:
    """Anything, as it is but for what `hear` is told of."""

    def __init__(self, wrapped: Any, hear: Hear) -> None:
        self._wrapped, self._hear = wrapped, hear

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


class HeardClient(_Heard):
    def get_default_database(self, **options: Any) -> HeardDatabase:
        return HeardDatabase(self._wrapped.get_default_database(**options), self._hear)


class HeardDatabase(_Heard):
    def __getitem__(self, name: str) -> HeardCollection:
        return HeardCollection(self._wrapped[name], self._hear)


class HeardCollection(_Heard):
    def __getattr__(self, name: str) -> Any:
        act = getattr(self._wrapped, name)
        if name not in COMMANDS:
            return act

        def send(*asked: Any, **options: Any) -> Any:
            self._hear(Command(self._wrapped.name, name, asked))
            return act(*asked, **options)

        return send


def heard_store(backend: MongoBackend, hear: Hear) -> MongoStore:
    """One more store on the same data, whose commands are told of."""
    return MongoStore(backend.url, client=lambda _: HeardClient(backend.client(), hear))  # type: ignore[arg-type,return-value]


def named(field: str, filters: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bool:
    """Whether a filter says which values of a field it is for."""
    if not isinstance(filters, Mapping):
        return any(named(field, each) for each in filters)
    value = filters.get(field)
    if isinstance(value, Mapping):
        value = value.get("$eq", value.get("$in"))
    either = filters.get("$or", ())
    return (
        value is not None or named(field, filters.get("$and", ())) or (any(either) and all(named(field, x) for x in either))
    )
