"""The shapes of the parameters and documents of the events API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Regexp

from inventory.events.fields import Level, QueryInstant, TraceId
from inventory.events.levels import LEVELS
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.pagination import PageQuery, PageSchema

JOB_ID = Regexp("[0-9a-f]{32}$", error="Not the id of a job. Send its 32 hexadecimal digits.")


class FilterQuery(QuerySchema):
    """Which events to list or count."""

    job = fields.String(
        load_default=None,
        validate=JOB_ID,
        metadata={"description": "Events of one import.", "example": "4f3c2b1a09f8e7d6c5b4a39281706f5e"},
    )
    level = Level(
        load_default=None,
        metadata={"description": f"One of {', '.join(LEVELS)}; in any case, and warn, fatal, … too.", "example": "error"},
    )
    service = fields.String(load_default=None, metadata={"example": "checkout"})
    since = QueryInstant(load_default=None, metadata={"description": "Not before this instant."})
    until = QueryInstant(load_default=None, metadata={"description": "Before this instant."})

    @validates_schema
    def validate_range(self, query: Mapping[str, Any], **_: Any) -> None:
        """A range that ends before it begins is a mistake, which an empty answer would hide."""
        since, until = query.get("since"), query.get("until")
        if since and until and until <= since:
            raise ValidationError("Not after `since`. Send a later instant.", "until")


class EventsQuery(FilterQuery, PageQuery):
    """Which page of them."""

    trace_id = TraceId(
        load_default=None,
        metadata={
            "type": "string",
            "description": "Events of one trace: 32 hexadecimal digits, or any other spelling that lines have. Searched for,"
            " as `q` is.",
            "example": "4bf92f3577b34da6a3ce929d0e0e4736",
        },
    )
    q = fields.String(
        load_default=None,
        validate=Length(1, 200, error="Send a text of 1 to 200 characters."),
        metadata={
            "description": "A text that the message has, in any case. Each page looks at 10,000 events at most: it may have"
            " fewer than `limit`, or none, and `next_cursor` continues the search.",
            "example": "declined",
        },
    )


class EventSchema(Schema):
    """One log event."""

    id = fields.String(required=True, metadata={"description": "The job's id and the line."})
    job_id = fields.String(required=True, validate=JOB_ID)
    line = fields.Integer(required=True, metadata={"description": "The line of the file, from 1; in an array the element."})
    timestamp = fields.DateTime(required=True)
    level = fields.String(required=True, validate=OneOf(LEVELS))
    service = fields.String(required=True)
    message = fields.String(required=True)
    attributes = fields.Dict(
        required=True, metadata={"description": "Includes the members of the line that no other field takes."}
    )
    trace_id = fields.String(required=True, allow_none=True, metadata={"description": "32 hexadecimal digits."})


class EventsPage(PageSchema):
    """Events, newest first."""

    events = fields.List(fields.Nested(EventSchema), required=True)


def _counts(description: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), required=True, metadata={"description": description})


class StatsSchema(Schema):
    """Counts of events."""

    total = fields.Integer(required=True)
    by_level = _counts("By level.")
    by_service = _counts("By service, the largest count first.")
    by_hour = _counts("By hour, named by its first instant, newest first; at most the 168 newest hours that have events.")
    by_hour_and_level = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Integer()),
        required=True,
        metadata={"description": "Of the same hours, by level."},
    )
