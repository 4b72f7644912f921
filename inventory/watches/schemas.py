"""The shapes of the API of watches (RFC 3339 instants), but for their messages. What members may be, `settings` decides."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields

from inventory.watches.model import (
    DEFAULT_COOLDOWN,
    DEFAULT_EXPIRES_WITHIN,
    MAX_COOLDOWN,
    MAX_EVERY,
    MAX_EXPIRES_WITHIN,
    MAX_NAME,
    MAX_PERSIST,
    MIN_EVERY,
    On,
)
from inventory.watches.service import MAX_DAYS
from inventory.web_api.pagination import PageSchema

MAX_TEXTS = 100
"""Texts of one list."""
_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
_VALUES = "Exact if all targets have the same ones, else shapes such as `{date}`. Of many the first are listed."


class Texts(fields.Field[list[str]]):
    """One text, or a list of texts; null is none."""

    def __init__(self, **how: Any) -> None:
        metadata = _TEXTS | how.pop("metadata")
        super().__init__(allow_none=True, metadata=metadata, **how)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """A list in any case, but for what is left out."""
        return super().deserialize([] if value is None else value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or len(found) > MAX_TEXTS or not all(isinstance(each, str) for each in found):
            raise ValidationError(f"Send a text, or a list of at most {MAX_TEXTS} texts.")
        return found


def _whole(minimum: int, maximum: int, meaning: str, *, unit: str, allow_none: bool = False) -> fields.Integer:
    """A whole number. Its bounds are told here, and checked where the others are."""
    metadata = {"description": meaning, "minimum": minimum, "maximum": maximum}
    invalid = f"Send {unit}, {minimum} to {maximum:,}."
    return fields.Integer(strict=True, allow_none=allow_none, metadata=metadata, error_messages={"invalid": invalid})


class WatchChange(Schema):
    """What is to be changed of a watch; what is left out stays."""

    name = fields.String(metadata={"description": f"At most {MAX_NAME} characters; no two watches have the same."})
    query = fields.String(
        metadata={
            "description": "Which targets are watched (docs/queries.md): those that it holds for at a collection. An empty"
            " one matches all. `now` in it is each collection. It may not ask for `body.size` and `elapsed_ms`.",
            "example": "tag:prod",
        }
    )
    every = _whole(
        MIN_EVERY,
        MAX_EVERY,
        "Seconds between two collections of a target for this watch. null, the default: it collects nothing by itself, and"
        " looks at what is collected anyway.",
        unit="whole seconds",
        allow_none=True,
    )
    on = fields.List(
        fields.Enum(On, by_value=True),
        metadata={
            "description": "On what it sends a message. `changes`: of fields, the default; `enters`, `leaves`: a target"
            " begins or ceases to match; `fails`, `recovers`: its collection; `expires`: its certificate ends soon.",
            "example": ["changes", "fails"],
        },
    )
    fields_ = Texts(
        data_key="fields",
        attribute="fields",
        metadata={
            "description": "Whose changes are told: names and patterns of fields, one text with commas between or a list."
            " Default: all fields but `tag`. Volatile values never tell.",
            "example": ["header.*", "script.host"],
        },
    )
    persist = _whole(
        1,
        MAX_PERSIST,
        "Collections in a row that must show the same before it is told. Default: 1. More say nothing of what flaps.",
        unit="a whole number",
    )
    cooldown = _whole(
        0,
        MAX_COOLDOWN,
        f"Seconds between two messages at least; what is found meanwhile is in the next one. Default: {DEFAULT_COOLDOWN}.",
        unit="whole seconds",
    )
    expires_within = _whole(
        1,
        MAX_EXPIRES_WITHIN,
        f"Days before the end of a certificate, for `expires`. Default: {DEFAULT_EXPIRES_WITHIN}.",
        unit="whole days",
    )
    webhook = Texts(
        metadata={
            "description": "Webhooks that get the messages: ids or URLs. A URL that none has makes one.",
            "example": "https://example.com/hooks/inventory",
        }
    )
    email = Texts(metadata={"description": "E-mail addresses that get the messages.", "example": "team@example.com"})
    file = Texts(
        metadata={
            "description": "Files that get each message as a line of JSON: messages/NAME.jsonl in its data folder.",
            "example": "prod",
        }
    )


class WatchRequest(WatchChange):
    """A new watch."""

    name = fields.String(
        required=True,
        metadata={**WatchChange._declared_fields["name"].metadata, "example": "prod headers"},
        error_messages={"required": "Missing. Send a name, such as `prod headers`."},
    )
    query = fields.String(
        required=True,
        metadata=WatchChange._declared_fields["query"].metadata,
        error_messages={"required": "Missing. Send a query, such as `tag:prod`; an empty one matches all targets."},
    )


class WatchSchema(Schema):
    """A watch."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    query = fields.String(required=True)
    every = fields.Integer(required=True, allow_none=True)
    on = fields.List(fields.Enum(On, by_value=True), required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields")
    persist = fields.Integer(required=True)
    cooldown = fields.Integer(required=True)
    expires_within = fields.Integer(required=True)
    webhook = fields.List(fields.String(), required=True, metadata={"description": "Ids of webhooks."})
    email = fields.List(fields.String(), required=True)
    file = fields.List(fields.String(), required=True)
    paused = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    changed_at = fields.DateTime(required=True)
    enrolled = fields.Boolean(
        required=True, metadata={"description": "Whether all targets that match have their schedule by now."}
    )
    scheduled = fields.Integer(metadata={"description": "Targets that are collected for it. A listing leaves it out."})
    messages = fields.Integer(required=True, metadata={"description": "How many it has sent."})
    last_message_at = fields.DateTime(required=True, allow_none=True)
    limits = fields.List(
        fields.String(),
        metadata={"description": "Hosts and tags that the key was limited to which made it. Left out without limits."},
    )
    owner = fields.String(
        metadata={
            "description": "For admins alone: the id of the key that made it, or resumed it last. Left out if none did. When"
            " that key is revoked or expires, the watch is paused."
        },
    )
    webhook_secrets = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "The secrets of webhooks that this request made, by their ids. They are not shown again."},
    )


class WatchesPage(PageSchema):
    """Watches, newest first."""

    watches = fields.List(fields.Nested(WatchSchema), required=True)


class WatchTestRequest(Schema):
    """Which time to look back on."""

    days = fields.Integer(
        strict=True, load_default=7, metadata={"description": "The last days.", "minimum": 1, "maximum": MAX_DAYS}
    )


class WatchSampleSchema(Schema):
    """One target of a group."""

    url = fields.String(required=True, allow_none=True, metadata={"description": "null if the target is deleted."})
    record_id = fields.String(required=True)
    at = fields.DateTime(required=True, metadata={"description": "The collection that found it."})
    before = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "The last collection that showed it as before."}
    )


class MessageGroupSchema(Schema):
    """What was found alike on some targets."""

    on = fields.Enum(On, by_value=True, required=True)
    field = fields.String(
        required=True,
        metadata={
            "description": "What changed, `*` for what is more than a message tells of one collection; `failure` of `fails`"
            " and `recovers`, `tls.not_after` of `expires`, else empty."
        },
    )
    old = fields.List(fields.String(), required=True, metadata={"description": _VALUES})
    new = fields.List(fields.String(), required=True)
    count = fields.Integer(required=True, metadata={"description": "How often it was found."})
    targets = fields.Integer(required=True, metadata={"description": "On how many targets."})
    first_at = fields.DateTime(required=True)
    last_at = fields.DateTime(required=True)


class TestedGroupSchema(MessageGroupSchema):
    """The same, with some of the targets."""

    samples = fields.List(fields.Nested(WatchSampleSchema), required=True)


class WatchTestSchema(Schema):
    """What a watch would have told."""

    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    complete = fields.Boolean(
        required=True,
        metadata={"description": "false: there was more to look at than a request has time for. Narrow the query."},
    )
    targets = fields.Integer(required=True, metadata={"description": "Targets that were looked at."})
    findings = fields.Integer(required=True)
    messages = fields.Integer(required=True, metadata={"description": "How many messages would have told them."})
    groups = fields.List(fields.Nested(TestedGroupSchema), required=True, metadata={"description": "The largest first."})
    omitted = fields.Integer(required=True, metadata={"description": "Groups that `groups` has not."})
