"""Keyset pagination: how a request says which page it asks for. `inventory.listing` makes the pages.

Listings are ordered by (instant, id), newest first, but for the rows of a job, which are ordered by number.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Range

from inventory.clock import EPOCH, MILLISECOND
from inventory.listing import NOT_A_CURSOR, Key
from inventory.web_api.arguments import QuerySchema

LAST_NUMBER = 2**63 - 1
CURSOR = {"type": "string", "description": "The next_cursor of the page before."}


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
    """How many entries of a listing."""

    limit = fields.Integer(
        load_default=50,
        validate=Range(1, 200, error="Send a whole number, 1 to 200."),
        metadata={"description": "How many entries at most."},
    )


class PageQuery(LimitQuery):
    """Which page of a listing."""

    cursor = CursorField(load_default=None, metadata=CURSOR)


class NumberedPageQuery(LimitQuery):
    """Which page of a listing that is ordered by number."""

    cursor = NumberCursorField(load_default=lambda: 0, metadata=CURSOR)  # a function, which the documentation does not show


class PageSchema(Schema):
    """One page of a listing."""

    next_cursor = fields.String(required=True, allow_none=True)
