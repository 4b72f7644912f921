"""The shapes of the imports API: what it takes beside the file."""

from __future__ import annotations

from datetime import timedelta

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from inventory.imports.file_format import TAKES
from inventory.web_api.arguments import QuerySchema


class ImportQuery(QuerySchema):
    """What to do with the file."""

    kind = fields.String(
        required=True,
        validate=OneOf(list(TAKES), error="Unknown. Choose from {choices}."),
        error_messages={"required": f"Missing. Choose from {', '.join(TAKES)}."},
        metadata={
            "description": "`urls`: each row is looked up. `cities`: each row's weather is."
            " `events`: each line is a log event.",
            "example": "urls",
        },
    )
    column = fields.String(
        validate=Length(1, 256, error="Send a name of 1 to 256 characters, or a number from 1."),
        metadata={
            "description": "Where a row has the URL or the city: the name of a column or member, or the number of a column,"
            " from 1. Default: the one that is called so, or looks like it.",
            "example": "website",
        },
    )
    fresh_for = fields.TimeDelta(
        validate=Range(timedelta(0), timedelta(days=36_500), error="Send seconds, a whole number from 0."),
        metadata={
            "description": "Seconds for which a known record is fresh: it is not collected again."
            " Default: INVENTORY_FRESH_FOR.",
            "minimum": 0,
        },
    )


class IdempotencyKey(Schema):
    """The header Idempotency-Key, as this API reads it."""

    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=[Length(1, 128), Regexp("^[ -~]*$")],
        metadata={
            "description": "1 to 128 printable ASCII characters. The same again answers the same job.",
            "example": "urls-2026-01-31",
        },
    )
