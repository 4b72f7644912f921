"""Keyset pagination: an opaque cursor stands for a place in a listing that is ordered by (instant, id), newest first.

Rows of a job are ordered by number instead, and so are their cursors.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from marshmallow import ValidationError, fields
from marshmallow.validate import Range

from inventory.listing import Key
from inventory.web_api.arguments import QuerySchema

Row = TypeVar("Row")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LAST_NUMBER = 2**63 - 1
NOT_A_CURSOR = "Not a cursor. Send the next_cursor of an earlier page, or none."


class CursorField(fields.Field[Key]):
    """A `next_cursor` of an earlier page."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Key:
        try:
            milliseconds, _, row_id = urlsafe_b64decode(value.encode("ascii")).decode("utf-8").partition(" ")
            return EPOCH + int(milliseconds) * MILLISECOND, row_id
        except (UnicodeError, binascii.Error, ValueError, OverflowError) as error:
            raise ValidationError(NOT_A_CURSOR) from error


class NumberCursorField(fields.Field[int]):
    """A `next_cursor` of an earlier page of what is ordered by number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            number = int(urlsafe_b64decode(value.encode("ascii")).decode("ascii"))
        except (UnicodeError, binascii.Error, ValueError) as error:
            raise ValidationError(NOT_A_CURSOR) from error
        if not 0 <= number <= LAST_NUMBER:
            raise ValidationError(NOT_A_CURSOR)
        return number


class LimitQuery(QuerySchema):
    """How much of a listing."""

    limit = fields.Integer(load_default=50, validate=Range(1, 200, error="Send a whole number, 1 to 200."))


class PageQuery(LimitQuery):
    """Which page of a listing."""

    cursor = CursorField(
        load_default=None, metadata={"type": "string", "description": "The next_cursor of the page before."}
    )


def cursor(key: Key) -> str:
    """The text that stands for a place."""
    instant, row_id = key
    return urlsafe_b64encode(f"{(instant - EPOCH) // MILLISECOND} {row_id}".encode()).decode("ascii")


def page(rows: Sequence[Row], limit: int, key: Callable[[Row], Key]) -> tuple[Sequence[Row], str | None]:
    """Cut `limit` rows out of up to `limit + 1`; with them the cursor of the next page, or None on the last."""
    shown = rows[:limit]
    return shown, cursor(key(shown[-1])) if len(rows) > limit else None


def numbered_page(rows: Sequence[Row], limit: int, number: Callable[[Row], int]) -> tuple[Sequence[Row], str | None]:
    """The same, of what is ordered by number."""
    shown = rows[:limit]
    last = urlsafe_b64encode(str(number(shown[-1])).encode()).decode("ascii") if len(rows) > limit else None
    return shown, last
