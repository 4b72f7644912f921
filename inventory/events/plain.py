"""The events whose lines are as this project documents them: they are read at once, because a file may have millions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from inventory.events import traces
from inventory.events.levels import WORDS
from inventory.events.names import MAX_SERVICE, TRACE_NAMES
from inventory.events.normaliser import MAX_MESSAGE

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII,
)
_NAMES = frozenset({"timestamp", "level", "service", "message", "attributes", "trace_id"})
_LEVELS = WORDS | {word.upper(): level for word, level in WORDS.items()}


def plain_event(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the normaliser would make of a line with the documented members and no others; None if it is not so plain."""
    if not _NAMES.issuperset(line):
        return None
    timestamp, level, service = line.get("timestamp"), line.get("level"), line.get("service")
    message, attributes, trace_id = line.get("message"), line.get("attributes"), line.get("trace_id")
    if not (type(timestamp) is str and _INSTANT.fullmatch(timestamp) and type(level) is str and level in _LEVELS):
        return None
    if not (type(service) is str and type(message) is str and len(service) <= MAX_SERVICE and len(message) <= MAX_MESSAGE):
        return None
    if not (service.isprintable() and service.strip()):
        return None
    if attributes is None:
        attributes = {}
    elif type(attributes) is not dict:
        return None
    if trace_id is None:
        if not TRACE_NAMES.isdisjoint(attributes):
            return None
    elif not traces.is_plain(trace_id):
        return None
    try:
        instant = datetime.fromisoformat(timestamp.upper())
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):  # the 30th of February, or an offset that leads out of the calendar
        return None
    return {
        "timestamp": instant.replace(microsecond=instant.microsecond // 1000 * 1000),
        "level": _LEVELS[level],
        "service": service,
        "message": message,
        "attributes": attributes,
        "trace_id": trace_id and trace_id.lower(),
    }
