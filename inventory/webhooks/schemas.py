"""The shapes of the API of webhooks (RFC 3339 instants)."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Regexp

from inventory.web_api.pagination import PageQuery, PageSchema
from inventory.web_api.target_query import URL
from inventory.webhooks.model import DeliveryState

WHERE = "Where messages are posted, as Standard Webhooks 1.0 says: an http or https URL of at most 2,048 characters."


class WebhookRequest(Schema):
    """A new webhook."""

    url = fields.String(**URL | {"metadata": {"description": WHERE, "example": "https://example.com/hooks/inventory"}})


class WebhookChange(Schema):
    """What is to be changed of a webhook; what is left out stays."""

    url = fields.String(**URL | {"required": False, "metadata": {"description": WHERE}})
    enabled = fields.Boolean(metadata={"description": "false: nothing is sent to it, and deliveries are cancelled."})


class WebhookSchema(Schema):
    """A receiver of messages."""

    id = fields.String(required=True, validate=Regexp("[0-9a-f]{32}"))
    url = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    enabled = fields.Boolean(required=True, metadata={"description": "Whether messages are sent to it."})
    disabled_because = fields.String(required=True, allow_none=True)
    failing_since = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "The first failure after the latest success."}
    )
    not_before = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "It asked for a pause, or does not answer: until then."}
    )
    old_secrets_until = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "Until then a secret that was replaced signs too."}
    )
    secret = fields.String(
        metadata={"description": "What a receiver verifies messages with. Only the answer that made it shows it."}
    )


class WebhooksPage(PageSchema):
    """Webhooks, newest first."""

    webhooks = fields.List(fields.Nested(WebhookSchema), required=True)


class DeliveriesQuery(PageQuery):
    """Which deliveries to list."""

    state = fields.Enum(DeliveryState, by_value=True, load_default=None)


class AttemptSchema(Schema):
    """One try."""

    at = fields.DateTime(required=True)
    status = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of the response; null if there was none."}
    )
    detail = fields.String(required=True, allow_none=True, metadata={"description": "What went wrong."})
    elapsed_ms = fields.Float(required=True)


class DeliverySchema(Schema):
    """A message that is or was to be sent."""

    id = fields.String(required=True)
    message_id = fields.String(
        required=True, metadata={"description": "The `webhook-id` of each try: a receiver tells repetitions by it."}
    )
    watch_id = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf(list(DeliveryState)))
    attempt = fields.Integer(required=True, metadata={"description": "Tries so far."})
    created_at = fields.DateTime(required=True)
    due_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "The next try; null after the last."})
    ended_at = fields.DateTime(required=True, allow_none=True)
    attempts = fields.List(
        fields.Nested(AttemptSchema), required=True, metadata={"description": "The latest tries, oldest first."}
    )


class DeliveriesPage(PageSchema):
    """Deliveries, newest first."""

    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)


class WebhookTestSchema(Schema):
    """What a receiver made of a test."""

    delivered = fields.Boolean(required=True, metadata={"description": "Whether it answered 2xx."})
    message_id = fields.String(required=True)
    status = fields.Integer(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    elapsed_ms = fields.Float(required=True)
