"""`/api/v1/metadata` and `/bodies`: look up, collect and delete what webpages serve."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, request, url_for
from flask.views import MethodView

from inventory.errors import (
    CollectionFailed,
    CollectionTimedOut,
    CredentialsInUrl,
    ForbiddenAddress,
    ForeignOrigin,
    InvalidRequest,
    InvalidUrl,
    NotFound,
    NotInInventory,
    StorageUnavailable,
    UnsupportedScheme,
    UrlTooLong,
)
from inventory.history.model import LookupOutcome
from inventory.records.model import Target
from inventory.records.service import LookupResult
from inventory.services import services
from inventory.web_api import pagination, same_origin, security_headers
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response
from inventory.webpages import documents, examples, schemas

blueprint = Blueprint("metadata", __name__, url_prefix="/api/v1", description="What webpages serve")

SOURCE = "webpage"
LONGEST_WAIT = 30
URL_PROBLEMS = (InvalidRequest, InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress)
COLLECTION_PROBLEMS = (CollectionFailed, CollectionTimedOut)
PENDING = {
    "schema": schemas.PendingSchema,
    "description": "Accepted, durably; Location and Retry-After say where and when to ask again",
    "example": examples.PENDING,
    "success": True,
}


@blueprint.route("/metadata")
class Metadata(MethodView):
    """One webpage."""

    @blueprint.headers(schemas.Prefer)
    @blueprint.arguments(schemas.CollectBody, example={"url": "https://example.com/"})
    @blueprint.response(
        200, schemas.RecordSchema, description="It was known and is collected again", example=examples.RECORD
    )
    @blueprint.alt_response(
        201, schema=schemas.RecordSchema, description="It is new and collected", example=examples.RECORD, success=True
    )
    @blueprint.alt_response(202, **PENDING)
    @blueprint.problems(*URL_PROBLEMS, *COLLECTION_PROBLEMS, ForeignOrigin, NotInInventory, StorageUnavailable, 413, 415)
    def post(self, body: dict[str, Any]) -> Response:
        """Collect a URL now, or accept it with `Prefer: respond-async` or while all inline slots are taken."""
        target = services().records.collectable(SOURCE, body["url"])
        if "respond-async" in _preferences():
            return _pending(services().records.collect_soon(target), applied="respond-async")
        answer = services().records.collect_now(target)
        if not answer.ready:
            return _pending(answer)
        response = json_response(
            documents.record_document(answer.known, stale=False, chosen=None), 201 if answer.created else 200
        )
        response.headers["Location"] = _location(answer)
        return response

    @blueprint.headers(schemas.Prefer)
    @blueprint.arguments(schemas.LookupQuery, location="query")
    @blueprint.response(200, schemas.RecordSchema, description="Known", example=examples.RECORD)
    @blueprint.alt_response(202, **PENDING)
    @blueprint.alt_response(304, description="Known, and as If-None-Match has it", success=True)
    @blueprint.problems(*URL_PROBLEMS, *COLLECTION_PROBLEMS, NotInInventory, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """Look a URL up; a miss is accepted for collection and answered at once, or held with `Prefer: wait=N`.

        For a page of another site nothing is accepted, held or refreshed: it is answered as with `collect=false`.
        """
        target = services().records.target(SOURCE, query["url"])
        if same_origin.FOREIGN in request.environ:
            return _without_effect(target, query)
        try:
            response, outcome = _look_up(target, query)
        except CollectionFailed:
            services().history.note(target, LookupOutcome.FAILED)
            raise
        except NotInInventory:
            services().history.note(target, LookupOutcome.MISS)
            raise
        services().history.note(target, outcome)
        return response

    @blueprint.arguments(schemas.TargetQuery, location="query")
    @blueprint.response(204, description="Record, snapshots and unshared bodies are gone")
    @blueprint.problems(*URL_PROBLEMS, ForeignOrigin, NotInInventory, StorageUnavailable)
    def delete(self, query: dict[str, Any]) -> Response:
        """Forget a URL: its record, snapshots and unshared bodies."""
        services().records.delete(services().records.target(SOURCE, query["url"]))
        return Response(status=204)


@blueprint.route("/metadata/snapshots")
class Snapshots(MethodView):
    """The snapshots of one webpage."""

    @blueprint.arguments(schemas.SnapshotsQuery, location="query")
    @blueprint.response(200, schemas.SnapshotsPage, description="One page", example=examples.SNAPSHOTS)
    @blueprint.problems(*URL_PROBLEMS, NotInInventory, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """List a URL's snapshots, newest first, without page source."""
        target, limit = services().records.target(SOURCE, query["url"]), query["limit"]
        rows = services().records.snapshots(target, limit=limit + 1, after=query["cursor"])
        shown, next_cursor = pagination.page(rows, limit, lambda row: (row.collected_at, row.id))
        shots = [documents.snapshot_document(target, row) for row in shown]
        return json_response({"snapshots": shots, "next_cursor": next_cursor})


@blueprint.route("/metadata/snapshots/<snapshot_id>")
class OneSnapshot(MethodView):
    """One snapshot."""

    @blueprint.response(200, schemas.SnapshotWithSourceSchema, description="The snapshot", example=examples.SNAPSHOT)
    @blueprint.problems(NotFound, StorageUnavailable)
    def get(self, snapshot_id: str) -> Response:
        """One snapshot, whole."""
        target, snapshot, body = services().records.snapshot(snapshot_id)
        if target.source != SOURCE:
            raise NotFound(f"There is no snapshot {snapshot_id} of a webpage.")
        return json_response(documents.whole_snapshot(target, snapshot, body))


@blueprint.route("/bodies/<sha256>")
class Bodies(MethodView):
    """Page sources."""

    @blueprint.response(
        200,
        {"type": "string", "format": "binary"},
        content_type="application/octet-stream",
        description="The bytes as they were received",
    )
    @blueprint.problems(NotFound, StorageUnavailable)
    def get(self, sha256: str) -> Response:
        """The bytes of a page source, as an attachment that no browser renders from this origin."""
        response = Response(services().records.body(sha256), mimetype="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="{sha256}"'
        response.headers[security_headers.POLICY] = security_headers.BODY
        return response


def _without_effect(target: Target, query: dict[str, Any]) -> Response:
    """The answer to a page of another site: what is known, with nothing collected, waited for or noted."""
    try:
        return _look_up(target, query | {"collect": False}, hold=False)[0]
    except NotInInventory as error:
        raise NotInInventory(f"Nothing is known of {target.key}. {same_origin.NOT_COLLECTED}") from error


def _look_up(target: Target, query: dict[str, Any], *, hold: bool = True) -> tuple[Response, LookupOutcome]:
    look_up = partial(services().records.look_up, target, max_age=query.get("max_age"), collect=query["collect"])
    chosen = frozenset(query["fields_"]) if "fields_" in query else None
    if request.if_none_match:
        answer = look_up(contents=False)
        if unchanged := _not_modified(answer, chosen):
            return unchanged, _outcome(answer)
    answer = look_up()
    if answer.ready:
        return _known(answer, chosen), _outcome(answer)
    seconds = _wait_seconds(_preferences()) if hold else 0
    if seconds:
        answer = services().records.wait(answer, seconds)
    applied = f"wait={seconds}" if seconds else None
    return _known(answer, chosen) if answer.ready else _pending(answer, applied=applied), LookupOutcome.MISS


def _outcome(answer: LookupResult) -> LookupOutcome:
    return LookupOutcome.STALE if answer.stale else LookupOutcome.HIT


def _known(answer: LookupResult, chosen: frozenset[str] | None) -> Response:
    response = json_response(documents.record_document(answer.known, stale=answer.stale, chosen=chosen))
    etag = documents.etag(answer.record, stale=answer.stale, chosen=chosen)
    response.headers.update(documents.validators(answer.record, etag, services().records.clock()))
    return response


def _not_modified(answer: LookupResult, chosen: frozenset[str] | None) -> Response | None:
    """304 if the caller has what would be answered."""
    etag = documents.etag(answer.record, stale=answer.stale, chosen=chosen)
    if answer.record.snapshot_id is None or not request.if_none_match.contains_weak(etag):
        return None
    response = Response(status=304)
    response.headers.update(documents.unchanged(answer.record, etag, services().records.clock()))
    return response


def _pending(answer: LookupResult, *, applied: str | None = None) -> Response:
    document = documents.pending_document(answer.record, services().records.clock())
    response = json_response(document, 202)
    response.headers["Retry-After"] = str(document["poll_after"])
    response.headers["Location"] = _location(answer)
    if applied:
        response.headers["Preference-Applied"] = applied
    return response


def _location(answer: LookupResult) -> str:
    return url_for("metadata.Metadata", url=answer.record.target.key)


def _preferences() -> dict[str, str]:
    """The preferences of RFC 7240, names in lower case; what this API does not know or cannot read is ignored."""
    parts = (part.partition(";")[0].partition("=") for part in request.headers.get("Prefer", "").split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in parts}


def _wait_seconds(preferences: dict[str, str]) -> int:
    text = preferences.get("wait", "")
    return min(int(text), LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 10 else 0
