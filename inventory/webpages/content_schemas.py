"""The shape of what one collection saw of a webpage: its response, cookies, body and page."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from inventory.webpages.response_schemas import HeaderSchema, RedirectSchema, ResponseSchema


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


class WireBodySchema(Schema):
    """The body as it was sent, its content codings not undone; the bytes are at /api/v1/bodies/{sha256}."""

    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    truncated = fields.Boolean(required=True)


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
    wire = fields.Nested(
        WireBodySchema,
        metadata={"description": "Only of a coded body that was collected with INVENTORY_KEEP_WIRE_BODIES."},
    )


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
