"""The lines that are as this project documents them: they are read at once, because a file may have millions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from inventory.clock import EPOCH, MILLISECOND
from inventory.events import names
from inventory.events.levels import WORDS
from inventory.events.model import PlainEvent
from inventory.events.names import MAX_SERVICE, TRACE_NAMES, TRACE_READERS
from inventory.events.normaliser import MAX_MESSAGE
from inventory.events.parsing import MAX_DEPTH, are_exact, has_quotes
from inventory.events.traces import is_plain as is_plain_trace

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII,
)
_FIRST, _LAST = (
    (instant - EPOCH) // MILLISECOND
    for instant in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
)
_FRACTIONS = {f".{millis:03d}Z": millis for millis in range(1000)}
"""What follows the seconds of most lines."""
_NONE: dict[str, Any] = {}
_LEVELS = WORDS | {word.upper(): level for word, level in WORDS.items()}
_new = tuple.__new__
"""Makes a named tuple in a third of the time."""


def plain_event(line: int, text: str) -> PlainEvent | None:
    """What the normaliser would make of a line with the documented members and no others; None if it is not so plain."""
    document = _object(text)
    if document is None:
        return None
    attributes, trace_id = document.get("attributes", _NONE), document.get("trace_id")
    members = 4 + ("attributes" in document) + ("trace_id" in document)
    try:
        timestamp, level = document["timestamp"], _LEVELS[document["level"]]
        service, message = document["service"], document["message"]
    except (KeyError, TypeError):  # a list is no level
        return None
    if len(document) != members or not (type(message) is type(service) is type(timestamp) is str):
        return None
    if len(message) > MAX_MESSAGE or len(service) > MAX_SERVICE:
        return None
    if type(attributes) is not dict or not are_exact(attributes.values(), MAX_DEPTH - 2):
        return None
    if _may_have_trace(attributes) if trace_id is None else not is_plain_trace(trace_id):
        return None
    millis, known_service, kept = _millis(timestamp), _service(service), orjson.dumps(attributes).decode()
    quotes = 8 + 2 * members + message.count('"') + service.count('"') + kept.count('"')
    if trace_id is not None:
        quotes, trace_id = quotes + 2, trace_id.lower()
    if millis is None or known_service is None or not has_quotes(text, quotes):
        return None
    return _new(PlainEvent, (line, millis, level, known_service, message, kept, trace_id))


def _object(text: str) -> dict[str, Any] | None:
    """The object that orjson reads in a line; None of one by another logger, which would be read in vain."""
    if not text.startswith("{") or '"service"' not in text:
        return None
    try:
        document = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return document if type(document) is dict else None


def _may_have_trace(attributes: Mapping[str, Any]) -> bool:
    """Whether a trace id may be among attributes, or in an object or a list of theirs."""
    if not TRACE_NAMES.isdisjoint(attributes):
        return True
    for value in attributes.values():
        if type(value) is dict:
            for name in value:
                if name.lower() in TRACE_READERS:
                    return True
            if _may_have_trace(value):
                return True
        elif type(value) is list and value and type(value[0]) is dict:
            return True
    return False


def _millis(text: str) -> int | None:
    """The milliseconds since 1970 that a text says as RFC 3339 has it, or nearly so."""
    fraction = _FRACTIONS.get(text[19:])
    if fraction is None:
        return _of_any(text)
    second = _of_second(text[:19])
    return None if second is None else second + fraction


def _of_any(text: str) -> int | None:
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError:  # the 30th of February
        return None
    millis = ((instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant) - EPOCH) // MILLISECOND
    return millis if _FIRST <= millis <= _LAST else None  # an offset may lead out of the calendar


# Lines of one time name few seconds and few services: to look both up takes 0.6 µs less than to check them again.
_of_second = lru_cache(256)(_of_any)
_service = lru_cache(256)(names.service)
