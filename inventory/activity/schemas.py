"""The shapes of the activity: what its API takes, and the documents it answers."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from inventory.instants import MAX_CHARACTERS
from inventory.records.schemas import FAILURES
from inventory.web_api.arguments import QuerySchema

_INSTANT = Length(1, MAX_CHARACTERS, error="Send an instant such as 2026-01-31T12:00:00Z, a day, or how long ago: 7d.")


class ActivityQuery(QuerySchema):
    """Which hours are meant, at most 31 days."""

    since = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={
            "description": "From the hour of this instant: RFC 3339, a day, or how long ago, such as `12h` or `7d`."
            " Default: 24 hours with the last one.",
            "example": "7d",
        },
    )
    until = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={
            "description": "To the end of the hour before or around this instant. Default: now.",
            "example": "2026-01-31T12:00:00Z",
        },
    )
    source = fields.String(
        load_default=None, metadata={"description": "Collections of one source. Default: of all.", "example": "webpage"}
    )


class EndedSchema(Schema):
    """How many collections ended so."""

    stored = fields.Integer(required=True, metadata={"description": "With a snapshot."})
    failed = fields.Integer(required=True, metadata={"description": "For good, after the last attempt."})
    failures = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": f"The same by the code of the failure, the commonest first: {', '.join(FAILURES)}."},
    )


class HourSchema(EndedSchema):
    """The collections that ended in one hour."""

    at = fields.DateTime(required=True, metadata={"description": "When the hour begins, in UTC."})


class SourceActivitySchema(EndedSchema):
    """The collections of one source that ended."""

    source = fields.String(required=True)


class RecordTotalsSchema(Schema):
    """How many records there are now, of all sources."""

    total = fields.Integer(required=True)
    waiting = fields.Integer(
        required=True,
        metadata={"description": "Whose collection is due or running, also a refresh; counted up to 100,000."},
    )
    failed = fields.Integer(
        required=True,
        metadata={"description": "Without a snapshot, because the last collection failed; counted up to 100,000."},
    )


class ActivitySchema(Schema):
    """What ended in each hour of a period. The hour of now may still go on."""

    since = fields.DateTime(required=True, metadata={"description": "When the first hour begins."})
    until = fields.DateTime(required=True, metadata={"description": "When the last hour ends."})
    resolution = fields.String(required=True, validate=OneOf(["hour"]))
    hours = fields.List(
        fields.Nested(HourSchema),
        required=True,
        metadata={"description": "Each hour, the first one first, also those in which nothing ended."},
    )
    totals = fields.Nested(EndedSchema, required=True, metadata={"description": "Of all these hours."})
    sources = fields.List(
        fields.Nested(SourceActivitySchema),
        required=True,
        metadata={"description": "The same of each source of which something ended, by name."},
    )
    records = fields.Nested(RecordTotalsSchema, required=True)
