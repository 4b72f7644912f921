"""The shapes of the API of the audit."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Regexp

from inventory.web_api.arguments import QuerySchema
from inventory.web_api.pagination import PageQuery, PageSchema


class AuditQuery(PageQuery, QuerySchema):
    """Which entries are meant."""

    key = fields.String(load_default=None, metadata={"description": "Those of a key, by its id."})
    address = fields.String(load_default=None, metadata={"description": "Those of an address.", "example": "203.0.113.7"})
    action = fields.String(
        load_default=None,
        validate=Regexp(
            r"[a-z_]+\.[a-z_]*\Z", error="Send an action such as key.create, or a noun with a dot such as `key.`."
        ),
        metadata={
            "description": "Those of an action, or with a dot at its end of all that begin so.",
            "example": "key.",
        },
    )
    since = fields.String(
        load_default=None, metadata={"description": "Not before this instant, or so long ago.", "example": "7d"}
    )
    until = fields.String(load_default=None, metadata={"description": "Before this instant, or before so long ago."})


class EntryKeySchema(Schema):
    """The key of whoever did it."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class EntrySchema(Schema):
    """Who did what."""

    id = fields.String(required=True)
    at = fields.DateTime(required=True)
    action = fields.String(
        required=True, metadata={"description": "A noun and a verb: metadata.delete, import.create, key.revoke, …"}
    )
    target = fields.String(
        required=True,
        metadata={"description": "What it was done to: a URL, in which secrets are `***`, an id, or a name; may be empty."},
    )
    outcome = fields.String(required=True, metadata={"description": "`done`, or the code of the problem that was answered."})
    request_id = fields.String(required=True, metadata={"description": "As in X-Request-ID and in the log."})
    address = fields.String(required=True)
    key = fields.Nested(EntryKeySchema, required=True, allow_none=True, metadata={"description": "null without a key."})
    user = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Who a proxy says that it asks for, if its key has `user_header`."},
    )


class AuditPage(PageSchema):
    """Entries, newest first."""

    entries = fields.List(fields.Nested(EntrySchema), required=True)
