"""The fields of a log line: each has its rule in `_deserialize`, and says what to send instead of an invalid value.

They are loaded once for each line of a file, which may have millions. So they skip what a marshmallow field does around
`_deserialize`: hooks, and a chain of validators that is built each time.
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
MAX_SERVICE = 200
MAX_MESSAGE = 65_536
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


class BareField(fields.Field[Any]):
    """A field without hooks and validators; marshmallow handles missing and null values."""

    send: ClassVar[str]
    """What the field accepts, in a sentence for a person."""

    def __init__(self, **how: Any) -> None:
        super().__init__(error_messages={"required": f"Missing. {self.send}", "null": f"Null. {self.send}"}, **how)

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """What the value means; `ValidationError` says what is wrong with it and what to send instead."""
        if value is None or value is missing:
            return super().deserialize(value, attr, data, **kwargs)
        return self._deserialize(value, attr, data, **kwargs)

    def invalid(self, value: Any) -> ValidationError:
        """What is wrong with a value, and what to send instead."""
        return ValidationError(f"{shown(value)} is not valid. {self.send}")


class Instant(BareField, fields.DateTime):
    """An instant in UTC, cut to milliseconds; one that names no offset is taken to be in UTC."""

    send = (
        "Send RFC 3339, such as 2026-01-31T12:00:00.123Z or 2026-01-31T13:00:00.123+01:00,"
        " or a number of seconds or milliseconds since 1970."
    )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            instant = self._read(value)
        except (ValueError, OverflowError) as error:  # the 30th of February, or an offset that leads out of the calendar
            raise self.invalid(value) from error
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
    """An instant in a query, where every value is text."""

    send = "Send RFC 3339, such as 2026-01-31T12:00:00.123Z or 2026-01-31T13:00:00.123%2B01:00: a plus is %2B in a query."


class Level(BareField, fields.String):
    """One of `LEVELS`, in any case, or one of their `SYNONYMS`."""

    send = f"Send one of {', '.join(LEVELS)}."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        level = (_LEVELS.get(value) or _LEVELS.get(value.lower())) if type(value) is str else None
        if level is None:
            raise self.invalid(value)
        return level


class Service(BareField, fields.String):
    """The name of the program that wrote the line."""

    send = f"Send a name of 1 to {MAX_SERVICE} printable characters."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is str and len(value) <= MAX_SERVICE and value.isprintable() and value.strip():
            return value
        raise self.invalid(value)


class Message(BareField, fields.String):
    """Any text, also an empty one."""

    send = f"Send a text of up to {MAX_MESSAGE:,} characters."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is str and len(value) <= MAX_MESSAGE:
            return value
        raise self.invalid(value)


class TraceId(BareField, fields.String):
    """The id of a trace, in lower case (W3C Trace Context, which has no id of zeros)."""

    send = "Send 32 hexadecimal digits, not all of them 0, or leave it out."

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is str and _TRACE_ID.fullmatch(value) and value != _NO_TRACE:
            return value.lower()
        raise self.invalid(value)


class Attributes(BareField, fields.Raw):
    """An object, {} by default, which also takes the members of the line that no other field takes."""

    send = "Send an object, or leave it out."

    def __init__(self, beside: Collection[str], **how: Any) -> None:
        super().__init__(**how)
        self._taken = frozenset({*beside, "attributes"})

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The object with the other members of the line added; no name may be in both."""
        attributes: dict[str, Any] = {} if value is None or value is missing else value
        if type(attributes) is not dict:
            raise self.invalid(value)
        if data is None or self._taken.issuperset(data):
            return attributes
        others = {name: member for name, member in data.items() if name not in self._taken}
        if both := sorted(attributes.keys() & others):
            raise ValidationError(f"{shown(both[0])} is both in attributes and beside it. Send it once.")
        return attributes | others


def shown(value: Any) -> str:
    """A value as a message quotes it, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
