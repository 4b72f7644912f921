"""The lines that are as this project documents them: they are read at once, because a file may have millions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from inventory.clock import EPOCH, MILLISECOND
from inventory.events import names, traces
from inventory.events.levels import WORDS
from inventory.events.model import PlainEvent
from inventory.events.names import TRACE_NAMES, TRACE_READERS
from inventory.events.normaliser import MAX_MESSAGE
from inventory.events.parsing import MAX_DEPTH, are_exact, has_quotes

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII,
)
_FIRST, _LAST = (
    (instant - EPOCH) // MILLISECOND
    for instant in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
)
_NONE: dict[str, Any] = {}
_LEVELS = WORDS | {word.upper(): level for word, level in WORDS.items()}
_new = tuple.__new__
"""Makes a named tuple in a third of the time."""


def plain_event(line: int, text: str) -> PlainEvent | None:
    """What the normaliser would make of a line with the documented members and no others; None if it is not so plain."""
    document = _object(text)
    if document is None:
        return None
    value_of: Callable[..., Any] = document.get
    level, message, sent = value_of("level"), value_of("message"), value_of("service")
    if type(level) is not str or level not in _LEVELS or type(message) is not str or len(message) > MAX_MESSAGE:
        return None
    millis = _millis(value_of("timestamp"))
    service = _service(sent) if type(sent) is str and len(sent) <= names.MAX_SERVICE else None
    if millis is None or service is None:
        return None
    attributes, trace_id = value_of("attributes", _NONE), value_of("trace_id")
    if len(document) != 4 + ("attributes" in document) + ("trace_id" in document) or not _are_plain(attributes, trace_id):
        return None
    kept = orjson.dumps(attributes)
    quotes = 8 + 2 * len(document) + message.count('"') + sent.count('"') + kept.count(b'"')
    if trace_id is not None:
        quotes, trace_id = quotes + 2, trace_id.lower()
    if not has_quotes(text, quotes):
        return None
    return _new(PlainEvent, (line, millis, _LEVELS[level], service, message, kept.decode(), trace_id))


def _object(text: str) -> dict[str, Any] | None:
    """The object that orjson reads in a line; None of one by another logger, which would be read in vain."""
    if not text.startswith("{") or '"service"' not in text:
        return None
    try:
        document = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return document if type(document) is dict else None


def _are_plain(attributes: Any, trace_id: Any) -> bool:
    """Whether both are as they are kept, and no trace id is among the attributes of an event without one."""
    if type(attributes) is not dict or not are_exact(attributes.values(), MAX_DEPTH - 2):
        return False
    return not _may_have_trace(attributes) if trace_id is None else traces.is_plain(trace_id)


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


def _millis(text: Any) -> int | None:
    """The milliseconds since 1970 that a text says as RFC 3339 has it, or nearly so."""
    if type(text) is not str:
        return None
    if len(text) == 24 and text[23] == "Z" and text[19] == "." and text.isascii() and (millis := text[20:23]).isdigit():
        second = _of_second(text[:19])
        return None if second is None else second + int(millis)
    return _of_any(text)


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
