"""Lines that are as documented are read at once: as the normaliser reads them, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.events.lines import LineReader
from inventory.events.model import Event
from inventory.events.normaliser import Choices
from inventory.events.plain_lines import plain_event
from tests.events import logs
from tests.events.fakes import read_again

READER = LineReader(Choices(now=datetime(2026, 2, 3, 12, 0, tzinfo=UTC)))
JOB = "a" * 32
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

TEXTS = st.text(max_size=12) | st.text('a"\\:{u0\u00e9\ud83d ', max_size=12)
NAMES = TEXTS | st.sampled_from(["status", "trace_id", "Trace-Id", "traceparent", "b3", "level", 'a"b', "attributes"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63 - 1, 2**63, 2**64, -(2**63) - 1, 1e16, 1e300, 0.1, -0.0])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.just(TRACE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
INSTANTS = st.sampled_from(
    [
        "2026-01-31T12:00:00.123Z", "2026-01-31t12:00:00,1239z", "2026-01-31 23:59:59", "2026-02-30T12:00:00Z",
        "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59-01:00", "1969-12-31T23:59:59.9999Z",
        "2026-01-31T12:00:00.123456789+0130", "2026-01-31T24:00:00Z", "2026-W05-6T12:00:00Z", "20260131T120000Z",
        "yesterday", 1_769_860_800,
    ]
)  # fmt: skip
DOCUMENTS = st.fixed_dictionaries(
    {
        "timestamp": INSTANTS | TEXTS,
        "level": st.sampled_from(["info", "WARN", "Error", "7", "", "LOG_ERR", 4]),
        "service": TEXTS | st.sampled_from(["checkout", " api ", "a\tb", "x" * 201, None]),
        "message": TEXTS | st.sampled_from(["", "x" * 65_537, 7]),
    },
    optional={
        "attributes": st.dictionaries(NAMES, VALUES, max_size=4) | VALUES,
        "trace_id": st.sampled_from([TRACE, TRACE.upper(), "0" * 32, "", None, 7, f"00-{TRACE}-00f067aa0ba902b7-01"]),
        "logger": TEXTS,
    },
)


def slow(text: str) -> Event | None:
    """The event that the normaliser reads."""
    try:
        return Event(JOB, 1, **READER.event(text))
    except ValueError:
        return None


def fast(text: str) -> Event | None:
    plain = plain_event(1, text)
    return None if plain is None else read_again(JOB, plain)


@given(DOCUMENTS, st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]), st.booleans())
def test_a_line_that_is_read_at_once_is_read_as_by_the_normaliser(
    document: dict[str, Any], separators: tuple[str, str], ascii_only: bool
) -> None:
    text = json.dumps(document, separators=separators, ensure_ascii=ascii_only)

    event = fast(text)

    assert event is None or repr(event) == repr(slow(text))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4), st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=2))
def test_no_name_that_comes_twice_is_lost(attributes: list[tuple[str, Any]], more: list[tuple[str, Any]]) -> None:
    members = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in [*attributes, *more])
    others = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in more)
    for text in (f'{logs.GOOD[:-1]}, "attributes":{{{members}}}}}', f"{logs.GOOD[:-1]},{others}}}"):
        event = fast(text)

        assert event is None or repr(event) == repr(slow(text))


@pytest.mark.parametrize(
    "attributes",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "a" : 2, "b": "\\u0022"}',
        '{"a": 1, "a": "x", "b": "\\u0022\\u0022\\u0022\\u0022"}',
        '{"a": "\\u0022:", "a": 1}',
        '{"a": {"b": 1, "b": 1}}',
        '{"a": 18446744073709551616}',
        '{"a": [1e300, [9223372036854775808.5]]}',
        '{"a": "\\ud83d"}',
        '{"a": NaN}',
        f'{{"a": {"[" * 31}{"]" * 31}}}',
        f'{{"a": {"[" * 500}{"]" * 500}}}',
        '{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}',
        '{"context": {"TraceId": "4bf92f3577b34da6a3ce929d0e0e4736"}}',
    ],
)
def test_what_orjson_would_not_say_is_left_to_the_normaliser(attributes: str) -> None:
    assert plain_event(1, f'{logs.GOOD[:-1]}, "attributes": {attributes}}}') is None


@pytest.mark.parametrize(
    "attributes", [r'{"a": "C:\\users \"x\" \u00e9 \ud83d\ude00"}', f'{{"a": {"[" * 30}{"]" * 30}}}', "{}"]
)
def test_escapes_and_depth_that_are_exact_are_read_at_once(attributes: str) -> None:
    text = f'{logs.GOOD[:-1]}, "attributes": {attributes}}}'

    assert fast(text) == slow(text) is not None


def test_every_line_as_services_write_it_is_read_at_once() -> None:
    for line, _ in logs.lines(500, seed=3):
        assert fast(line.decode()) == slow(line.decode()) is not None
