"""The shapes of what HTTP said: requests, and the responses to them (seconds and milliseconds are named)."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf


class HeaderSchema(Schema):
    """One header line, as it was sent (latin-1)."""

    name = fields.String(required=True)
    value = fields.String(required=True)


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
    size = fields.Integer(
        metadata={
            "description": "How many bytes it has; /api/v1/certificates/{sha256} has them. Old versions did not keep them."
        }
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
    """The answer of the last hop. Times add up all hops; `elapsed_ms` is the whole collection.

    They are null where an archive that was imported does not tell them.
    """

    status = fields.Integer(required=True)
    reason = fields.String(required=True)
    http_version = fields.String(required=True)
    final_url = fields.String(required=True)
    remote_address = fields.String(required=True, allow_none=True)
    elapsed_ms = fields.Float(required=True, allow_none=True)
    dns_ms = fields.Float(required=True, allow_none=True)
    connect_ms = fields.Float(required=True, allow_none=True)
    tls_ms = fields.Float(required=True, allow_none=True)
    first_byte_ms = fields.Float(required=True, allow_none=True)
    body_ms = fields.Float(required=True, allow_none=True)
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
