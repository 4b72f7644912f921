"""`/api/v1/upstreams`: the hosts that are called, how often they may be called, and how they answer."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import InvalidRequest, NotFound
from inventory.rate_limits import documents, schemas
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery, json_page
from inventory.web_api.responses import json_response

blueprint = Blueprint(
    "upstreams", __name__, url_prefix="/api/v1", description="The hosts that are called, and their budgets"
)

UPSTREAM: dict[str, Any] = {
    "host": "example.com",
    "shared": True,
    "budget": {"rate": 10.0, "burst": 4, "concurrency": 4, "in_use": 0},
    "requests": 1234,
    "failures": 9,
    "put_off": 210,
    "latency": {"answers": 771, "mean_ms": 84.2, "p50_ms": 61.5, "p95_ms": 213.0, "p99_ms": 388.4},
    "breaker": {"state": "open", "failures_in_a_row": 5, "openings": 1, "open_until": "2026-01-31T12:00:10.000Z"},
    "paused_until": None,
    "callable_at": "2026-01-31T12:00:10.000Z",
    "asked_at": "2026-01-31T12:00:00.123Z",
}


@blueprint.route("/upstreams")
class Upstreams(MethodView):
    """The hosts that are called."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(
        200,
        schemas.UpstreamsPage,
        description="One page",
        example={"upstreams": [UPSTREAM], "next_cursor": "MTc2OTg2MDgwMDAwMCBleGFtcGxlLmNvbQ=="},
    )
    @blueprint.problems(InvalidRequest)
    def get(self, query: dict[str, Any]) -> Response:
        """List upstreams, those that were called last first."""
        document = partial(documents.upstream_document, now=services().upstreams.clock())
        return json_page("upstreams", query, services().upstreams.listing, document, attrgetter("listed_at", "host"))


@blueprint.route("/upstreams/<host>")
class OneUpstream(MethodView):
    """One host."""

    @blueprint.response(200, schemas.UpstreamSchema, description="The upstream", example=UPSTREAM)
    @blueprint.problems(NotFound)
    def get(self, host: str) -> Response:
        """One upstream: its budget, requests, failures, latency, breaker, and when it may be called again."""
        return json_response(documents.upstream_document(services().upstreams.find(host), services().upstreams.clock()))
