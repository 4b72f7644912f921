"""Keyset pagination: a page ends with an opaque cursor, which stands for the position after which the next page begins.

Listings are ordered by (instant, id), newest first, but for the rows of a job, which are ordered by number.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Response
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Range

from inventory.clock import EPOCH, MILLISECOND
from inventory.listing import NOT_A_CURSOR, Key, sifted
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.responses import json_response

Row = TypeVar("Row")
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


def json_page(
    name: str,
    query: Mapping[str, Any],
    find: Callable[..., Sequence[Row]],
    document: Callable[[Row], Any],
    position: Callable[[Row], Key | int],
) -> Response:
    """A page of what `find` yields for the query's limit and cursor, as a list of documents of that name."""
    limit = query["limit"]
    rows = find(limit=limit + 1, after=query["cursor"])
    next_cursor = cursor(position(rows[limit - 1])) if len(rows) > limit else None
    return json_response({name: [document(row) for row in rows[:limit]], "next_cursor": next_cursor})


def sifted_page(
    name: str,
    query: Mapping[str, Any],
    find: Callable[..., Sequence[Row]],
    document: Callable[[Row], Any],
    position: Callable[[Row], Key],
    sift: Callable[[Sequence[Row]], Sequence[Row]],
) -> Response:
    """The same of the rows that `sift` leaves: a page may have fewer of them, although another one comes."""
    rows, end = sifted(find, sift, position, limit=query["limit"], after=query["cursor"])
    return json_response({name: [document(row) for row in rows], "next_cursor": None if end is None else cursor(end)})


def cursor(position: Key | int) -> str:
    """The text that stands for a position."""
    if isinstance(position, int):
        text = str(position)
    else:
        instant, row_id = position
        text = f"{(instant - EPOCH) // MILLISECOND} {row_id}"
    return urlsafe_b64encode(text.encode()).decode("ascii")
