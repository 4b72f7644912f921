"""What became of header lines: a table, and that the changes lead from the old lines to the new ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.changes.header_lines import line_changes
from inventory.changes.model import Change, ChangeKind
from tests.growth import assert_linear

SentLine = dict[str, str]
Shown = tuple[str, str, str | None, str | None, bool]


def lines(*texts: str) -> list[SentLine]:
    return [{"name": name, "value": value} for name, _, value in (text.partition(": ") for text in texts)]


def shown(changes: Sequence[Change]) -> list[Shown]:
    return [(each.kind.value, each.field, each.old, each.new, each.volatile) for each in changes]  # type: ignore[misc]


TABLE: list[tuple[str, list[SentLine], list[SentLine], list[Shown]]] = [
    ("the same", lines("A: 1", "B: 2"), lines("A: 1", "B: 2"), []),
    ("added", lines("A: 1"), lines("A: 1", "B: 2"), [("added", "header.b", None, "2", False)]),
    (
        "one that is gone moves no other",
        lines("Strict-Transport-Security: max-age=1", "A: 1", "B: 2"),
        lines("A: 1", "B: 2"),
        [("removed", "header.strict-transport-security", "max-age=1", None, False)],
    ),
    ("changed", lines("Server: a"), lines("Server: b"), [("changed", "header.server", "a", "b", False)]),
    ("moved", lines("A: 1", "B: 2", "C: 3"), lines("B: 2", "C: 3", "A: 1"), [("moved", "header.a", "1", "1", False)]),
    (
        "a name in another case",
        lines("Server: a", "Date: x"),
        lines("server: a", "date: x"),
        [("changed", "header.server", "a", "a", False), ("changed", "header.date", "x", "x", False)],
    ),
    (
        "duplicates with one more in front",
        lines("Via: a", "Via: b"),
        lines("Via: c", "Via: a", "Via: b"),
        [("added", "header.via", None, "c", False)],
    ),
    (
        "duplicates of which one is gone",
        lines("Vary: a", "Vary: b", "Vary: c"),
        lines("Vary: a", "Vary: c"),
        [("removed", "header.vary", "b", None, False)],
    ),
    (
        "duplicates of one value",
        lines("X: 1", "X: 1", "X: 1"),
        lines("X: 1"),
        [("removed", "header.x", "1", None, False)] * 2,
    ),
    (
        "duplicates in another order",
        lines("Set-Cookie: a=1", "Set-Cookie: b=2"),
        lines("Set-Cookie: b=2", "Set-Cookie: a=1"),
        [("moved", "header.set-cookie", "a=1", "a=1", False)],
    ),
    (
        "cookies are paired by name",
        lines("Set-Cookie: a=1; Secure", "Set-Cookie: b=2; Secure"),
        lines("Set-Cookie: b=3; Secure", "Set-Cookie: c=4"),
        [
            ("removed", "header.set-cookie", "a=1; Secure", None, False),
            ("changed", "header.set-cookie", "b=2; Secure", "b=3; Secure", True),
            ("added", "header.set-cookie", None, "c=4", False),
        ],
    ),
    (
        "links are paired by target",
        lines("Link: </a>; rel=preload", "Link: </b>; rel=preload"),
        lines("Link: </b>; rel=prefetch", "Link: </c>; rel=preload"),
        [
            ("changed", "header.link", "</b>; rel=preload", "</b>; rel=prefetch", False),
            ("changed", "header.link", "</a>; rel=preload", "</c>; rel=preload", False),
        ],
    ),
    ("no lines", [], [], []),
    ("an empty name", lines(": 1"), lines(": 2"), [("changed", "header.", "1", "2", False)]),
]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_header_lines_are_compared(old: list[SentLine], new: list[SentLine], expected: list[Shown]) -> None:
    assert shown(line_changes(old, new, prefix="header.")) == expected


def test_a_change_says_where_its_line_stood_and_stands_and_how_its_name_was_written() -> None:
    [added, moved] = line_changes(lines("A: 1", "b: 2"), lines("c: 3", "b: 2", "A: 1"), prefix="redirect.header.", hop=2)

    assert (added.field, added.hop, added.old_line) == ("redirect.header.c", 2, None)
    assert added.new_line is not None
    assert (added.new_line.position, added.new_line.name) == (1, "c")
    assert moved.old_line is not None
    assert moved.new_line is not None
    assert (moved.field, moved.old_line.position, moved.new_line.position) == ("redirect.header.a", 1, 3)


def applied(old: Sequence[SentLine], changes: Sequence[Change]) -> list[SentLine]:
    """The new lines, by the changes and what they do not mention."""
    gone = {each.old_line.position for each in changes if each.old_line}
    placed = {
        each.new_line.position: {"name": each.new_line.name, "value": str(each.new)} for each in changes if each.new_line
    }
    kept = iter(line for position, line in enumerate(old, 1) if position not in gone)
    size = len(old) - len(gone) + len(placed)
    return [placed[position] if position in placed else next(kept) for position in range(1, size + 1)]


LINE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["A", "a", "B", "Set-Cookie", "set-cookie", "Date"]) | st.text(max_size=3),
        "value": st.sampled_from(["", "1", "2", "a=1", "a=2; Secure", "b=1"]) | st.text(max_size=5),
    }
)
LINES = st.lists(LINE, max_size=12)


@given(old=LINES, new=LINES)
def test_the_changes_of_any_lines_lead_from_the_old_to_the_new(old: list[SentLine], new: list[SentLine]) -> None:
    changes = line_changes(old, new, prefix="header.")

    assert applied(old, changes) == new
    for change in changes:
        assert (change.old_line is None) == (change.kind is ChangeKind.ADDED)
        assert (change.new_line is None) == (change.kind is ChangeKind.REMOVED)


@given(LINES)
def test_lines_do_not_differ_from_themselves(same: list[SentLine]) -> None:
    assert line_changes(same, list(same), prefix="header.") == []


@pytest.mark.parametrize(
    "make",
    [
        lambda size: ([{"name": "a", "value": str(n)} for n in range(size)], [{"name": "a", "value": "x"}] * size),
        lambda size: ([{"name": "a", "value": "x"}] * size, [{"name": "a", "value": "x"}] * (size - 1)),
        lambda size: (
            [{"name": str(n), "value": "x"} for n in range(size)],
            [{"name": str(n), "value": "x"} for n in reversed(range(size))],
        ),
    ],
    ids=["other values", "one less", "reversed"],
)
def test_what_it_costs_grows_in_proportion_to_the_lines(make) -> None:
    assert_linear(lambda both: line_changes(*both, prefix="header."), make, small=1_000)
