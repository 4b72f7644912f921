"""The shapes of the routes of policies: what they take, and the documents they answer."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from inventory.instants import MAX_CHARACTERS
from inventory.observations.model import IndexState
from inventory.policy.model import Severity, TargetStatus, Unchecked
from inventory.web_api.pagination import CURSOR, LimitQuery, PageSchema

_INSTANT = Length(1, MAX_CHARACTERS, error="Send an instant such as 2026-01-31T12:00:00Z, a day, or how long ago: 7d.")
INDEXED = fields.String(
    required=True,
    validate=OneOf(list(IndexState)),
    metadata={"description": "Whether searches find what it says: of all targets, of some so far, or of none."},
)


class PolicyFindingsQuery(LimitQuery):
    """Which targets are judged, and as of when."""

    q = fields.String(
        load_default="",
        metadata={"description": "A query (docs/queries.md). Default: all targets.", "example": "tag:prod"},
    )
    at = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={
            "description": "The instant as of which they are judged: RFC 3339, a day, or how long ago, such as `7d`.",
            "example": "2026-01-31T12:00:00Z",
        },
    )
    cursor = fields.String(load_default=None, metadata={"description": CURSOR["description"]})


class PolicySummarySchema(Schema):
    """A policy in a listing."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    built_in = fields.Boolean(required=True)
    rules = fields.Integer(required=True, metadata={"description": "How many."})
    indexed = INDEXED
    created_at = fields.DateTime(required=True, allow_none=True)
    changed_at = fields.DateTime(required=True, allow_none=True)


class PoliciesPage(PageSchema):
    """Policies, newest first, and those that are built in."""

    built_in = fields.List(fields.Nested(PolicySummarySchema), required=True)
    policies = fields.List(fields.Nested(PolicySummarySchema), required=True)


class OnePolicySchema(Schema):
    """A policy."""

    id = fields.String(required=True)
    built_in = fields.Boolean(required=True)
    indexed = INDEXED
    policy = fields.Dict(required=True, metadata={"description": "Its file, as docs/policies.md describes it."})


class PolicyEvidenceSchema(Schema):
    """Where a requirement is not met."""

    problem = fields.String(required=True)
    hop = fields.Integer(required=True, allow_none=True, metadata={"description": "Which response, from 1."})
    url = fields.String(required=True, allow_none=True, metadata={"description": "That of the hop."})
    line = fields.Integer(required=True, allow_none=True, metadata={"description": "Which header line of it, from 1."})
    name = fields.String(required=True, allow_none=True, metadata={"description": "Of a header, a cookie or a fact."})
    value = fields.String(
        required=True, allow_none=True, metadata={"description": "Its first 200 characters; never that of a cookie."}
    )


class PolicyWaiverSchema(Schema):
    """Who answers for a finding, and until when."""

    owner = fields.String(required=True)
    reason = fields.String(required=True)
    expires = fields.DateTime(required=True)


class PolicyFindingSchema(Schema):
    """A rule that is not met."""

    rule = fields.String(required=True)
    severity = fields.String(required=True, validate=OneOf(list(Severity)))
    state = fields.String(required=True, validate=OneOf(["fails", "waived", "unknown"]))
    message = fields.String(required=True)
    remediation = fields.String(required=True)
    links = fields.List(fields.String(), required=True)
    evidence = fields.List(fields.Nested(PolicyEvidenceSchema), required=True, metadata={"description": "At most 20."})
    omitted = fields.Integer(required=True, metadata={"description": "How much more there is."})
    waiver = fields.Nested(PolicyWaiverSchema, required=True, allow_none=True)
    expired_waiver = fields.Nested(PolicyWaiverSchema, required=True, allow_none=True)


class PolicyVerdictSchema(Schema):
    """A target that is not clean."""

    id = fields.String(required=True, allow_none=True)
    url = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(list(TargetStatus)))
    reason = fields.String(
        required=True,
        allow_none=True,
        validate=OneOf(list(Unchecked)),
        metadata={"description": "Why it could not be checked; null if it was."},
    )
    detail = fields.String(required=True)
    snapshot = fields.String(required=True, allow_none=True, metadata={"description": "The id of what was judged."})
    collected_at = fields.DateTime(required=True, allow_none=True)
    score = fields.Integer(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    findings = fields.List(fields.Nested(PolicyFindingSchema), required=True)


class PolicyFindingsPage(PageSchema):
    """Of the targets of a page, those that are not clean: maybe none of them, although another page comes."""

    policy = fields.String(required=True)
    at = fields.DateTime(required=True, allow_none=True, metadata={"description": "null is now."})
    checked = fields.Integer(required=True, metadata={"description": "Targets of this page that were looked at."})
    targets = fields.List(fields.Nested(PolicyVerdictSchema), required=True)


class PolicyReplayQuery(LimitQuery):
    """Which targets are judged, and of which time."""

    q = fields.String(
        load_default="",
        metadata={"description": "A query (docs/queries.md) that targets match now. Default: all.", "example": "tag:prod"},
    )
    since = fields.String(
        load_default="7d",
        validate=_INSTANT,
        metadata={"description": "When the time begins: RFC 3339, a day, or how long ago. Default: seven days ago."},
    )
    until = fields.String(
        load_default=None, validate=_INSTANT, metadata={"description": "When it ends. Default: now.", "example": "1d"}
    )
    cursor = fields.String(load_default=None, metadata={"description": CURSOR["description"]})


class PolicyPeriodSchema(Schema):
    """A time in which a rule failed."""

    began = fields.DateTime(required=True, metadata={"description": "The first collection that showed it."})
    ended = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "The first one that no longer did; null: it goes on."}
    )
    snapshot = fields.String(required=True, metadata={"description": "The id of the first one that showed it."})


class PolicyRuleHistorySchema(Schema):
    """When a rule failed at a target."""

    rule = fields.String(required=True)
    severity = fields.String(required=True, validate=OneOf(list(Severity)))
    failing = fields.Boolean(required=True, metadata={"description": "At the end of the time."})
    flaps = fields.Integer(required=True, metadata={"description": "How often it began or ended within the time."})
    periods = fields.List(
        fields.Nested(PolicyPeriodSchema), required=True, metadata={"description": "The latest 50, the oldest first."}
    )


class PolicyTargetHistorySchema(Schema):
    """What rules would have found at a target."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    snapshots = fields.Integer(required=True, metadata={"description": "How many were judged, at most 200."})
    complete = fields.Boolean(required=True, metadata={"description": "These were all of the time."})
    rules = fields.List(fields.Nested(PolicyRuleHistorySchema), required=True)


class PolicyReplayPage(PageSchema):
    """Of the targets of a page, those at which a rule would have failed."""

    policy = fields.String(required=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    checked = fields.Integer(required=True, metadata={"description": "Targets of this page that were looked at."})
    snapshots = fields.Integer(required=True, metadata={"description": "Their snapshots."})
    unchecked = fields.Integer(
        required=True, metadata={"description": "Targets without snapshots, or of which not all could be checked."}
    )
    targets = fields.List(fields.Nested(PolicyTargetHistorySchema), required=True)
