"""The shapes of the search API: what it takes, and the documents it answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from inventory.instants import MAX_CHARACTERS
from inventory.observations.exports import FORMATS
from inventory.observations.model import IndexState
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.pagination import CURSOR, LimitQuery

MAX_NAMES_CHARACTERS = 4_000
NAMES: dict[str, Any] = {
    "validate": Length(max=MAX_NAMES_CHARACTERS, error="Too long. Send the names of fewer fields, or patterns."),
}
SHOW = (
    "Names of fields with commas between, also patterns such as `header.*`: what the targets show of these is answered, too."
)


class QuestionQuery(QuerySchema):
    """Which targets are meant."""

    q = fields.String(
        load_default="",
        metadata={
            "description": "A query; docs/queries.md has the language and the fields. Without it all targets match.",
            "example": "header.server:nginx AND NOT _exists_:header.strict-transport-security",
        },
    )
    at = fields.String(
        load_default=None,
        validate=Length(1, MAX_CHARACTERS, error="Send an instant such as 2026-01-31T12:00:00.123Z, or leave it out."),
        metadata={
            "description": "The instant that is asked about: RFC 3339, a day, or how long ago, such as `7d`. `now` in the"
            " query is this instant. Default: what targets show now.",
            "example": "2026-01-31T12:00:00Z",
        },
    )


class SearchQuery(QuestionQuery, LimitQuery):
    """Which page of targets, and what to show of them."""

    show = fields.String(load_default="", **NAMES, metadata={"description": SHOW, "example": "header.server,tls.issuer"})
    cursor = fields.String(load_default=None, metadata={"description": CURSOR["description"]})


class FacetsQuery(QuestionQuery, LimitQuery):
    """Which values are counted."""

    field = fields.String(
        required=True,
        **NAMES,
        error_messages={"required": "Missing. Name a field, such as header.server."},
        metadata={"description": "The name of a field, as queries have it.", "example": "header.server"},
    )


class FieldsQuery(LimitQuery):
    """Which fields are listed."""

    prefix = fields.String(
        load_default="",
        **NAMES,
        metadata={"description": "What names begin with, as a whole or after a dot.", "example": "header.s"},
    )


class ExportQuery(QuestionQuery):
    """Which targets, in which form, and what to show of them."""

    show = fields.String(load_default="", **NAMES, metadata={"description": SHOW, "example": "header.server,tls.issuer"})
    format = fields.String(
        load_default="csv",
        validate=OneOf(list(FORMATS), error="Choose csv or jsonl."),
        metadata={"description": "`csv`: a line for each observation, or a target without; `jsonl`: one for each target."},
    )


class ObservationSchema(Schema):
    """What a target shows, and when it did."""

    field = fields.String(required=True)
    value = fields.String(required=True)
    volatile = fields.Boolean(
        required=True, metadata={"description": "It differs in each response: this may be its shape, such as `{date}`."}
    )
    first_seen = fields.DateTime(required=True, metadata={"description": "The first collection that showed it."})
    last_seen = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "The latest collection that showed it; null for a label, which none shows."},
    )
    gone = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "The first collection that no longer showed it; null while it is current."},
    )


class FoundTargetSchema(Schema):
    """A target."""

    id = fields.String(required=True)
    source = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "Its URL; of another source its key, such as a city."})
    status = fields.String(
        required=True,
        validate=OneOf(["stored", "pending", "failed"]),
        metadata={"description": "Of its record, now. The status code is the field `status`, which `show` can name."},
    )
    collected_at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When it was collected last; null if it never was."}
    )
    observations = fields.List(
        fields.Nested(ObservationSchema), metadata={"description": "With `show`: in the order of field and value."}
    )


INDEXED = fields.String(
    required=True,
    validate=OneOf([IndexState.COMPLETE, IndexState.UNDER_WAY]),
    metadata={
        "description": "`under_way`: all records are being indexed again, after policies changed, say. Until that ends, some"
        " are found by what policies said before."
    },
)


class SearchPage(Schema):
    """Targets, the latest collected first."""

    at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "The instant that was asked about; null is now."}
    )
    targets = fields.List(
        fields.Nested(FoundTargetSchema),
        required=True,
        metadata={"description": "Fewer than `limit` also where they show more than 10,000 observations."},
    )
    total = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "How many targets there are; if `total_is_exact` is false, at least. null: not known."},
    )
    total_is_exact = fields.Boolean(required=True, metadata={"description": "Always, up to 10,000, if `total` is known."})
    indexed = INDEXED
    next_cursor = fields.String(required=True, allow_none=True)


class FacetValueSchema(Schema):
    """A value of a field."""

    value = fields.String(required=True)
    volatile = fields.Boolean(required=True)
    count = fields.Integer(required=True, metadata={"description": "Targets that show it."})
    first_seen = fields.DateTime(required=True, metadata={"description": "When the first of these did."})
    search = fields.String(required=True, metadata={"description": "The search for exactly these targets."})


class FacetsSchema(Schema):
    """The commonest values of a field, the commonest first."""

    field = fields.String(required=True)
    at = fields.DateTime(required=True, allow_none=True)
    values = fields.List(fields.Nested(FacetValueSchema), required=True)
    has_more = fields.Boolean(required=True, metadata={"description": "There are more values than `limit`."})
    indexed = INDEXED


class FieldSchema(Schema):
    """A field that queries can name."""

    name = fields.String(
        required=True,
        metadata={"description": "As queries have it. `NAME` stands for the name of any header, or of any cookie."},
    )
    values = fields.String(required=True, metadata={"description": "What its values are, such as `a number`."})
    meaning = fields.String(required=True)


class FieldsSchema(Schema):
    """What can be asked for, and since when."""

    known_since = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "The earliest `at`; null of an empty inventory."}
    )
    listed = fields.List(
        fields.Nested(FieldSchema),
        required=True,
        data_key="fields",  # a schema has an attribute of this name
        metadata={"description": "Those of docs/queries.md first, then headers and cookies that targets show or showed."},
    )
    has_more = fields.Boolean(required=True, metadata={"description": "There are more fields than `limit`."})
