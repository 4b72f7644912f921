"""The fields of queries about log events: each says what to send instead of an invalid value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields

from inventory.events import instants, levels, traces
from inventory.events.levels import LEVELS
from inventory.events.normaliser import shown


class QueryInstant(fields.Field[datetime]):
    """An instant in UTC, cut to milliseconds; one that names no offset is taken to be in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            return instants.read(value)
        except (ValueError, OverflowError) as error:
            raise ValidationError(
                f"{shown(value)} is not valid. Send RFC 3339, such as 2026-01-31T12:00:00.123Z or"
                " 2026-01-31T13:00:00.123%2B01:00: a plus is %2B in a query."
            ) from error


class Level(fields.Field[str]):
    """One of `LEVELS`, in any case, or another word that loggers have for one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        level = levels.of_word(value) if len(value) <= 40 else None
        if level is None:
            raise ValidationError(f"{shown(value)} is not valid. Send one of {', '.join(LEVELS)}.")
        return level


class TraceId(fields.Field[str]):
    """A trace id in any spelling that a line may have."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        trace_id = traces.of_query(value)
        if trace_id is None:
            raise ValidationError(f"{shown(value)} is not the id of a trace. Send 32 hexadecimal digits, not all of them 0.")
        return trace_id
