"""`/api/v1/metadata`, `/bodies` and `/certificates`: look up, collect and delete what webpages serve."""

from __future__ import annotations

from functools import partial
from ssl import DER_cert_to_PEM_cert
from typing import Any

from flask import Response, request
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
from inventory.http_client.certificate import is_certificate
from inventory.services import services
from inventory.web_api import same_origin, security_headers, work
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response
from inventory.web_api.target_query import TargetQuery
from inventory.webpages import answers, documents, schemas
from inventory.webpages.lookup import LookupResponse, location, pending

blueprint = Blueprint("metadata", __name__, url_prefix="/api/v1", description="What webpages serve")

DER, PEM = "application/pkix-cert", "application/x-pem-file"
MAX_WAIT = 30
"""Seconds."""
URL_PROBLEMS = (InvalidRequest, InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress)
COLLECTION_PROBLEMS = (CollectionFailed, CollectionTimedOut)
PENDING = {
    "schema": schemas.PendingSchema,
    "description": "Accepted durably; Location and Retry-After say where and when to ask again",
    "example": "webpages/pending",
    "success": True,
}


@blueprint.route("/metadata")
class Metadata(MethodView):
    """One webpage."""

    @blueprint.headers(schemas.Prefer)
    @blueprint.arguments(schemas.CollectBody, example={"url": "https://example.com/"})
    @blueprint.response(
        200, schemas.RecordSchema, description="The URL was known; it was collected again", example="webpages/record"
    )
    @blueprint.alt_response(
        201,
        schema=schemas.RecordSchema,
        description="The URL was new; it was collected",
        example="webpages/record",
        success=True,
    )
    @blueprint.alt_response(202, **PENDING)
    @blueprint.problems(*URL_PROBLEMS, *COLLECTION_PROBLEMS, ForeignOrigin, NotInInventory, StorageUnavailable, 413, 415)
    @blueprint.needs("collect", limited=True, action="metadata.collect")
    def post(self, body: dict[str, Any]) -> Response:
        """Collect a URL now, or accept it with `Prefer: respond-async` or while all inline slots are taken."""
        now, mounted_at = services().records.clock, request.environ["SCRIPT_NAME"]
        if "respond-async" in _preferences():
            return _flask(pending(answers.collect_soon(body["url"]), now(), mounted_at, applied="respond-async"))
        room = services().inline.room()
        result = services().inline.collect(answers.collectable(body["url"]), room)
        if not result.ready:
            return _flask(pending(result, now(), mounted_at))
        work.note(begun=True)
        response = json_response(documents.record_document(result.found, stale=False), 201 if result.created else 200)
        response.headers["Location"] = location(result.record, mounted_at)
        response.call_on_close(partial(room.keep, 0))
        return response

    @blueprint.headers(schemas.Prefer)
    @blueprint.arguments(schemas.LookupQuery, location="query")
    @blueprint.response(200, schemas.RecordSchema, description="The record, fresh or stale", example="webpages/record")
    @blueprint.alt_response(202, **PENDING)
    @blueprint.alt_response(304, description="Unchanged: If-None-Match has the ETag of the record", success=True)
    @blueprint.problems(*URL_PROBLEMS, *COLLECTION_PROBLEMS, NotInInventory, StorageUnavailable)
    @blueprint.needs("read", limited=True, effect="collect")
    def get(self, query: dict[str, Any]) -> Response:
        """Look a URL up. A miss is accepted for collection and answered at once, or held with `Prefer: wait=N`.

        A page of another site is answered as with `collect=false`, and at once; so is a caller who may not collect.
        """
        response = answers.lookup(
            query,
            why=request.environ.get(same_origin.WITHOUT_EFFECT),
            mounted_at=request.environ["SCRIPT_NAME"],
            if_none_match=request.if_none_match,
            wait=_wait_seconds(_preferences()),
        )
        return _flask(response)

    @blueprint.arguments(TargetQuery, location="query")
    @blueprint.response(204, description="Record, snapshots and unshared bodies are gone")
    @blueprint.problems(*URL_PROBLEMS, ForeignOrigin, NotInInventory, StorageUnavailable)
    @blueprint.needs("delete", limited=True)
    def delete(self, query: dict[str, Any]) -> Response:
        """Forget a URL: its record, snapshots and unshared bodies."""
        answers.delete(query["url"])
        return Response(status=204)


@blueprint.route("/metadata/tags")
class Tags(MethodView):
    """The labels of one URL."""

    @blueprint.arguments(schemas.TagsBody, example={"url": "https://example.com/", "tags": ["prod", "team: payments"]})
    @blueprint.response(200, schemas.TagsSchema, description="The labels that it has now", example="webpages/tags")
    @blueprint.problems(*URL_PROBLEMS, ForeignOrigin, NotInInventory, StorageUnavailable, 413, 415)
    @blueprint.needs("import", limited=True, action="metadata.tag")
    def put(self, body: dict[str, Any]) -> Response:
        """Give a URL labels, in place of those it has; with none it has none any more. Queries find them as `tag`."""
        return json_response(answers.tag(body))


@blueprint.route("/metadata/snapshots")
class Snapshots(MethodView):
    """The snapshots of one webpage."""

    @blueprint.arguments(schemas.SnapshotsQuery, location="query")
    @blueprint.response(200, schemas.SnapshotsPage, description="One page", example="webpages/snapshots")
    @blueprint.problems(*URL_PROBLEMS, NotInInventory, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any]) -> Response:
        """List a URL's snapshots, newest first, without page source."""
        return json_response(answers.snapshots(query))


@blueprint.route("/metadata/snapshots/<snapshot_id>")
class OneSnapshot(MethodView):
    """One snapshot."""

    @blueprint.response(200, schemas.SnapshotWithSourceSchema, description="The snapshot", example="webpages/snapshot")
    @blueprint.problems(NotFound, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, snapshot_id: str) -> Response:
        """One snapshot, whole."""
        return json_response(answers.snapshot(snapshot_id))


@blueprint.route("/bodies/<sha256>")
class Bodies(MethodView):
    """Page sources."""

    @blueprint.response(
        200,
        {"type": "string", "format": "binary"},
        content_type="application/octet-stream",
        description="The bytes of a page source without its content codings, or of one as it was sent (`body.wire`)",
    )
    @blueprint.problems(NotFound, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, sha256: str) -> Response:
        """The bytes of a page source, as an attachment that no browser renders from this origin."""
        if not _may_read_body(sha256):
            raise NotFound(f"There is no body with the SHA-256 {sha256}.")
        return _attachment(services().snapshots.body(sha256), "application/octet-stream", sha256)


@blueprint.route("/certificates/<sha256>")
class Certificates(MethodView):
    """Certificates of webpages."""

    @blueprint.arguments(schemas.CertificateQuery, location="query")
    @blueprint.response(
        200,
        {"type": "string", "format": "binary"},
        content_type=DER,
        description="The certificate in DER, or in PEM (application/x-pem-file)",
    )
    @blueprint.problems(InvalidRequest, NotFound, StorageUnavailable)
    @blueprint.needs("read", limited=True)
    def get(self, query: dict[str, Any], sha256: str) -> Response:
        """A certificate that was seen, by its fingerprint: `response.tls.sha256` of a record whose `tls` has a `size`."""
        kept = services().snapshots.attachment(sha256) if _may_read_some_with(sha256) else None
        if kept is None or not is_certificate(kept):
            raise NotFound(f"No certificate with the SHA-256 {sha256} is kept.")
        if query["format_"] == "pem":
            return _attachment(DER_cert_to_PEM_cert(kept), PEM, f"{sha256}.pem")
        return _attachment(kept, DER, f"{sha256}.cer")


def _attachment(content: bytes | str, media_type: str, name: str) -> Response:
    """What others sent, as a file that no browser renders from this origin."""
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers[security_headers.POLICY] = security_headers.BODY
    return response


def _may_read_body(sha256: str) -> bool:
    """Whether a target within the caller's limits has a snapshot with this body: the latest one, as indexed, or any."""
    limits = services().limits.of("read")
    return limits is None or services().search.is_shown("body.sha256", sha256, limits) or _may_read_some_with(sha256)


def _may_read_some_with(sha256: str) -> bool:
    """Whether a target within the caller's limits has a snapshot with these bytes.

    The index cannot tell that of a certificate: an imported snapshot may name any fingerprint without having the bytes.
    """
    if services().limits.of("read") is None:
        return True
    return services().limits.admit_any("read", services().snapshots.targets_of_body(sha256))


def _flask(response: LookupResponse) -> Response:
    work.note(begun=response.begun)
    return Response(response.body, response.status, response.headers)


def _preferences() -> dict[str, str]:
    """The preferences of RFC 7240, names in lower case; unknown and malformed ones are ignored."""
    parts = (part.partition(";")[0].partition("=") for part in request.headers.get("Prefer", "").split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in parts}


def _wait_seconds(preferences: dict[str, str]) -> int:
    text = preferences.get("wait", "")
    return min(int(text), MAX_WAIT) if text.isascii() and text.isdigit() and len(text) < 10 else 0
