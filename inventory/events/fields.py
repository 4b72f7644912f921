"""The fields of a log line: each has its rule in `_deserialize`, and says what to send instead of what it refuses.

They are loaded a million times for a file of a million lines, so they are straight: what a field of marshmallow does around
`_deserialize` (hooks, a chain of validators that is built anew each time) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, missing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEVELS = ("trace", "debug", "info", "warning", "error", "critical")
SYNONYMS = {
    "warn": "warning",
    "err": "error",
    "information": "info",
    "informational": "info",
    "notice": "info",
    "crit": "critical",
    "fatal": "critical",
    "alert": "critical",
    "emerg": "critical",
    "emergency": "critical",
    "panic": "critical",
}
"""Other words for levels, those of syslog among them."""
LONGEST_SERVICE = 200
LONGEST_MESSAGE = 65_536
SECONDS_BELOW, MILLISECONDS_BELOW = 10**11, 10**14
"""A number is seconds since 1970 up to the year 5138, else milliseconds, which are that many since March 1973."""

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?",
    re.ASCII,
)
_LEVELS = {word: word for word in LEVELS} | SYNONYMS
_LEVELS |= {word.upper(): level for word, level in _LEVELS.items()}
_TRACE_ID = re.compile("[0-9A-Fa-f]{32}")
_NO_TRACE = "0" * 32


class Straight(fields.Field[Any]):
    """A field without hooks and validators; what is missing or null is the library's to judge."""

    send: ClassVar[str]
    """The way out, for a person: what the field takes."""

    def __init__(self, **how: Any) -> None:
        super().__init__(error_messages={"required": f"Missing. {self.send}", "null": f"Null. {self.send}"}, **how)

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """What the value means; `ValidationError` says what is wrong with it and what to send instead."""
        if value is None or value is missing:
            return super().deserialize(value, attr, data, **kwargs)
        return self._deserialize(value, attr, data, **kwargs)

    def refusal(self, value: Any) -> ValidationError:
        """What is wrong with a value, and the way out."""
        return ValidationError(f"{shown(value)} will not do. {self.send}")


class Instant(Straight, fields.DateTime):
    """An instant in UTC, cut to milliseconds; one that names no offset is taken to be in UTC."""

    send = (
        "Send RFC 3339, such as 2026-01-31T12:00:00.123Z or 2026-01-31T13:00:00.123+01:00,"
        " or a number of seconds or milliseconds since 1970."
    )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            instant = self._read(value)
        except (ValueError, OverflowError) as error:  # the 30th of February, or an offset that leads out of the calendar
            raise self.refusal(value) from error
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)

    @staticmethod
    def _read(value: Any) -> datetime:
        if type(value) is str and _INSTANT.fullmatch(value):
            instant = datetime.fromisoformat(value.upper())
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
        if type(value) in (int, float) and 0 <= value < MILLISECONDS_BELOW:
            millis = value * 1000 if value < SECONDS_BELOW else value
            return EPOCH + timedelta(milliseconds=round(millis))
        raise ValueError("neither RFC 3339 nor a number")


class QueryInstant(Instant):
    """The same in a query, where all is text."""

    send = "Send RFC 3339, such as 2026-01-31T12:00:00.123Z or 2026-01-31T13:00:00.123%2B01:00: a plus is %2B in a query."


class Level(Straight, fields.String):
    """One of `LEVELS`, in any case, or one of their `SYNONYMS`."""

    send = f"Send one of {', '.join(LEVELS)}."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        level = (_LEVELS.get(value) or _LEVELS.get(value.lower())) if type(value) is str else None
        if level is None:
            raise self.refusal(value)
        return level


class Service(Straight, fields.String):
    """The name of what wrote the line."""

    send = f"Send a name of 1 to {LONGEST_SERVICE} printable characters."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is str and len(value) <= LONGEST_SERVICE and value.isprintable() and value.strip():
            return value
        raise self.refusal(value)


class Message(Straight, fields.String):
    """Any text, also an empty one."""

    send = f"Send a text of up to {LONGEST_MESSAGE:,} characters."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is str and len(value) <= LONGEST_MESSAGE:
            return value
        raise self.refusal(value)


class TraceId(Straight, fields.String):
    """The id of a trace, in lower case (W3C Trace Context, which has no id of zeros)."""

    send = "Send 32 hexadecimal digits, not all of them 0, or leave it out."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is str and _TRACE_ID.fullmatch(value) and value != _NO_TRACE:
            return value.lower()
        raise self.refusal(value)


class Attributes(Straight, fields.Raw):
    """An object, {} by default; with the members of the line that no field takes, which would be lost otherwise."""

    send = "Send an object, or leave it out."

    def __init__(self, beside: Collection[str], **how: Any) -> None:
        super().__init__(**how)
        self._taken = frozenset({*beside, "attributes"})

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The object, and behind its members those of the line; none may be in both."""
        attributes: dict[str, Any] = {} if value is None or value is missing else value
        if type(attributes) is not dict:
            raise self.refusal(value)
        if data is None or self._taken.issuperset(data):
            return attributes
        others = {name: member for name, member in data.items() if name not in self._taken}
        if both := sorted(attributes.keys() & others):
            raise ValidationError(f"{shown(both[0])} is in it and beside it. Send it in one of the places.")
        return attributes | others


def shown(value: Any) -> str:
    """A value as a message quotes it, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
