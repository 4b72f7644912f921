"""The shapes of the records API: what it takes, and the documents it answers (RFC 3339 instants, seconds)."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from inventory.records.model import Status
from inventory.web_api.pagination import PageQuery, PageSchema

FAILURES = (
    "dns_failure", "connection_refused", "connection_failed", "tls_failure", "timeout", "too_many_redirects",
    "forbidden_address", "incomplete_response", "invalid_response", "breaker_open", "unknown_city",
    "disallowed_by_robots", "internal_fault",
)  # fmt: skip
"""The codes of failures."""


class RecordsQuery(PageQuery):
    """Which records to list."""

    source = fields.String(load_default=None, metadata={"example": "webpage"})
    status = fields.Enum(Status, by_value=True, load_default=None)
    host = fields.String(load_default=None, metadata={"example": "example.com"})


class FailureSchema(Schema):
    """How a collection failed."""

    code = fields.String(required=True, metadata={"description": f"One of {', '.join(FAILURES)}."})
    detail = fields.String(required=True)
    permanent = fields.Boolean(required=True)
    attempts = fields.Integer(required=True)
    at = fields.DateTime(required=True)
    retry_at = fields.DateTime(required=True)


class ListedRecordSchema(Schema):
    """A record without its contents."""

    id = fields.String(required=True)
    source = fields.String(required=True)
    key = fields.String(required=True)
    host = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(list(Status)))
    state = fields.String(required=True, metadata={"description": "Where its work stands in the ledger."})
    requested_at = fields.DateTime(required=True)
    first_collected_at = fields.DateTime(required=True, allow_none=True)
    collected_at = fields.DateTime(required=True, allow_none=True)
    snapshots = fields.Integer(required=True)
    attempt = fields.Integer(required=True)
    failure = fields.Nested(FailureSchema, required=True, allow_none=True)


class RecordsPage(PageSchema):
    """Records, newest first."""

    records = fields.List(fields.Nested(ListedRecordSchema), required=True)
