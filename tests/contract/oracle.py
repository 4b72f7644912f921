"""Random snapshots, orders of what happens to them, and questions: what a store answers is held against the naive answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from inventory.observations.conditions import Condition, Everything, all_of, any_of, negated
from inventory.observations.model import LATEST_ONLY
from tests.contract.actions import after
from tests.contract.observed import World
from tests.observations.algebra import between, cookie, exactly, exists, has, url

FIELDS = ("header.server", "status", "title", "tag", "failure", "url", "cookie.SID.secure")
STATEMENTS = st.sampled_from(
    [
        *(("header.server", value) for value in ("nginx", "Nginx", "Apache/2.4", "\0é")),
        *(("status", value) for value in ("200", "404", "500")),
        *(("title", f"Title {n}") for n in range(6)),
        *(("cookie.SID.secure", value) for value in ("true", "false")),
        *(("cookie.sid.secure", value) for value in ("true", "false")),
        *(("tls.not_after", value) for value in ("2026-01-31T12:00:00Z", "2026-06-01T00:00:00.500Z", "never")),
        *(("body.size", value) for value in ("0", "1000")),
        ("elapsed_ms", "12.5"),
    ]
)
SNAPSHOTS = st.sets(STATEMENTS.filter(lambda each: each[0] not in LATEST_ONLY), max_size=8) | st.sets(
    STATEMENTS, max_size=8
).map(lambda found: set(dict(found).items()))
NOW_ONLY = (between("body.size", "[1", ""), between("elapsed_ms", "{12.5", "20]"), between("elapsed_ms", "", "12.5]"))
LEAVES = st.sampled_from(
    [
        *(has("header.server", value) for value in ("nginx", "n*", "*a*", "?\0*", "\0?", "none", "\ud800")),
        *(exactly("header.server", value) for value in ("nginx", "N*")),
        *(has("status", value) for value in ("200", "5*")),
        *(has("title", value) for value in ("title 1", "t*", "*e 2", "*le*")),
        *(cookie(name, "false") for name in ("cookie.*.secure", "cookie.SID.secure")),
        *(exists(name) for name in ("title", "status", "failure", "header.*", "cookie.*.secure", "no.field", "tag")),
        *(between("status", *ends) for ends in (("[400", "499]"), ("{200", ""), ("", "404}"), ("{404", "500}"))),
        between("tls.not_after", "[2026-02-01", "2026-07-01]"),
        *(has("tag", value) for value in ("a", "B")),
        has("failure", "dns_failure"),
        *(url(part) for part in ("example", "/1", "COM/0")),
        Everything(),
        *NOW_ONLY,
    ]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, min_size=1, max_size=3).map(all_of)
        | st.lists(parts, min_size=1, max_size=3).map(any_of)
        | parts.map(negated)
    ),
    max_leaves=6,
)
TARGETS = st.integers(0, 3)
CODES = st.sampled_from(["dns_failure", "timeout"])
ACTIONS = st.one_of(
    st.tuples(st.just("collect"), TARGETS, SNAPSHOTS, st.booleans()),
    st.tuples(st.just("collect"), TARGETS, SNAPSHOTS, st.just(False)),
    st.tuples(st.just("again"), TARGETS),
    st.tuples(st.just("fail"), TARGETS, CODES, st.booleans()),
    st.tuples(st.just("tag"), TARGETS, st.sets(st.sampled_from(["a", "b", "B"]))),
    st.tuples(st.just("add_tags"), st.lists(TARGETS, max_size=4), st.sets(st.sampled_from(["a", "b", "B"]))),
    st.tuples(st.just("delete"), TARGETS),
    st.tuples(st.just("reindex"), st.sampled_from([1, 2, 1000])),
    st.tuples(st.just("prune")),
)
ORDERS: dict[str, st.SearchStrategy[Any]] = {
    "actions": st.lists(ACTIONS, max_size=14),
    "conditions": st.lists(CONDITIONS, min_size=1, max_size=3),
    "instants": st.lists(st.floats(0, 15).map(lambda seconds: round(seconds, 1)), max_size=3),
}
"""What happens, what is asked then, and of which instants."""


def check(
    world: World, actions: Sequence[tuple[Any, ...]], conditions: Sequence[Condition], instants: Sequence[float]
) -> None:
    """The answers are those of looking at all snapshots."""
    for action in actions:
        act(world, action)
    world.reindex()
    world.check_values(("header.server", "status", "tag", "no.field"))
    world.check_intervals()
    for condition in conditions:
        world.check(condition, None, FIELDS)
        world.check_changes(condition)
        world.check_same_changes(condition)
        for seconds in instants:
            if not is_of_now(condition):
                world.check(condition, after(seconds), FIELDS)


def act(world: World, action: tuple[Any, ...]) -> None:
    match action:
        case ("collect", n, statements, crash):
            world.collect(n, statements, crash=crash)
        case ("again", n) if n in world.events:
            latest = [event for event in world.events[n] if event.kind == "stored"]
            world.collect(n, latest[-1].statements if latest else ())
        case ("fail", n, code, crash):
            world.fail(n, code, crash=crash)
        case ("tag", n, tags):
            world.tag(n, tags)
        case ("add_tags", some, tags):
            world.add_tags(some, tags)
        case ("delete", n):
            world.delete(n)
        case ("reindex", latest):
            world.reindex(latest=latest)
        case ("prune",):
            assert world.store.observations.prune(after=0, limit=1_000) == 0


def is_of_now(condition: Condition) -> bool:
    return any(str(each) in str(condition) for each in NOW_ONLY)
