"""Values of JSON that are not one a line are found whole, however the file comes in pieces."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.imports.json_array import ValueSplitter, elements, is_array
from inventory.imports.json_objects import object_in
from tests.imports.actions import positions

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def split(content: bytes, size: int, limit: int = 1_000_000) -> list[tuple[int, bytes, int]]:
    splitter, found = ValueSplitter(limit), []
    for start in range(0, len(content), size):
        piece = content[start : start + size]
        found += splitter.split(piece, start, start + len(piece))
    return [*found, *splitter.rest()]


def values(content: bytes, size: int) -> list[Any]:
    return [json.loads(raw) for _, raw, _ in split(content, size)]


@given(st.lists(VALUES, max_size=6), st.integers(1, 9), st.sampled_from([None, 1, 2]), st.booleans())
def test_the_elements_of_an_array_are_its_rows(array: list[Any], size: int, indent: int | None, ascii_only: bool) -> None:
    content = json.dumps(array, indent=indent, ensure_ascii=ascii_only).encode()

    assert values(content, size) == values(content, 10_000) == array


@given(st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), min_size=1, max_size=4), st.integers(1, 9))
def test_objects_that_span_lines_are_rows(objects: list[Any], size: int) -> None:
    content = "\n".join(json.dumps(each, indent=2) for each in objects).encode()

    assert values(content, size) == objects


def test_a_value_has_its_number_and_where_it_ends() -> None:
    content = b'[ {"a": 1},\n {"b": 2} ]\n'

    assert split(content, 3) == split(content, 1) == [(1, b'{"a": 1}', 10), (2, b'{"b": 2}', 21)]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_list_in_the_answer_of_a_log_store_is_opened(size: int) -> None:
    answer = json.dumps({"events": [{"a": "]}"}, {"b": [2]}], "nextToken": "x]", "more": [{"c": 3}]}, indent=4)
    listed = json.dumps({"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": [{"a": 1}]}, indent=4)

    assert values(f"{answer}\n{listed}\n{{}}".encode(), size) == [{"a": "]}"}, {"b": [2]}, {"a": 1}, {}]


@pytest.mark.parametrize("size", [1, 2, 10_000])
def test_a_broken_value_costs_little_and_an_unfinished_one_is_a_row(size: int) -> None:
    assert [raw for _, raw, _ in split(b'[1, x}, {"a": 1}, ["b', size)] == [b"1", b"x", b"}", b'{"a": 1}', b'["b']
    assert [raw for _, raw, _ in split(b'[1, "a\\', size)] == [b"1", b'"a\\']
    assert split(b"", size) == split(b"[]", size) == split(b" [ , ] ", size) == []


def test_a_value_that_is_too_long_is_passed_on_in_part() -> None:
    content = b'[{"a": "' + b"x" * 5_000 + b'"}, {"b": 1}]'

    found = split(content, 100, limit=1_000)

    assert [(len(raw), raw[:8]) for _, raw, _ in found] == [(1_001, b'{"a": "x'), (8, b'{"b": 1}')]


@pytest.mark.parametrize("text", ['[{"a": 1}]', "[\n", "  [ {", "{\n", '{"events": [', '{"Records":[{', "[]", "["])
def test_what_begins_like_an_array_or_spans_lines(text: str) -> None:
    assert is_array(text)


@pytest.mark.parametrize("text", ['{"a": 1}\n', "[2026-01-31 12:00:00] x", "[error] x", "x", "", '{"events": 7}\n', "[1]"])
def test_what_is_one_value_a_line(text: str) -> None:
    assert not is_array(text)


def test_the_elements_at_the_beginning_are_those_that_are_complete() -> None:
    assert elements(b'[{"a": 1}, {"b"', whole=False) == ['{"a": 1}']
    assert elements(b'[{"a": 1}, {"b"', whole=True) == ['{"a": 1}', '{"b"']


@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=3),
    st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), min_size=1, max_size=4),
    st.dictionaries(st.text(max_size=3), VALUES, max_size=3),
    st.none() | st.integers(0, 3),
    st.integers(1, 9),
)
def test_of_an_object_the_elements_of_one_list_are_rows(
    before: dict[str, Any], listed: list[Any], after: dict[str, Any], indent: int | None, size: int
) -> None:
    whole = {
        **{f"b{name}": value for name, value in before.items()},
        "rows": listed,
        **{f"a{n}": v for n, v in after.items()},
    }
    content = json.dumps(whole, indent=indent).encode()
    found = object_in(content)
    assert found is not None
    splitter, values = ValueSplitter(1_000_000, inside=True), list[bytes]()
    for start in range(found.lists["rows"], len(content), size):
        piece = content[start : start + size]
        values += [raw for _, raw, _ in splitter.split(piece, start, start + len(piece))]
    values += [raw for _, raw, _ in splitter.rest()]

    assert [json.loads(value) for value in values] == listed
    assert object_in(content + b"\n{}") is None


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_element_of_a_list_says_how_far_in_the_file_it_ends(encoding: str, packed: bool) -> None:
    urls = [f"https://example.com/é/{number}" for number in range(30_000)]
    content = json.dumps({"name": "é", "rows": [{"url": url} for url in urls]}, ensure_ascii=False).encode(encoding)
    content, name = (gzip.compress(content), "a.json.gz") if packed else (content, "a.json")

    found = positions(content, name)

    assert [(row.row, row.text) for row, _ in found] == list(enumerate(urls, 1))
    ends = [end for _, end in found]
    assert ends == sorted(ends)
    assert len(content) // 100_000 < ends[0] <= ends[-1] <= len(content)
