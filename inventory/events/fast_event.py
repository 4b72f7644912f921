"""The events whose lines are as this project documents them: they are read at once, because a file may have millions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from inventory.events import names, traces
from inventory.events.levels import WORDS
from inventory.events.names import TRACE_NAMES, TRACE_READERS
from inventory.events.normaliser import MAX_MESSAGE

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII,
)
_NAMES = frozenset({"timestamp", "level", "service", "message", "attributes", "trace_id"})
_NONE: dict[str, Any] = {}
_LEVELS = WORDS | {word.upper(): level for word, level in WORDS.items()}


def fast_event(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the normaliser would make of a line with the documented members and no others; None if it is not so plain."""
    if not _NAMES.issuperset(line):
        return None
    level, message, trace_id = line.get("level"), line.get("message"), line.get("trace_id")
    attributes = line.get("attributes", _NONE)
    if type(level) is not str or level not in _LEVELS or type(message) is not str or len(message) > MAX_MESSAGE:
        return None
    if type(attributes) is not dict or not (
        not _may_have_trace(attributes) if trace_id is None else traces.is_plain(trace_id)
    ):
        return None
    instant, service = _instant(line.get("timestamp")), names.service(line.get("service"))
    if instant is None or service is None:
        return None
    return {
        "timestamp": instant,
        "level": _LEVELS[level],
        "service": service,
        "message": message,
        "attributes": attributes,
        "trace_id": trace_id and trace_id.lower(),
    }


def _may_have_trace(attributes: Mapping[str, Any]) -> bool:
    """Whether a trace id may be among attributes, or in an object or a list of theirs."""
    if not TRACE_NAMES.isdisjoint(attributes):
        return True
    for value in attributes.values():
        if type(value) is dict and (_may_have_trace(value) or any(name.lower() in TRACE_READERS for name in value)):
            return True
        if type(value) is list and value and type(value[0]) is dict:
            return True
    return False


def _instant(text: Any) -> datetime | None:
    """The instant in a text as RFC 3339 has it, or nearly so."""
    if type(text) is not str or not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):  # the 30th of February, or an offset that leads out of the calendar
        return None
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
