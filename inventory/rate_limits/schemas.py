"""The shapes of the upstreams' API (RFC 3339 instants; rates a second)."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from inventory.rate_limits.model import Breaker
from inventory.web_api.pagination import PageSchema


class BudgetSchema(Schema):
    """How often all programs together may call it, and what they do at this moment."""

    rate = fields.Float(required=True, metadata={"description": "Requests a second, in the long run."})
    burst = fields.Integer(required=True, metadata={"description": "Requests that may follow each other at once."})
    concurrency = fields.Integer(required=True, metadata={"description": "Requests at the same time."})
    in_use = fields.Integer(required=True, metadata={"description": "Requests that are being made."})


class LatencySchema(Schema):
    """How long about the last thousand answers took; null before the first one."""

    answers = fields.Integer(required=True)
    mean_ms = fields.Float(required=True, allow_none=True)
    p50_ms = fields.Float(required=True, allow_none=True)
    p95_ms = fields.Float(required=True, allow_none=True)
    p99_ms = fields.Float(required=True, allow_none=True)


class BreakerSchema(Schema):
    """Whether the host is called: `closed` yes, `open` no, `half_open` by one request, which decides."""

    state = fields.String(required=True, validate=OneOf([state.name.lower() for state in Breaker]))
    failures_in_a_row = fields.Integer(required=True)
    openings = fields.Integer(required=True, metadata={"description": "How often it opened."})
    open_until = fields.DateTime(required=True, allow_none=True)


class UpstreamSchema(Schema):
    """One upstream. Counts are of all programs together; they are forgotten an hour after the last call."""

    host = fields.String(required=True)
    shared = fields.Boolean(
        required=True, metadata={"description": "false: Redis does not answer, and these are the counts of one process."}
    )
    budget = fields.Nested(BudgetSchema, required=True)
    requests = fields.Integer(required=True)
    failures = fields.Integer(required=True, metadata={"description": "Requests that had no answer."})
    put_off = fields.Integer(required=True, metadata={"description": "How often a request was deferred to a later time."})
    latency = fields.Nested(LatencySchema, required=True)
    breaker = fields.Nested(BreakerSchema, required=True)
    paused_until = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "The end of the pause that it asked for (Retry-After)."}
    )
    callable_at = fields.DateTime(required=True, metadata={"description": "When it may be called again, at the earliest."})
    waiting_until = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "The last reservation of deferred requests. null: none is to come."},
    )
    asked_at = fields.DateTime(required=True, metadata={"description": "When a program last asked to call it."})


class UpstreamsPage(PageSchema):
    """Upstreams, the most recently called first."""

    upstreams = fields.List(fields.Nested(UpstreamSchema), required=True)
