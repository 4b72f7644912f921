"""A watch finds in memory that its query holds for a target exactly if the search of a store finds the target."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.observations.conditions import Pattern, Wildcard
from inventory.observations.queries.query import parse
from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from inventory.watches.matching import compiled, depends_on_time
from tests.contract.actions import NOW, after, target
from tests.contract.backends import PATIENT, MockBackend
from tests.contract.observed import World
from tests.contract.oracle import ORDERS, act, is_of_now

ANY_FIELD = [Pattern((Wildcard.ANY,))]
TIMED = (
    "tls.not_after:[* TO now+10s]",
    "tls.not_after:[now-1h TO now+120d}",
    "tls.not_after:{now+7s TO *] header.server:nginx",
    "-tls.not_after:now+6s",
    "tls.not_after:>=2026-06-01",
    "*",
)
QUERIES = ORDERS | {"timed": st.sampled_from(TIMED), "instants": st.lists(st.integers(0, 14), min_size=1, max_size=3)}


def check(store: Store, actions, conditions, instants, timed) -> None:
    world = World(store)
    for action in actions:
        act(world, action)
    world.reindex()
    for seconds in [None, *instants]:
        at = None if seconds is None else after(seconds)
        now = after(20) if at is None else at
        ids = [target(n).id for n in range(4)]
        stated = store.observations.shown(ids, ANY_FIELD, at=at)
        asked = [(each, each, NOW) for each in conditions if not is_of_now(each)]
        asked += [(parse(timed, now=NOW), parse(timed, now=now), NOW)]
        for read_once, read_then, read_at in asked:
            test = compiled(read_once, read_at=read_at)
            found = {
                record_id for record_id, observations in stated.items() if test(by_field(observations), now.timestamp())
            }
            listed = store.observations.search(read_then, at=at, limit=10, after=None)
            assert found == {each.record_id for each in listed}, (read_once, at)


def by_field(observations) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for each in observations:
        fields.setdefault(each.field, []).append(each.value)
    return fields


@settings(max_examples=60)
@given(**QUERIES)
def test_a_query_holds_for_the_targets_that_sqlite_finds(actions, conditions, instants, timed) -> None:
    with TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "store", bounds=PATIENT)) as store:
        check(store, actions, conditions, instants, timed)


@settings(max_examples=60)
@given(**QUERIES)
def test_a_query_holds_for_the_targets_that_mongodb_finds(actions, conditions, instants, timed) -> None:
    with closing(MockBackend().open()) as store:
        check(store, actions, conditions, instants, timed)


def test_only_a_query_with_now_depends_on_time() -> None:
    assert depends_on_time(parse("status:200 -(host:a.example OR tls.not_after:<now+30d)", now=NOW))
    assert not depends_on_time(parse("tls.not_after:[2026-01-01 TO 2026-02-01] status:>400", now=NOW))
