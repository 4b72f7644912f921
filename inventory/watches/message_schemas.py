"""The shapes of the API of messages of watches (RFC 3339 instants)."""

from __future__ import annotations

from marshmallow import Schema, fields

from inventory.watches.model import On
from inventory.watches.schemas import MessageGroupSchema, WatchSampleSchema
from inventory.web_api.pagination import PageSchema
from inventory.webhooks.model import DeliveryState


class ListedMessageSchema(Schema):
    """A message of a watch."""

    id = fields.String(required=True, metadata={"description": "The `webhook-id` of its deliveries."})
    number = fields.Integer(required=True, metadata={"description": "Messages of a watch are counted from 1."})
    created_at = fields.DateTime(required=True)
    findings = fields.Integer(required=True)
    targets = fields.Integer(required=True)
    groups = fields.List(
        fields.Nested(MessageGroupSchema), required=True, metadata={"description": "The five largest ones."}
    )
    more_groups = fields.Integer(required=True)


class MessagesPage(PageSchema):
    """Messages, newest first."""

    messages = fields.List(fields.Nested(ListedMessageSchema), required=True)


class MessageDeliverySchema(Schema):
    """How a message went to one destination; of a webhook /api/v1/webhooks/{id}/deliveries has each try."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "`webhook`, `email` or `file`."})
    address = fields.String(required=True, metadata={"description": "A webhook's id, an address, or a name of a file."})
    state = fields.Enum(DeliveryState, by_value=True, required=True)
    attempt = fields.Integer(required=True, metadata={"description": "Tries so far."})
    due_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True, metadata={"description": "What went wrong with the latest try."})


class MessageSchema(ListedMessageSchema):
    """A message, and what its receivers get."""

    class Meta:
        exclude = ("groups", "more_groups")

    payload = fields.Dict(required=True, metadata={"description": "The JSON that is sent; docs/watches.md explains it."})
    deliveries = fields.List(fields.Nested(MessageDeliverySchema), required=True)


class FindingSchema(WatchSampleSchema):
    """What one collection of a target showed."""

    on = fields.Enum(On, by_value=True, required=True)
    field = fields.String(required=True)
    old = fields.List(fields.String(), required=True)
    new = fields.List(fields.String(), required=True)


class FindingsPage(PageSchema):
    """Findings, newest first."""

    findings = fields.List(fields.Nested(FindingSchema), required=True)
