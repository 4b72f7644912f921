"""`/healthz`, `/readyz` and `/metrics`: what an orchestrator and Prometheus ask."""

from __future__ import annotations

from typing import Any, cast

import structlog
from flask import Response, current_app, jsonify
from marshmallow import Schema, fields

from inventory.api import Blueprint
from inventory.errors import StorageUnavailable
from inventory.ops import metrics
from inventory.wiring import Services

log = structlog.get_logger(__name__)

blueprint = Blueprint("operations", __name__, description="Is it alive, can it serve, how much does it do")

STORE_TIMEOUT = 1.0
READY: dict[str, Any] = {"status": "ready", "checks": {"store": "ok", "queue": "ok"}}


class HealthSchema(Schema):
    """The process lives."""

    status = fields.String(required=True)


class ReadinessSchema(HealthSchema):
    """Whether lookups can be answered: `ready`, `degraded` (the queue is away or refuses writes: what is accepted waits) or
    `unavailable`."""

    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


@blueprint.route("/healthz")
@blueprint.response(200, HealthSchema, description="The process lives; nothing else was asked", example={"status": "alive"})
@blueprint.problems()
def healthz() -> Response:
    """Whether the process lives."""
    return jsonify(status="alive")


@blueprint.route("/readyz")
@blueprint.response(200, ReadinessSchema, description="Ready, or degraded: a dead queue delays work, no more", example=READY)
@blueprint.alt_response(
    503,
    schema=ReadinessSchema,
    description="The store does not answer",
    example={"status": "unavailable", "checks": {"store": "no answer within 1 s", "queue": "ok"}},
)
@blueprint.problems()
def readyz() -> Response:
    """Whether the store answers and the queue takes writes."""
    services = cast(Services, current_app.extensions["inventory"])
    checks = {"store": "ok", "queue": services.queue.obstacle() or "ok"}
    try:
        services.store.ping(STORE_TIMEOUT)
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
        checks["store"] = f"no answer within {STORE_TIMEOUT:g} s"
        response = jsonify(status="unavailable", checks=checks)
        response.status_code = 503
        return response
    return jsonify(status="ready" if checks["queue"] == "ok" else "degraded", checks=checks)


@blueprint.route("/metrics")
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="Requests by route, what is due, bells, workers and upstreams, in Prometheus's text format",
    example='inventory_up{part="store"} 1.0\n',
)
@blueprint.problems()
def scrape() -> Response:
    """What Prometheus scrapes: of all API processes together, whichever answers."""
    text, media_type = metrics.exposition(cast(Services, current_app.extensions["inventory"]))
    return Response(text, content_type=media_type)
