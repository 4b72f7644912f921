"""`/api/v1/policies`: rules about what targets serve, and what they find in what is stored."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for
from flask.views import MethodView

from inventory.errors import (
    ForeignOrigin,
    InvalidQuery,
    InvalidRequest,
    NameTaken,
    QueryTooBroad,
    StorageUnavailable,
    TooManyPolicies,
    TooManyRequests,
    UnknownPolicy,
    UnsupportedFile,
)
from inventory.policy import answers, schemas
from inventory.policy.model import Policy
from inventory.policy.reading import of_document, read
from inventory.services import services
from inventory.web_api.arguments import json_body, whole_body
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery
from inventory.web_api.responses import json_response

blueprint = Blueprint("policies", __name__, url_prefix="/api/v1", description="Rules about what targets serve")

YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
_EXAMPLE = """\
version: 1
id: shop
title: What our shop has to send
rules:
- id: nosniff
  severity: high
  scope: tag:prod
  message: Browsers may guess the type of the content.
  require: {header: x-content-type-options, equals: nosniff}
"""
_TEXT = {"type": "string", "description": "A file of docs/policies.md, at most 64 KiB."}
BODY = {
    "required": True,
    "content": {
        "application/yaml": {"schema": _TEXT, "example": _EXAMPLE},
        "application/json": {"schema": {"type": "object", "description": "The same as JSON."}},
    },
}


@blueprint.route("/policies")
class Policies(MethodView):
    """Policies."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.PoliciesPage, description="One page", example="policy/policies")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """List policies, newest first, and all built-in ones."""
        return json_response(answers.policies(query))

    @blueprint.doc(requestBody=BODY)
    @blueprint.response(201, schemas.PolicySummarySchema, description="It is new", example="policy/kept")
    @blueprint.alt_response(
        200, schema=schemas.PolicySummarySchema, description="It takes the place of one", example="policy/kept"
    )
    @blueprint.problems(InvalidRequest, ForeignOrigin, NameTaken, TooManyPolicies, UnsupportedFile, StorageUnavailable, 413)
    @blueprint.needs("watch")
    def post(self) -> Response:
        """Keep a policy, in place of the one with its id. It is sent as YAML or as JSON."""
        policy = _sent()
        kept, is_new = services().policies.keep(policy)
        response = json_response(answers.kept(policy, kept), 201 if is_new else 200)
        response.headers["Location"] = url_for("policies.OnePolicy", policy_id=policy.id)
        return response


@blueprint.route("/policies/<policy_id>")
class OnePolicy(MethodView):
    """One policy."""

    @blueprint.response(200, schemas.OnePolicySchema, description="The policy", example="policy/policy")
    @blueprint.problems(UnknownPolicy, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, policy_id: str) -> Response:
        """One policy, with its rules and waivers."""
        return json_response(answers.policy(policy_id))

    @blueprint.response(204, description="Removed")
    @blueprint.problems(ForeignOrigin, UnknownPolicy, NameTaken, StorageUnavailable)
    @blueprint.needs("watch")
    def delete(self, policy_id: str) -> Response:
        """Remove a policy. Built-in ones stay."""
        services().policies.delete(policy_id)
        return Response(status=204)


@blueprint.route("/policies/<policy_id>/findings")
class Findings(MethodView):
    """What a policy finds."""

    @blueprint.arguments(schemas.PolicyFindingsQuery, location="query")
    @blueprint.response(200, schemas.PolicyFindingsPage, description="One page", example="policy/findings")
    @blueprint.problems(InvalidRequest, InvalidQuery, QueryTooBroad, UnknownPolicy, TooManyRequests, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any], policy_id: str) -> Response:
        """Judge what is stored of targets by a policy, now or as of an instant. Nothing is collected.

        A page looks at `limit` targets, or at fewer if they take more than two seconds. It has those that are not clean.
        """
        return json_response(answers.findings(policy_id, query))


@blueprint.route("/policies/<policy_id>/replay")
class Replay(MethodView):
    """What a policy would have found."""

    @blueprint.arguments(schemas.PolicyReplayQuery, location="query")
    @blueprint.response(200, schemas.PolicyReplayPage, description="One page", example="policy/replay")
    @blueprint.problems(InvalidRequest, InvalidQuery, QueryTooBroad, UnknownPolicy, TooManyRequests, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any], policy_id: str) -> Response:
        """Judge the snapshots of a time by a policy: where it would have failed, when, and how often that changed.

        Each is judged as of its collection. A page looks at `limit` targets, or at fewer if they take more than two seconds.
        """
        return json_response(answers.replay(policy_id, query))


def _sent() -> Policy:
    """The policy in the body."""
    policy = of_document(json_body(request)) if request.is_json else read(_yaml())
    g.loaded = {"name": policy.id}  # the audit takes from it what a request was about
    return policy


def _yaml() -> str:
    if request.mimetype not in YAML:
        raise UnsupportedFile(
            "The body is neither YAML nor JSON: send application/yaml or application/json as its Content-Type."
        )
    try:
        return whole_body(request).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The body is not UTF-8.", {"body": ["Send YAML in UTF-8."]}) from error
