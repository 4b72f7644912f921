"""The shapes of the metadata API: its parameters, and the documents it answers (RFC 3339 instants, seconds)."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Regexp
from webargs.fields import DelimitedList

from inventory.labels import MAX_LABELS
from inventory.records.model import Status
from inventory.records.schemas import FailureSchema
from inventory.web_api.arguments import SECONDS, QuerySchema
from inventory.web_api.pagination import PageQuery, PageSchema
from inventory.web_api.target_query import URL, TargetQuery
from inventory.webpages.content_schemas import ContentSchema
from inventory.webpages.response_schemas import RedirectSchema

MEMBERS = (
    "id", "url", "status", "stale", "first_collected_at", "collected_at", "snapshots", "response", "redirects", "headers",
    "cookies", "page_source", "body", "page", "failure",
)  # fmt: skip
"""The members of a record document, in the order in which they are written."""


class CollectBody(Schema):
    """What `POST /metadata` takes."""

    url = fields.String(**URL)


class LookupQuery(TargetQuery):
    """How a lookup is to be answered."""

    max_age = fields.TimeDelta(
        **SECONDS,
        metadata={"description": "Seconds after which a snapshot is stale. Default: INVENTORY_FRESH_FOR.", "minimum": 0},
    )
    collect = fields.Boolean(
        load_default=True,
        metadata={"description": "false: a miss is 404 and accepts no collection; a stale hit is not refreshed."},
    )
    fields_ = DelimitedList(
        fields.String(validate=OneOf(MEMBERS, error="Unknown. Choose from {choices}.")),
        data_key="fields",
        metadata={"description": "Only these members, besides id, url and status.", "example": ["headers", "cookies"]},
    )


LABELS = 'Send a list of labels, such as ["prod"]; an empty list for none.'


class TagsBody(Schema):
    """Labels of a URL."""

    url = fields.String(**URL)
    tags = fields.List(
        fields.String(),
        required=True,
        error_messages={"required": f"Missing. {LABELS}", "invalid": LABELS},
        metadata={
            "description": f"All labels that it is to have, at most {MAX_LABELS}: printable characters and spaces, 1 to 100."
            " Spaces at the ends do not count, and of labels that differ in case alone the first is kept.",
            "example": ["prod", "team: payments"],
        },
    )


class TagsSchema(Schema):
    """The labels of a URL."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)


class SnapshotsQuery(PageQuery, TargetQuery):
    """Which page of a target's snapshots."""


class CertificateQuery(QuerySchema):
    """In which form a certificate is wanted."""

    format_ = fields.String(
        data_key="format",
        load_default="der",
        validate=OneOf(["der", "pem"], error="Unknown. Choose from {choices}."),
        metadata={"description": "`der`, the bytes themselves, or `pem`.", "example": "pem"},
    )


class Prefer(Schema):
    """The header Prefer (RFC 7240), as this API reads it."""

    prefer = fields.String(
        data_key="Prefer",
        metadata={"description": "`respond-async` (POST), `wait=N` with N up to 30 seconds (GET).", "example": "wait=5"},
    )


class PageFailureSchema(FailureSchema):
    """How a collection failed, and the redirects that it saw before."""

    redirects = fields.List(fields.Nested(RedirectSchema), required=True)


class RecordSchema(ContentSchema):
    """What is stored of one webpage."""

    id = fields.String(required=True, validate=Regexp("[0-9a-f]{32}"))
    url = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(list(Status)))
    stale = fields.Boolean()
    first_collected_at = fields.DateTime()
    snapshots = fields.Integer()
    page_source = fields.String()
    failure = fields.Nested(PageFailureSchema, allow_none=True)


class PendingSchema(Schema):
    """The promise of a record."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    status = fields.Constant("pending", required=True)
    requested_at = fields.DateTime(required=True)
    attempt = fields.Integer(required=True)
    detail = fields.String(required=True)
    poll_after = fields.Integer(required=True, metadata={"description": "Seconds after which to ask again."})


class SnapshotSchema(ContentSchema):
    """One snapshot of a webpage."""

    id = fields.String(required=True)
    url = fields.String(required=True)


class SnapshotWithSourceSchema(SnapshotSchema):
    """One snapshot of a webpage, whole."""

    page_source = fields.String(required=True)


class SnapshotsPage(PageSchema):
    """Snapshots, newest first."""

    snapshots = fields.List(fields.Nested(SnapshotSchema), required=True)
