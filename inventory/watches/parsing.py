"""Watches with their query and fields read, ready to look at many targets."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime

from inventory.errors import InvalidQuery
from inventory.observations import limited
from inventory.observations.conditions import all_of
from inventory.observations.fields import is_verdict
from inventory.observations.model import FAILURE, TAG, Condition, Word
from inventory.observations.queries.field_lists import read_fields
from inventory.observations.queries.query import parse
from inventory.watches.matching import Test, compiled, depends_on_time, name_test
from inventory.watches.model import KEPT_COLLECTIONS, On, Watch

MOST_NEW = 15
"""New collections of a target, of those that are kept, up to which each is judged as if it were the only new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedWatch:
    """A watch, the tests of its query and of its limits, and the names of the fields whose changes it tells.

    `timed`: the query may hold at one instant and not at another, although a target states the same.
    """

    watch: Watch
    on: Set[On]
    holds: Test
    is_within: Test
    timed: bool
    tells: Callable[[str], bool]

    @property
    def look_back(self) -> int:
        """Collections before a new one that its judgement depends on: enough for what flaps before it settles."""
        return min(8 * self.watch.persist, KEPT_COLLECTIONS - MOST_NEW - 1)


def parsed(watch: Watch) -> ParsedWatch:
    """The watch, ready to look at targets; `InvalidQuery` on `query` or `fields`. `now` in its query is each collection."""
    condition = condition_of(watch, now=watch.changed_at)
    return ParsedWatch(
        watch=watch,
        on=frozenset(watch.on),
        holds=compiled(condition, read_at=watch.changed_at),
        is_within=compiled(limited.condition_of(watch.limits), read_at=watch.changed_at),
        timed=depends_on_time(condition),
        tells=_read_names(watch.fields),
    )


def condition_of(watch: Watch, *, now: datetime) -> Condition:
    """The condition of a watch: what its query and its limits ask for; `InvalidQuery` on its query."""
    return all_of([read_query(watch.query, now=now), limited.condition_of(watch.limits)])


def read_query(text: str, *, now: datetime) -> Condition:
    """The condition of a watch's query, without fields that are known of the latest snapshot alone; else `InvalidQuery`."""
    try:
        condition = parse(text, now=now)
    except InvalidQuery as error:
        raise InvalidQuery(error.reason, error.position, "query") from None
    try:
        parse(text, now=now, past=True)
    except InvalidQuery as error:
        reason = "This is known of the latest snapshot only, and a watch compares collections. Leave this condition out."
        raise InvalidQuery(reason, error.position, "query") from None
    return condition


def _read_names(fields: str) -> Callable[[str], bool]:
    names = read_fields("fields", fields)
    if not names:
        return lambda name: name != TAG and not is_verdict(name)
    if list(names) == [Word(FAILURE, exact=True)]:
        raise InvalidQuery("Failures are no changes of a page. Put `fails` into `on`, and leave `fields` out.", 1, "fields")
    tests = [name_test(each) for each in names]
    return lambda name: any(test(name) for test in tests)
