"""Unified diffs of pages: exact, readable where pages are one line, and bounded whatever they are."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.changes import text_diff as module
from inventory.changes.matching import Matcher
from inventory.changes.text_diff import text_diff
from inventory.changes.text_lines import MAX_CHARACTERS, MAX_LINES, lines_of
from tests.growth import assert_linear

PAGE = 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("old", "new", "hunks"),
    [
        ("a\nb\nc\n", "a\nx\nc\n", ["@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"]),
        ("", "a\n", ["@@ -0,0 +1 @@", "+a"]),
        ("a\n", "", ["@@ -1 +0,0 @@", "-a"]),
        ("a", "a\n", ["@@ -1 +1 @@", "-a", "\\ No newline at end of file", "+a"]),
        ("a\r\n", "a\n", ["@@ -1 +1 @@", "-a\r", "+a"]),
        ("a\u2028b\n", "a\u2028c\n", ["@@ -1 +1 @@", "-a\u2028b", "+a\u2028c"]),
        ("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n6\n", ["@@ -3,3 +3,4 @@", " 3", " 4", " 5", "+6"]),
    ],
)
def test_a_diff_is_unified(old: str, new: str, hunks: list[str]) -> None:
    unified = text_diff(old, new, old_label="one", new_label="two").unified

    assert unified == "\n".join(["--- one", "+++ two", *hunks]) + "\n"


def test_distant_changes_are_hunks_of_their_own() -> None:
    old = [f"{n}\n" for n in range(100)]
    new = ["x\n", *old[1:50], *old[51:]]

    diff = text_diff("".join(old), "".join(new))

    assert re.findall("@@.*@@", diff.unified) == ["@@ -1,4 +1,4 @@", "@@ -48,7 +48,6 @@"]
    assert (diff.added, diff.removed, diff.notes) == (1, 2, [])


def test_equal_texts_have_no_diff() -> None:
    assert text_diff("a\nb", "a\nb").unified == ""


def patched(old: str, unified: str) -> str:
    """What `patch` would make of a text."""
    lines, result, position = re.findall(r"[^\n]*\n|[^\n]+", old), [], 0
    written = re.findall(r"[^\n]*\n", unified)[2:]
    for number, line in enumerate(written):
        if found := re.match(r"@@ -(\d+)(?:,(\d+))? \+", line):
            start = int(found[1]) - (found[2] != "0")
            result += lines[position:start]
            position = start
        elif not line.startswith("\\"):
            ended = not written[number + 1 : number + 2] or not written[number + 1].startswith("\\")
            text = line[1:] if ended else line[1:-1]
            if line[0] in " -":
                assert lines[position] == text
                position += 1
            if line[0] in " +":
                result.append(text)
    return "".join(result + lines[position:])


TEXT = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "x\r\n", "-a\n", "@@\n"]), max_size=30).map("".join)


@given(old=TEXT, new=TEXT, tail=st.sampled_from(["", "end"]))
def test_a_diff_of_any_texts_leads_from_the_old_to_the_new(old: str, new: str, tail: str) -> None:
    assert patched(old, text_diff(old, new + tail).unified) == new + tail


NUMBERS = st.lists(st.integers(0, 5) | st.integers(0, 60), max_size=60)


@given(old=NUMBERS, new=NUMBERS, max_cells=st.sampled_from([0, 4, 100, 10_000]))
def test_equal_blocks_are_equal_and_in_order(old: list[int], new: list[int], max_cells: int) -> None:
    blocks = Matcher(old, new, max_cells=max_cells).blocks()

    assert (blocks[-1].a, blocks[-1].b, blocks[-1].size) == (len(old), len(new), 0)
    for block, following in pairwise(blocks):
        assert old[block.a : block.a + block.size] == new[block.b : block.b + block.size]
        assert block.size
        assert block.a + block.size <= following.a
        assert block.b + block.size <= following.b


def test_what_is_too_long_for_a_shortest_diff_is_cut_at_its_unique_lines() -> None:
    rng = random.Random(7)
    old = list(range(60_000))
    new = [-line if rng.random() < 0.01 else line for line in old]
    matcher = Matcher(old, new)

    assert sum(block.size for block in matcher.blocks()) == sum(a == b for a, b in zip(old, new, strict=True))
    assert matcher.gave_up == 0


def test_long_texts_of_a_few_lines_again_and_again_are_shown_as_replaced() -> None:
    rng = random.Random(7)
    old, new = ("".join(rng.choices(["a\n", "b\n"], k=50_000)) for _ in range(2))

    assert text_diff("<\n" + old, ">\n" + new).notes[0].startswith("parts that have too many lines")


@given(st.lists(st.integers(0, 10_000), max_size=60, unique=True), st.integers(0, 60), st.integers(0, 60))
def test_a_text_of_unique_lines_loses_only_what_is_cut_out_of_it(old: list[int], start: int, size: int) -> None:
    new = old[:start] + old[start + size :]

    assert sum(block.size for block in Matcher(old, new, max_cells=0).blocks()) == len(new)


# Long lines


def test_a_page_in_one_line_is_broken_between_tags() -> None:
    tags = [f"<p>{n}</p>" for n in range(500)]
    diff = text_diff("".join(tags), "".join([*tags[:250], "<p>new</p>", *tags[250:]]))

    assert (diff.added, diff.removed) == (1, 0)
    assert "\n+<p>new</p>\n" in diff.unified
    assert any("more than 1,000 characters" in note for note in diff.notes)


def test_code_in_one_line_is_broken_so_that_an_insertion_shows_little_else() -> None:
    rng = random.Random(7)
    code = [f'"{rng.choice("abcdefghijkl")}{n}":{n},' for n in range(5_000)]
    diff = text_diff("".join(code), "".join([*code[:2_500], '"inserted":true,', *code[2_500:]]))

    assert (diff.added, diff.removed) == (1, 1)
    assert len(diff.unified) < 2_000


@given(st.text(alphabet="a<>;{ \n0\u00e9", max_size=30).map(lambda text: text * 90))
def test_broken_lines_are_the_whole_text(text: str) -> None:
    assert "".join(lines_of(text).lines) == text
    assert all(0 < len(line) <= 1_000 for line in lines_of(text).lines)


def test_only_so_many_lines_and_characters_are_compared() -> None:
    assert lines_of("\n" * (MAX_LINES + 1)).compared == "100,000 lines"
    assert lines_of("a" * (MAX_CHARACTERS + 1)).compared == "4,194,304 characters"
    assert lines_of("\n" * MAX_LINES).compared == lines_of("a" * MAX_CHARACTERS).compared == ""


# Bounds

HOSTILE: dict[str, Callable[[int], str]] = {
    "lines": lambda size: "\n" * size,
    "one line": lambda size: "x" * size,
    "spaces": lambda size: " " * size,
    "tags": lambda size: "<b>" * (size // 3),
    "commas": lambda size: ",z" * (size // 2),
    "breaks": lambda size: ",a" * (size // 2),
    "a few lines": lambda size: "a\nb\nb\na\n" * (size // 8),
    "other lines": lambda size: "".join(f"{n}\n" for n in range(size // 6)),
    "nonces": lambda size: "nonce=\n" * (size // 7),
    "tokens": lambda size: "<input csrf value=" * (size // 18),
}
OTHERS: dict[str, Callable[[str], str]] = {
    "more": lambda text: text + text[-9:],
    "upper": str.upper,
    "reversed": lambda text: text[::-1],
    "framed": lambda text: f"<{text}>",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("change", OTHERS)
def test_what_it_costs_grows_in_proportion_to_the_text(name: str, change: str) -> None:
    def make(size: int) -> tuple[str, str]:
        text = HOSTILE[name](size)
        return text, OTHERS[change](text)

    assert_linear(lambda both: text_diff(*both), make, small=20_000)


@pytest.mark.parametrize("name", HOSTILE)
def test_pages_of_four_megabytes_take_a_second_or_so_and_the_diff_is_bounded(name: str) -> None:
    old = HOSTILE[name](PAGE)
    new = OTHERS["framed"](old.upper())
    begun = time.thread_time()

    diff = text_diff(old, new)

    assert time.thread_time() - begun < 5
    assert len(diff.unified) < module.MAX_SIZE + 2_000
