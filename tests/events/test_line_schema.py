"""What a log line has to be, field by field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from inventory.events.schemas import LineSchema

LINE = {"timestamp": "2026-01-31T12:00:00.123Z", "level": "info", "service": "checkout", "message": "hello"}
INSTANT = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def load(**members: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = LineSchema().load(LINE | members)
    return loaded


def refused(line: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as error:
        LineSchema().load(line)
    messages: dict[str, list[str]] = error.value.normalized_messages()
    return messages


def test_a_line_with_the_four_fields_is_an_event() -> None:
    assert load() == {
        "timestamp": INSTANT,
        "level": "info",
        "service": "checkout",
        "message": "hello",
        "attributes": {},
        "trace_id": None,
    }


@pytest.mark.parametrize(
    "timestamp",
    [
        "2026-01-31T12:00:00.123Z",
        "2026-01-31t12:00:00.123z",
        "2026-01-31 12:00:00.123+00:00",
        "2026-01-31T13:00:00.123+01:00",
        "2026-01-31T13:00:00.123+0100",
        "2026-01-31T13:00:00.123+01",
        "2026-01-31T12:00:00.123456789Z",
        "2026-01-31T12:00:00.123",
        "2026-01-31 12:00:00,123",
        1_769_860_800.123,
        1_769_860_800_123,
        1_769_860_800_123.0,
    ],
)
def test_an_instant_is_truncated_to_milliseconds_in_utc_and_one_without_an_offset_is_in_utc(timestamp: object) -> None:
    loaded = load(timestamp=timestamp)["timestamp"]

    assert loaded == INSTANT
    assert loaded.utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    "timestamp",
    [
        "yesterday", "", "2026-01-31", "12:00:00", "20260131T120000Z", "2026-W05-6T12:00:00Z", "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z", "2026-01-31T12:00:60Z", "2026-01-31T12:00:00+25:00", "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00", "２０26-01-31T12:00:00Z", "1769860800", " 2026-01-31T12:00:00Z", -1,
        10**14, 10**30, True, [], {}, float("nan"),
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused_with_the_way_out(timestamp: object) -> None:
    (message,) = refused(LINE | {"timestamp": timestamp})["timestamp"]

    assert "Send RFC 3339, such as 2026-01-31T12:00:00.123Z" in message


def test_the_year_0000_of_a_proleptic_calendar_is_refused() -> None:
    assert "timestamp" in refused(LINE | {"timestamp": "0000-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("INFO", "info"), ("Info", "info"), ("information", "info"), ("notice", "info"), ("warn", "warning"),
        ("WARN", "warning"), ("Warning", "warning"), ("err", "error"), ("FATAL", "critical"), ("emerg", "critical"),
        ("trace", "trace"), ("DeBuG", "debug"),
    ],
)  # fmt: skip
def test_levels_are_known_in_any_case_and_by_other_names(sent: str, kept: str) -> None:
    assert load(level=sent)["level"] == kept


@pytest.mark.parametrize("level", ["loud", "", " info", 30, True, ["info"], {"a": 1}])
def test_an_unknown_level_is_refused_and_the_known_ones_are_named(level: object) -> None:
    (message,) = refused(LINE | {"level": level})["level"]

    assert message.endswith("Send one of trace, debug, info, warning, error, critical.")


@pytest.mark.parametrize("service", ["", "   ", "a" * 201, "a\0b", "two\nlines", 7, None])
def test_a_service_is_a_printable_name(service: object) -> None:
    assert "Send a name of 1 to 200 printable characters." in refused(LINE | {"service": service})["service"][0]


@pytest.mark.parametrize("message", ["", "a\0b", "two\nlines", "😀", "a" * 65_536])
def test_a_message_is_any_text_of_up_to_65536_characters(message: str) -> None:
    assert load(message=message)["message"] == message


@pytest.mark.parametrize("message", ["a" * 65_537, 7, None, ["a"]])
def test_another_message_is_refused_and_quoted_only_in_part(message: object) -> None:
    (reason,) = refused(LINE | {"message": message})["message"]

    assert "Send a text of up to 65,536 characters." in reason
    assert len(reason) < 150


def test_a_trace_id_is_kept_in_lower_case_and_null_is_none() -> None:
    assert load(trace_id=TRACE_ID.upper())["trace_id"] == TRACE_ID
    assert load(trace_id=None)["trace_id"] is None


@pytest.mark.parametrize("trace_id", ["", "0" * 32, TRACE_ID[1:], TRACE_ID + "0", "g" * 32, TRACE_ID + "\n", 7])
def test_another_trace_id_is_refused(trace_id: object) -> None:
    assert "Send 32 hexadecimal digits" in refused(LINE | {"trace_id": trace_id})["trace_id"][0]


def test_attributes_are_an_object_and_null_is_an_empty_one() -> None:
    attributes = {"$where": {"a.b": [1, None, 2**70]}, "": "empty", "\0": 1}

    assert load(attributes=attributes)["attributes"] == attributes
    assert load(attributes=None)["attributes"] == {}
    assert "Send an object" in refused(LINE | {"attributes": [1]})["attributes"][0]


def test_members_that_no_field_takes_are_kept_among_the_attributes() -> None:
    assert load(attributes={"status": 200}, host="a1", user={"id": 7})["attributes"] == {
        "status": 200,
        "host": "a1",
        "user": {"id": 7},
    }
    assert load(host="a1")["attributes"] == {"host": "a1"}


def test_a_member_that_is_in_two_places_is_refused_because_one_of_them_would_be_lost() -> None:
    assert refused(LINE | {"host": "a1", "attributes": {"host": "a2"}}) == {
        "attributes": ["'host' is both in attributes and beside it. Send it once."]
    }


def test_each_field_that_is_missing_is_named_with_the_way_out() -> None:
    reasons = refused({})

    assert list(reasons) == ["timestamp", "level", "service", "message"]
    assert all(lines[0].startswith("Missing. Send ") for lines in reasons.values())


@pytest.mark.parametrize("line", [[], "text", 7, None])
def test_a_line_that_is_no_object_is_refused(line: object) -> None:
    assert refused(line) == {
        "_schema": ["Not an object. Send one JSON object per line, with timestamp, level, service and message."]
    }


@pytest.mark.parametrize(
    "line", [LINE, LINE | {"host": "a1", "trace_id": TRACE_ID.upper()}, {}, {"level": "loud"}, [], None]
)
def test_the_fast_path_of_a_valid_line_gives_the_same_as_the_full_one(line: Any) -> None:
    def outcome(load: Callable[[Any], dict[str, Any]]) -> Any:
        try:
            return load(line)
        except ValidationError as error:
            return error.normalized_messages()

    assert outcome(LineSchema().load_line) == outcome(LineSchema().load)
