"""The shapes of the metadata API: its parameters, and the documents it answers (RFC 3339 instants, seconds)."""

from __future__ import annotations

from datetime import timedelta

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range, Regexp
from webargs.fields import DelimitedList

from inventory.observations.labels import MAX_LABELS
from inventory.records.model import Status
from inventory.records.schemas import FailureSchema
from inventory.web_api.pagination import PageQuery, PageSchema
from inventory.web_api.target_query import URL, TargetQuery

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
        validate=Range(timedelta(0), timedelta(days=36_500), error="Send seconds, a whole number from 0."),
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


class TagsBody(Schema):
    """Labels of a URL."""

    url = fields.String(**URL)
    tags = fields.List(
        fields.String(),
        required=True,
        error_messages={"invalid": 'Send a list of labels, such as ["prod"]; an empty list for none.'},
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


class Prefer(Schema):
    """The header Prefer (RFC 7240), as this API reads it."""

    prefer = fields.String(
        data_key="Prefer",
        metadata={"description": "`respond-async` (POST), `wait=N` with N up to 30 seconds (GET).", "example": "wait=5"},
    )


class HeaderSchema(Schema):
    """One header line, as it was sent (latin-1)."""

    name = fields.String(required=True)
    value = fields.String(required=True)


class RawCookieSchema(Schema):
    """The bytes of a cookie whose name, value or path is shown as text: each byte is one latin-1 character."""

    name = fields.String(required=True)
    value = fields.String(required=True)
    path = fields.String(required=True)


class CookieSchema(Schema):
    """One Set-Cookie line, parsed as RFC 6265bis says."""

    name = fields.String(required=True)
    value = fields.String(required=True)
    domain = fields.String(required=True, allow_none=True)
    host_only = fields.Boolean(required=True)
    path = fields.String(required=True, allow_none=True)
    expires = fields.String(required=True, allow_none=True)
    max_age = fields.Integer(required=True, allow_none=True)
    secure = fields.Boolean(required=True)
    http_only = fields.Boolean(required=True)
    same_site = fields.String(required=True, allow_none=True)
    partitioned = fields.Boolean(required=True)
    set_by = fields.String(
        required=True, metadata={"description": "The URL of the hop that sent it, its first 2,048 characters."}
    )
    accepted = fields.Boolean(required=True, metadata={"description": "Whether a browser would keep the cookie."})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why a browser would not keep it."})
    raw = fields.Nested(
        RawCookieSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Their bytes, read as latin-1, where name, value or path are UTF-8; else null."},
    )


class TlsSchema(Schema):
    """The encrypted connection of the last hop, and the certificate that was verified."""

    version = fields.String(required=True)
    cipher = fields.String(required=True)
    subject = fields.String(required=True)
    issuer = fields.String(required=True)
    names = fields.List(fields.String(), required=True)
    sha256 = fields.String(
        metadata={"description": "Of the certificate's bytes (DER): its fingerprint. Snapshots of old versions lack it."}
    )
    not_before = fields.DateTime(required=True, allow_none=True, metadata={"description": "null: it is not a date."})
    not_after = fields.DateTime(required=True, allow_none=True)


class RequestSchema(Schema):
    """A request, as it was sent."""

    method = fields.Constant("GET", required=True)
    target = fields.String(
        required=True, metadata={"description": "Path and query of the hop's URL, their first 2,048 characters."}
    )
    headers = fields.List(fields.Nested(HeaderSchema), required=True)


REQUEST = fields.Nested(RequestSchema, metadata={"description": "What was asked. Snapshots of old versions lack it."})


class RevalidationSchema(Schema):
    """The answer to conditions: the 304 that confirmed the snapshot before, or the error after which it was asked again."""

    status = fields.Integer(required=True)
    reason = fields.String(required=True)
    headers = fields.List(fields.Nested(HeaderSchema), required=True)
    request = fields.Nested(
        RequestSchema,
        metadata={"description": "The one with conditions, if it was sent again without. Old versions did not record it."},
    )


class InterimSchema(Schema):
    """An interim response (1xx) that came before the answer."""

    status = fields.Integer(required=True)
    reason = fields.String(required=True)
    headers = fields.List(fields.Nested(HeaderSchema), required=True)


INTERIM = fields.List(
    fields.Nested(InterimSchema), metadata={"description": "Answers with 1xx before it. Snapshots of old versions lack it."}
)


class RefreshSchema(Schema):
    """What a `Refresh` header or a `<meta http-equiv=refresh>` asks for."""

    source = fields.String(required=True, validate=OneOf(["header", "meta"]))
    seconds = fields.Integer(required=True)
    url = fields.String(required=True, metadata={"description": "Absolute; that of the page itself to load it again."})


class ResponseSchema(Schema):
    """The answer of the last hop. Times add up all hops; `elapsed_ms` is the whole collection."""

    status = fields.Integer(required=True)
    reason = fields.String(required=True)
    http_version = fields.String(required=True)
    final_url = fields.String(required=True)
    remote_address = fields.String(required=True, allow_none=True)
    elapsed_ms = fields.Float(required=True)
    dns_ms = fields.Float(required=True)
    connect_ms = fields.Float(required=True)
    tls_ms = fields.Float(required=True)
    first_byte_ms = fields.Float(required=True)
    body_ms = fields.Float(required=True)
    waited_ms = fields.Float(
        metadata={
            "description": "How long a large body waited here for memory: part of no other time. Old snapshots lack it."
        }
    )
    tls = fields.Nested(TlsSchema, required=True, allow_none=True)
    request = REQUEST
    trailers = fields.List(
        fields.Nested(HeaderSchema), required=True, metadata={"description": "Fields after a chunked body."}
    )
    interim = INTERIM
    revalidation = fields.Nested(RevalidationSchema, required=True, allow_none=True)
    refresh = fields.List(
        fields.Nested(RefreshSchema),
        metadata={
            "description": "Where the page asks a browser to go after a while, which is not followed. A browser heeds the"
            " first. Old snapshots lack it, and those of a page that has not changed since."
        },
    )
    not_modified = fields.Boolean(
        required=True, metadata={"description": "Answered 304: the body is that of the snapshot before."}
    )
    defects = fields.List(
        fields.String(), required=True, metadata={"description": "What was malformed, or truncated, in the answer."}
    )


class RedirectSchema(Schema):
    """One redirect on the way."""

    url = fields.String(required=True)
    status = fields.Integer(required=True)
    reason = fields.String(metadata={"description": "Snapshots of old versions lack it."})
    headers = fields.List(fields.Nested(HeaderSchema), required=True)
    request = REQUEST
    interim = INTERIM
    defects = fields.List(fields.String(), required=True)


class PageFailureSchema(FailureSchema):
    """How a collection failed, and the redirects that it saw before."""

    redirects = fields.List(fields.Nested(RedirectSchema), required=True)


class BodySchema(Schema):
    """What the page source is; the bytes are at /api/v1/bodies/{sha256}."""

    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    media_type = fields.String(
        required=True, allow_none=True, metadata={"description": "As declared; of an undeclared one, as the body looks."}
    )
    charset = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The WHATWG's name of the encoding; null if it is not text."},
    )
    encoding = fields.String(required=True, validate=OneOf(["text", "base64"]))
    truncated = fields.Boolean(required=True)
    undecoded = fields.String(required=True, allow_none=True, metadata={"description": "A content coding left undecoded."})


HOSTS = fields.List(fields.String())


class PageHostsSchema(Schema):
    """The hosts that a page's HTML loads from or posts to, in the order of the page. Kinds without any are left out."""

    script = HOSTS
    link = HOSTS
    image = HOSTS
    frame = HOSTS
    form = HOSTS


class HtmlPageSchema(Schema):
    """What the HTML of a page says of itself, read as by a browser that runs scripts."""

    title = fields.String(required=True, allow_none=True, metadata={"description": "At most 1,000 characters."})
    generators = fields.List(
        fields.String(), required=True, metadata={"description": "Of each `<meta name=generator>`; at most 20."}
    )
    hosts = fields.Nested(PageHostsSchema, required=True)
    inline_scripts = fields.Integer(
        required=True, metadata={"description": "How many scripts that a browser runs are in the page itself."}
    )
    defects = fields.List(fields.String(), required=True, metadata={"description": "What was not looked at, or cut."})


class ContentSchema(Schema):
    """What one collection saw. `headers` and `cookies` are in the order received, repeated ones kept."""

    collected_at = fields.DateTime()
    response = fields.Nested(ResponseSchema)
    redirects = fields.List(fields.Nested(RedirectSchema))
    headers = fields.List(fields.Nested(HeaderSchema))
    cookies = fields.List(fields.Nested(CookieSchema))
    body = fields.Nested(BodySchema)
    page = fields.Nested(
        HtmlPageSchema,
        allow_none=True,
        metadata={
            "description": "null if the body is not HTML. Snapshots of old versions lack it, and those of a page that has"
            " not changed since."
        },
    )


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
