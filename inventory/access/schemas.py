"""The shapes of the API of keys (RFC 3339 instants)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from inventory.access.keys import COUNTED, MAX_NAME
from inventory.access.scopes import MAX_SCOPES
from inventory.clock import HUNDRED_YEARS
from inventory.instants import instant_of
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.pagination import PageSchema

QUOTA = "Such as `600/minute`, or `600/minute,10000/day`."


class Instant(fields.DateTime):
    """An instant as RFC 3339 has it; without an offset it is in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        instant = instant_of(value) if isinstance(value, str) else None
        if instant is None:
            raise ValidationError("Not an instant. Send RFC 3339, such as 2026-12-31T00:00:00Z.")
        return instant


class KeyRequest(QuerySchema):
    """A new key."""

    name = fields.String(
        required=True,
        error_messages={"required": "Missing. Send a name that tells it from other keys, such as `ci`."},
        validate=Length(1, MAX_NAME),
        metadata={"description": "Tells it from others. No two that are not revoked have the same.", "example": "ci"},
    )
    scopes = fields.List(
        fields.String(validate=Length(1, 500)),
        required=True,
        error_messages={"required": 'Missing. Send what it may do, such as ["read", "collect"].'},
        validate=Length(1, MAX_SCOPES),
        metadata={
            "description": "What it may do: `read`, `collect`, `import`, `delete`, `watch`, `export` or `admin`, which"
            " includes all. After a colon stands a host (`collect:*.example.com`) or a tag (`import:tag=shop`) to which the"
            " verb is limited. Several add up.",
            "example": ["read", "collect:*.example.com"],
        },
    )
    expires_at = Instant(metadata={"description": "When it ends; without it and `expires_in` it does not."})
    expires_in = fields.Integer(
        strict=True,
        validate=Range(1, HUNDRED_YEARS // timedelta(seconds=1), error="Send seconds, a whole number from 1."),
        metadata={"description": "The same, in seconds from now."},
    )
    quotas = fields.Dict(
        keys=fields.String(validate=OneOf(COUNTED)),
        values=fields.String(metadata={"description": QUOTA}),
        metadata={
            "description": "In place of those of INVENTORY_QUOTAS, by what they count: `lookups`, `collections`, `imports`."
            f" {QUOTA}",
            "example": {"lookups": "600/minute"},
        },
    )
    user_header = fields.String(
        validate=Length(1, 100),
        metadata={"description": "In which header a proxy that sends this key names its user, for the audit."},
    )


class KeySchema(Schema):
    """A key, without its text, which is kept nowhere."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    status = fields.String(required=True, validate=OneOf(["usable", "expired", "revoked"]))
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)
    last_used_at = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "To the minute: not each use is noted."}
    )
    last_used_address = fields.String(required=True, allow_none=True)
    quotas = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    user_header = fields.String(required=True, allow_none=True)
    key = fields.String(metadata={"description": "Its text. Only the answer that made it shows it."})


class UsageSchema(Schema):
    """A quota of a key, and what is left of it."""

    quota = fields.String(required=True, metadata={"description": "Its name, as in `RateLimit-Policy`."})
    amount = fields.Integer(required=True)
    left = fields.Integer(required=True)
    ends_in = fields.Integer(required=True, metadata={"description": "Seconds until all is left again."})


class OneKeySchema(KeySchema):
    """A key, with what is left of its quotas, those of INVENTORY_QUOTAS included."""

    usage = fields.List(fields.Nested(UsageSchema), required=True)


class KeysPage(PageSchema):
    """Keys, newest first."""

    keys = fields.List(fields.Nested(KeySchema), required=True)
