"""`/healthz`, `/readyz` and `/metrics`, for an orchestrator and for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Response, jsonify
from marshmallow import Schema, fields

from inventory.errors import NoRoomToOpen, StorageFull, StorageUnavailable, UnusableStore
from inventory.ops import metrics
from inventory.ops.write_probe import STORE_TIMEOUT
from inventory.services import Services, services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.needs import PUBLIC

log = structlog.get_logger(__name__)

blueprint = Blueprint("operations", __name__, description="Liveness, readiness and metrics")

OBSTACLES: Mapping[type[StorageUnavailable], str] = {
    UnusableStore: "cannot be used; the log says why",
    NoRoomToOpen: "cannot be opened, and nothing can be accepted: no room on its disk",
}
"""The answer for a store that is there but cannot be used."""
MAX_UNINDEXED = 10_000
"""Up to which it is counted how many records are unindexed, so that each probe is cheap."""
UNAVAILABLE, OK = "unavailable", "ok"
READY: dict[str, Any] = {"status": "ready", "checks": {"store": "ok", "queue": "ok"}, "indexing": {"unindexed": 0}}


class HealthSchema(Schema):
    """The process lives."""

    status = fields.String(required=True)


class IndexingSchema(Schema):
    """Records that searches do not find yet as they are; the scheduler goes on with them."""

    unindexed = fields.Integer(
        required=True, metadata={"description": f"How many they are; {MAX_UNINDEXED} means that many or more."}
    )


class ReadinessSchema(HealthSchema):
    """Whether lookups can be answered: `ready`, `unavailable`, or `degraded`.

    Degraded means one of two things. The queue is away or refuses writes, so what is accepted waits. Or the store has no
    room, so known targets are answered and nothing is accepted.
    """

    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    indexing = fields.Nested(IndexingSchema, metadata={"description": "Absent where the store cannot tell."})


@blueprint.route("/healthz")
@blueprint.response(200, HealthSchema, description="The process runs; nothing else was checked", example={"status": "alive"})
@blueprint.problems()
@blueprint.needs(PUBLIC)
def healthz() -> Response:
    """Whether the process runs."""
    return jsonify(status="alive")


@blueprint.route("/readyz")
@blueprint.response(
    200,
    ReadinessSchema,
    description="Ready, or degraded: a dead queue delays work; a full store answers what it knows and accepts nothing."
    " `indexing` tells how many records are to be indexed",
    example=READY,
)
@blueprint.alt_response(
    503,
    schema=ReadinessSchema,
    description="The store does not answer",
    example={"status": "unavailable", "checks": {"store": "no answer within 1 s", "queue": "ok"}},
)
@blueprint.problems()
@blueprint.needs(PUBLIC)
def readyz() -> Response:
    """Whether the store answers and the queue takes writes, and how much is to be indexed."""
    document = readiness(services())
    response = jsonify(document)
    response.status_code = 503 if document["status"] == UNAVAILABLE else 200
    return response


def readiness(wired: Services) -> dict[str, Any]:
    """What `/readyz` answers: whether store and queue are ready, or why not."""
    checks = {"store": OK, "queue": wired.notifier.obstacle() or OK}
    try:
        wired.store.ping(STORE_TIMEOUT)
        wired.write_probe.check()
    except StorageFull as error:
        checks["store"] = f"answers, but nothing can be accepted: {error.reason}"
    except StorageUnavailable as error:
        log.warning("store_not_ready", error=str(error))
        checks["store"] = OBSTACLES.get(type(error), f"no answer within {STORE_TIMEOUT:g} s")
        return {"status": UNAVAILABLE, "checks": checks}
    status = "ready" if set(checks.values()) == {OK} else "degraded"
    return {"status": status, "checks": checks, **_indexing(wired)}


def _indexing(wired: Services) -> dict[str, Any]:
    """How much is to be indexed, which does not make the service less ready."""
    try:
        return {"indexing": {"unindexed": wired.store.observations.count_unindexed(up_to=MAX_UNINDEXED)}}
    except StorageUnavailable:
        return {}


@blueprint.route("/metrics")
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="Requests by route, what is due, wake-ups, workers and upstreams, in Prometheus's text format",
    example="ops/metrics",
)
@blueprint.problems()
@blueprint.needs("read")
def scrape() -> Response:
    """The metrics of all API processes together, whichever answers."""
    text, media_type = metrics.exposition(services())
    return Response(text, content_type=media_type)
