"""The same change on many targets is one group; what changed together is one, too."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.changes.change_patterns import MAX_RARE_PATTERNS
from inventory.changes.groups import Group, grouped
from inventory.changes.ranking import shape_in_group
from inventory.changes.sharing import counted, shared_by
from inventory.observations.model import Change, SameChange, same
from tests.growth import assert_linear

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def change(
    target: int | str, field: str, old: Sequence[str] = (), new: Sequence[str] = (), *, at: int = 0, volatile: bool = False
) -> Change:
    """What a collection found so many seconds after the beginning."""
    return Change(
        record_id=f"target {target}", field=field, at=NOW + timedelta(seconds=at), before=None, old=list(old),
        new=list(new), volatile=volatile,
    )  # fmt: skip


def groups(changes: Iterable[Change]) -> Sequence[Group]:
    return grouped(same(changes))


def word(n: int) -> str:
    return chr(97 + n) * 3


def rows(changes: Iterable[Change]) -> list[tuple[str, list[str], list[str], list[str], int]]:
    return [(each.field, list(each.also), list(each.old), list(each.new), len(each.occurrences)) for each in groups(changes)]


HSTS = "header.strict-transport-security"
ONE, TWO, THREE = "a" * 64, "0" * 64, "5e" * 32

TABLE = {
    "nothing": ([], []),
    "the same on many targets": ([change(n, HSTS, ["max-age=1"], at=n) for n in range(3)], [
        (HSTS, [], ["max-age=1"], [], 3),
    ]),
    "the same shape with other values": ([change(n, HSTS, [f"max-age={n}"], ["max-age=0"]) for n in range(3)], [
        (HSTS, [], ["max-age={number}"], ["max-age=0"], 3),
    ]),
    "words that differ": ([change(n, "header.server", ["nginx"], [name]) for n, name in enumerate(["caddy", "envoy"])], [
        ("header.server", [], ["nginx"], ["caddy"], 1), ("header.server", [], ["nginx"], ["envoy"], 1),
    ]),
    "added, removed and changed": (
        [change(1, "title", [], ["a"]), change(2, "title", ["a"], []), change(3, "title", ["a"], ["b"])],
        [("title", [], [], ["a"], 1), ("title", [], ["a"], [], 1), ("title", [], ["a"], ["b"], 1)],
    ),
    "numbers with a meaning": ([change(n, "status", ["200"], [new]) for n, new in enumerate(["404", "404", "500"])], [
        ("status", [], ["200"], ["404"], 2), ("status", [], ["200"], ["500"], 1),
    ]),
    "a renewed certificate": (
        [
            each
            for n, name in enumerate([ONE, TWO, THREE])
            for each in (
                change(n, "tls.sha256", [name], [name[::-1]], at=n),
                change(n, "tls.not_after", [f"2026-01-{n + 1:02d}T00:00:00Z"], [f"2026-04-{n + 1:02d}T00:00:00Z"], at=n),
            )
        ],
        [("tls.sha256", ["tls.not_after"], ["{hex:64}"], ["{hex:64}"], 3)],
    ),
    "a script with what follows from it, and another page": (
        [
            *(change(n, "script.host", [], ["evil.example"]) for n in range(2)),
            *(change(n, "body.sha256", [ONE], [TWO]) for n in range(2)),
            *(change(n, "script.inline", ["1"], [str(n)]) for n in range(2)),
            change(2, "title", ["a"], ["b"]),
        ],
        [
            ("script.host", ["script.inline", "body.sha256"], [], ["evil.example"], 2),
            ("title", [], ["a"], ["b"], 1),
        ],
    ),
    "a field that changed on more targets than another": (
        [change(1, "script.host", [], ["a.example"]), *(change(n, "body.sha256", [ONE], [TWO]) for n in (1, 2))],
        [("body.sha256", [], [ONE], [TWO], 2), ("script.host", [], [], ["a.example"], 1)],
    ),
    "the same targets in other collections": (
        [change(1, "ip", ["192.0.2.1"], ["192.0.2.2"]), change(1, "title", ["a"], ["b"], at=1)],
        [("title", [], ["a"], ["b"], 1), ("ip", [], ["192.0.2.1"], ["192.0.2.2"], 1)],
    ),
    "twice on one target": ([change(1, HSTS, ["1"], at=n) for n in range(2)], [(HSTS, [], ["1"], [], 2)]),
    "volatile ones by themselves": (
        [change(1, "title", ["{number}"], ["{text}"], volatile=True), change(2, "title", ["{number}"], ["{text}"])],
        [("title", [], ["{number}"], ["{text}"], 1), ("title", [], ["{number}"], ["{text}"], 1)],
    ),
    "an attribute of a cookie": (
        [
            each
            for n in range(2)
            for each in (
                change(n, "cookie.SID", [f"secure; domain=a{n}.example"], [f"httponly; domain=a{n}.example"]),
                change(n, "cookie.SID.secure", ["true"], ["false"]),
            )
        ],
        [("cookie.SID.secure", ["cookie.SID"], ["true"], ["false"], 2)],
    ),
    "a cookie that is new": (
        [change(1, "cookie.SID.secure", [], ["true"]), change(1, "cookie.SID", [], ["secure"])],
        [("cookie.SID", ["cookie.SID.secure"], [], ["secure"], 1)],
    ),
    "names of few targets, which changed with something else": (
        [
            each
            for n in range(3)
            for each in (
                change(n, "tls.sha256", [ONE], [f"{n:064x}"]),
                change(n, "tls.subject", [f"CN={word(n)}"], [f"CN=www.{word(n)}"]),
                change(n, "tls.issuer", ["CN=R3"], [f"CN={word(n)}"]),
            )
        ],
        [
            ("tls.sha256", ["tls.subject"], [ONE], ["{hex:64}"], 3),
            *(("tls.issuer", [], ["CN=R3"], [f"CN={word(n)}"], 1) for n in range(3)),
        ],
    ),
    "names of few targets, which changed by themselves": (
        [change(n, "tls.subject", [f"CN={word(n)}"], ["CN=www"]) for n in range(2)],
        [("tls.subject", [], [f"CN={word(n)}"], ["CN=www"], 1) for n in (range(2))],
    ),
    "another host for all URLs": (
        [
            each
            for n in range(MAX_RARE_PATTERNS + 1)
            for each in (
                change(n, "final.url", [f"http://{word(n)}.example/"], [f"https://new.example/{word(n)}"]),
                change(n, "final.host", [f"{word(n)}.example"], ["new.example"]),
            )
        ],
        [("final.host", ["final.url"], ["{text}"], ["new.example"], MAX_RARE_PATTERNS + 1)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), TABLE.values(), ids=TABLE)
def test_the_same_change_is_one_row(changes: list[Change], expected: list[object]) -> None:
    assert rows(changes) == expected


@pytest.mark.parametrize(
    ("field", "value", "shape"),
    [
        ("status", "404", "404"),
        ("redirects", "2", "2"),
        ("script.inline", "2", "{number}"),
        ("tag", "release-2026-01-31", "release-2026-01-31"),
        ("tls.not_after", "2026-01-31T00:00:00Z", "{date}"),
        ("body.sha256", "0" * 64, "{hex:64}"),
        ("script.host", "cdn7.example", "cdn{number}.example"),
        ("cookie.a.b", "secure; samesite=lax; domain=example.com; path=/1", "secure; samesite=lax; domain={text}; path=/1"),
        ("cookie.a", "domain=example.com; path=/", "domain={text}; path=/"),
        ("cookie.a.samesite", "lax", "lax"),
    ],
)
def test_the_shape_of_a_value_is_what_targets_have_in_common(field: str, value: str, shape: str) -> None:
    assert shape_in_group(field, value) == shape


def test_few_kinds_of_change_are_told_apart_and_a_large_one_always_is() -> None:
    few = [change(n, "title", [], [chr(97 + n)]) for n in range(MAX_RARE_PATTERNS)]
    deploy = [change(f"of deploy {n}", "title", [], ["Down"]) for n in range(50)]

    assert len(groups(few)) == MAX_RARE_PATTERNS
    many = rows([*few, change("z", "title", [], ["z"]), *deploy])
    assert many == [("title", [], [], ["Down"], 50), ("title", [], [], ["{text}"], MAX_RARE_PATTERNS + 1)]


def test_a_group_has_its_ends_its_targets_and_the_latest_changes_as_samples() -> None:
    [group] = groups([change(n % 4, HSTS, [f"max-age={n}"], at=n) for n in range(20)])

    assert (group.first, group.last) == (NOW, NOW + timedelta(seconds=19))
    assert group.targets == {f"target {n}" for n in range(4)}
    assert [(each.occurrence, each.old) for each in group.samples(2)] == [
        (("target 3", NOW + timedelta(seconds=19)), ["max-age=19"]),
        (("target 2", NOW + timedelta(seconds=18)), ["max-age=18"]),
    ]
    assert len(group.samples(100)) == 20


VALUES = st.sets(st.sampled_from(["1", "2", "a", "b", "c", ONE, TWO, "2026-01-31", "a.example"]), max_size=2).map(sorted)
OCCURRENCES = st.tuples(
    st.integers(0, 6), st.sampled_from(["status", "title", "tls.name", "body.sha256", HSTS, "cookie.a"]), st.integers(0, 2)
)
CHANGES = st.dictionaries(OCCURRENCES, st.tuples(VALUES, VALUES).filter(any), max_size=40).map(
    lambda found: [change(n, field, *values, at=at) for (n, field, at), values in found.items()]
)
WIDE = st.lists(
    st.tuples(st.integers(0, 80), st.integers(0, 80)),
    min_size=MAX_RARE_PATTERNS,
    max_size=120,
    unique_by=lambda each: each[0],
).map(lambda found: [change(n, "title", [], ["ab"[: 1 + m % 2] + "cdefghijk"[m % 9] * (1 + m // 9)]) for n, m in found])


@given(changes=CHANGES | WIDE)
def test_each_change_of_each_field_is_in_one_group_and_the_counts_add_up(changes: list[Change]) -> None:
    found = groups(changes)

    wanted = sorted((each.field, each.record_id, each.at) for each in changes)
    assert (
        sorted((name, *one) for group in found for name in (group.field, *group.also) for one in group.occurrences) == wanted
    )
    assert sum(len(group.occurrences) * (1 + len(group.also)) for group in found) == len(changes)
    for group in found:
        assert {occurrence for each in group.changes for occurrence in each.occurrences} == group.occurrences
        assert {each.field for each in group.changes} == {group.field}


@given(changes=CHANGES | WIDE, seed=st.integers(0, 5))
def test_the_order_of_the_changes_does_not_matter(changes: list[Change], seed: int) -> None:
    shuffled = random.Random(seed).sample(changes, len(changes))

    def shown(found: Sequence[Group]) -> list[object]:
        return [
            (
                each.field,
                each.also,
                each.old,
                each.new,
                each.volatile,
                each.occurrences,
                each.first,
                each.last,
                each.samples(3),
            )
            for each in found
        ]

    assert shown(groups(changes)) == shown(groups(shuffled))


@given(changes=CHANGES)
def test_exact_values_are_shown_where_all_have_them_and_shapes_else(changes: list[Change]) -> None:
    for group in groups(changes):
        for side in ("old", "new"):
            exact = {tuple(getattr(each, side)) for each in group.changes}
            shapes = {tuple(sorted({shape_in_group(group.field, value) for value in values})) for values in exact}
            shown = tuple(getattr(group, side))
            assert shown in (exact if len(exact) == 1 else {*shapes, ("{text}",)})


def test_what_targets_share_is_what_at_least_half_of_them_show() -> None:
    values = {
        "a": [("ip", "192.0.2.1"), ("domain", "example.com"), ("header.server", "x"), ("header.server", "x")],
        "b": [("ip", "192.0.2.2"), ("domain", "example.com")],
        "c": [("ip", "192.0.2.1"), ("domain", "example.org")],
        "d": [("ip", "192.0.2.2"), ("domain", "example.com")],
        "other": [("ip", "192.0.2.9")],
    }

    assert [(each.field, each.value, each.targets) for each in shared_by(4, counted({*"abcd"}, values))] == [
        ("domain", "example.com", 3), ("ip", "192.0.2.1", 2), ("ip", "192.0.2.2", 2)
    ]  # fmt: skip
    assert shared_by(1, counted({"gone"}, values)) == []
    assert [each.value for each in shared_by(2, counted({"a", "b"}, values))] == ["example.com"], "one of two shares nothing"
    assert [each.value for each in shared_by(1, counted({"c"}, values))] == ["example.org", "192.0.2.1"]


def test_same_changes_are_put_together_with_their_places() -> None:
    found = same([change(1, "title", [], ["a"]), change(2, "title", [], ["a"]), change(3, "title", ["a"], [])])

    occurrences = [("target 1", NOW), ("target 2", NOW)]
    assert found[0] == SameChange(field="title", old=[], new=["a"], volatile=False, occurrences=occurrences)
    assert len(found) == 2


def test_grouping_takes_time_in_proportion_to_the_changes() -> None:
    def made(size: int) -> Sequence[SameChange]:
        return same(
            each
            for n in range(size)
            for each in (change(n, HSTS, ["max-age=1"]), change(n, "body.sha256", [f"{n:064x}"], [f"{n:064x}"[::-1]]))
        )

    def of_other_ways(size: int) -> Sequence[SameChange]:
        return same(
            change(n % (size // 2), "title", [f"{word(n % 26)} {n % 7:b}" * (n // 26 % 50)], at=n) for n in range(size)
        )

    assert_linear(grouped, made, small=1_000)
    assert_linear(grouped, of_other_ways, small=1_000)
