"""Keyset pagination: an opaque cursor stands for a place in a listing that is ordered by (instant, id), newest first."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from marshmallow import ValidationError, fields

from inventory.store.ports import Key

Row = TypeVar("Row")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class CursorField(fields.Field[Key]):
    """A `next_cursor` of an earlier page."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Key:
        try:
            milliseconds, _, row_id = urlsafe_b64decode(value.encode("ascii")).decode("utf-8").partition(" ")
            return EPOCH + int(milliseconds) * MILLISECOND, row_id
        except (UnicodeError, binascii.Error, ValueError, OverflowError) as error:
            raise ValidationError("Not a cursor. Send the next_cursor of an earlier page, or none.") from error


def cursor(key: Key) -> str:
    """The text that stands for a place."""
    instant, row_id = key
    return urlsafe_b64encode(f"{(instant - EPOCH) // MILLISECOND} {row_id}".encode()).decode("ascii")


def page(rows: Sequence[Row], limit: int, key: Callable[[Row], Key]) -> tuple[Sequence[Row], str | None]:
    """Cut `limit` rows out of up to `limit + 1`; with them the cursor of the next page, or None on the last."""
    shown = rows[:limit]
    return shown, cursor(key(shown[-1])) if len(rows) > limit else None
