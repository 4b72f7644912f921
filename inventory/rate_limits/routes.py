"""`/api/v1/upstreams`: the hosts that are called, how often they may be called, and how they answer."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, NotFound
from inventory.rate_limits import answers, schemas
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery
from inventory.web_api.responses import json_response

blueprint = Blueprint(
    "upstreams", __name__, url_prefix="/api/v1", description="The hosts that are called, and their budgets"
)


@blueprint.route("/upstreams")
class Upstreams(MethodView):
    """The hosts that are called."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(
        200,
        schemas.UpstreamsPage,
        description="One page",
        example="rate_limits/upstreams",
    )
    @blueprint.problems(InvalidRequest)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """List upstreams, those that were called last first."""
        return json_response(answers.upstreams(query))


@blueprint.route("/upstreams/<host>")
class OneUpstream(MethodView):
    """One host."""

    @blueprint.response(200, schemas.UpstreamSchema, description="The upstream", example="rate_limits/upstream")
    @blueprint.problems(NotFound)
    @blueprint.needs("read")
    def get(self, host: str) -> Response:
        """One upstream: its budget, requests, failures, latency, breaker, and when it may be called again."""
        return json_response(answers.upstream(host))
