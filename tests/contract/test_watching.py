"""What watches find in a store, looked at whenever, is what looking at all that ever happened finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.observations.model import TAG, Observation
from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from inventory.watches.evaluation.evaluate import evaluate, intervals_since, replay
from inventory.watches.model import Collection, Finding, Looked, On
from inventory.watches.parsing import ParsedWatch, parsed
from tests.contract.actions import after, found, target
from tests.contract.backends import PATIENT, MockBackend
from tests.contract.observed import World
from tests.contract.oracle import CODES, SNAPSHOTS, TARGETS, act
from tests.contract.watch_actions import add

TAGS = st.sets(st.sampled_from(["a", "b", "B"]))
ACTIONS = st.one_of(
    st.tuples(st.just("collect"), TARGETS, SNAPSHOTS, st.just(False)),
    st.tuples(st.just("again"), TARGETS),
    st.tuples(st.just("again"), TARGETS),
    st.tuples(st.just("fail"), TARGETS, CODES, st.just(False)),
    st.tuples(st.just("tag"), TARGETS, TAGS),
    st.tuples(st.just("add_tags"), st.lists(TARGETS, max_size=4), TAGS),
)
LOOKS = {"actions": st.lists(st.tuples(ACTIONS, st.booleans()), min_size=1, max_size=24)}
WATCHES = [
    (query, fields, persist)
    for query in ("*", "status:200 OR tag:a", "tls.not_after:[* TO now+60d] NOT _exists_:failure")
    for fields, persist in (("", 1), ("tag,header.*", 2))
]


def look(store: Store, watches: Sequence[ParsedWatch]) -> Iterator[Finding]:
    """What all watches find in what is unseen."""
    unseen = store.outcomes.unseen(limit=10)
    intervals = store.observations.intervals({each.record.id: intervals_since(each, watches) for each in unseen})
    for each in unseen:
        found = evaluate(each, intervals.get(each.record.id, ()), watches, now=after(99))
        looked = Looked(unseen=each, findings=found.findings, memberships=found.memberships)
        assert store.outcomes.seen([looked], now=after(99)) == [True]
        yield from found.findings


def intervals_of(world: World, n: int) -> Sequence[Observation]:
    """By what held after each event."""
    current: dict[tuple[str, str], Observation] = {}
    done = []
    for instant, state in world.states(n):
        for pair in current.keys() - state:
            old = current.pop(pair)
            last = max(each.at for each in world.events[n] if each.at < instant) if pair[0] != TAG else None
            done.append(Observation(**_members(old) | {"gone": instant, "last_seen": last}))
        for pair in state - current.keys():
            current[pair] = Observation(field=pair[0], value=pair[1], volatile=False, first_seen=instant)
    return sorted([*done, *current.values()], key=lambda one: (one.field, one.value, one.first_seen))


def _members(observation: Observation) -> dict[str, object]:
    return {name: getattr(observation, name) for name in Observation.__dataclass_fields__}


def check(store: Store, actions) -> None:
    watches = [
        parsed(add(store, str(n), now=after(-10), on=tuple(On), query=query, fields=fields, persist=persist))
        for n, (query, fields, persist) in enumerate(WATCHES)
    ]
    world = World(store)
    findings: list[Finding] = []
    for action, looks in actions:
        act(world, action)
        findings += look(store, watches) if looks else ()
    findings += look(store, watches)

    wanted: list[Finding] = []
    for n in world.events:
        outcomes = [each for each in world.events[n] if each.kind != TAG]
        collections = [Collection(each.at, each.kind == "failed") for each in outcomes]
        for one in watches:
            wanted += replay(one, found(store, target(n)), collections, intervals_of(world, n), since=after(-10))
    assert sorted(map(_said, findings)) == sorted(map(_said, wanted))


def _said(finding: Finding) -> tuple[object, ...]:
    members = finding.watch_id, finding.record_id, finding.at, finding.on.value, finding.field
    return (*members, list(finding.old), list(finding.new))


@settings(max_examples=40)
@given(**LOOKS)
def test_watches_find_in_sqlite_what_happened(actions) -> None:
    with TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "store", bounds=PATIENT)) as store:
        check(store, actions)


@settings(max_examples=40)
@given(**LOOKS)
def test_watches_find_in_mongodb_what_happened(actions) -> None:
    with closing(MockBackend().open()) as store:
        check(store, actions)
