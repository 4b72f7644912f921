"""`/api/v1/imports`: a file becomes a job."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request
from flask.views import MethodView

from inventory.access.current import owner
from inventory.errors import (
    ForeignOrigin,
    InvalidFile,
    InvalidRequest,
    StorageUnavailable,
    TooManyUploads,
    UnsupportedFile,
    UploadTooLarge,
)
from inventory.imports import schemas
from inventory.imports.lookups import FRESH_FOR, LABELS
from inventory.imports.multipart import OVERHEAD, upload_of
from inventory.imports.service import ImportRequest
from inventory.jobs.responses import accepted, accepts_job
from inventory.labels import read_labels
from inventory.services import services
from inventory.web_api.blueprint import Blueprint

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1", description="Files that become jobs")

KEY = re.compile(r"[\x20-\x7e]{1,128}")
BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "A file of a type that the kind takes, or one gzipped, with `.gz` after its name."
                        " At most INVENTORY_UPLOAD_LIMIT bytes.",
                    }
                },
                "additionalProperties": False,
            },
            "example": {"file": "url,note\nhttps://example.com/,first\n"},
        }
    },
}


@blueprint.route("/imports")
class Imports(MethodView):
    """Files that become jobs."""

    @blueprint.headers(schemas.IdempotencyKey)
    @blueprint.arguments(schemas.ImportQuery, location="query")
    @blueprint.doc(requestBody=BODY)
    @accepts_job(blueprint, "jobs/queued")
    @blueprint.problems(
        InvalidRequest, ForeignOrigin, InvalidFile, UploadTooLarge, UnsupportedFile, TooManyUploads, StorageUnavailable
    )
    @blueprint.needs("import", limited=True, counted="imports")
    def post(self, query: dict[str, Any]) -> Response:
        """Import a file: each of its rows is worked on as part of a job, whose progress can be followed.

        Rows beyond the limits of the key are rejected with the code `out_of_scope`.

        While a job is unfinished, the same bytes, kind and options answer that job; the same `Idempotency-Key` always does.
        """
        if LABELS in query:
            query[LABELS] = list(read_labels(LABELS, query[LABELS]))
        if FRESH_FOR in query:  # JSON-ready, because the job keeps it
            query[FRESH_FOR] = int(query[FRESH_FOR].total_seconds())
        import_request = ImportRequest(query.pop("kind"), query, _key(), services().limits.of("import"))
        services().imports.check(import_request)
        _limit_body(services().imports.upload_limit)
        with services().imports.slots.take(getattr(request.environ.get("gunicorn.socket"), "speed", None)):
            upload = upload_of(request.stream, request.headers.get("Content-Type", ""))
            return accepted(services().imports.accept(import_request, upload), services().imports.clock())


def _limit_body(limit: int) -> None:
    """Refuse a body whose announced length exceeds the limit; reading one fails where it exceeds the limit."""
    request.max_content_length = limit + OVERHEAD
    if (request.content_length or 0) > request.max_content_length:
        raise UploadTooLarge(f"The body is larger than {limit:,} bytes. Send the file in parts, or gzipped.")


def _key() -> str | None:
    """The Idempotency-Key, apart from those of other keys: nobody learns which ones they have used."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise InvalidRequest(
            "The Idempotency-Key cannot be used.", {"Idempotency-Key": ["Send 1 to 128 printable ASCII characters."]}
        )
    return f"{owner()}\n{key}" if key is not None and owner() else key
