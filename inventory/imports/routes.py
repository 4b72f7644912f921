"""`/api/v1/imports`: a file becomes a job, or is looked at before it does."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import (
    ForeignOrigin,
    InvalidFile,
    InvalidRequest,
    StorageUnavailable,
    TooManyUploads,
    UnsupportedFile,
    UploadTooLarge,
)
from inventory.imports import answers, schemas
from inventory.imports.receiving import import_request, received_form
from inventory.imports.sniffing import HEAD_BYTES
from inventory.jobs.responses import accepted, accepts_job
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1", description="Files that become jobs")


def _body(description: str) -> dict[str, Any]:
    file = {"type": "string", "format": "binary", "description": description}
    form = {"type": "object", "required": ["file"], "properties": {"file": file}, "additionalProperties": False}
    example = {"file": "url,note\nhttps://example.com/,first\n"}
    return {"required": True, "content": {"multipart/form-data": {"schema": form, "example": example}}}


WHOLE = _body(
    "A file of a type that the kind takes, or one gzipped, with `.gz` after its name. At most INVENTORY_UPLOAD_LIMIT bytes."
)
BEGINNING = _body(
    f"The first {HEAD_BYTES:,} bytes of such a file, or the whole of a smaller one, with its name: of fewer bytes each is"
    " taken for a whole file."
)


@blueprint.route("/imports")
class Imports(MethodView):
    """Files that become jobs."""

    @blueprint.headers(schemas.IdempotencyKey)
    @blueprint.arguments(schemas.ImportQuery, location="query")
    @blueprint.doc(requestBody=WHOLE)
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
        asked = import_request(query)
        services().imports.check(asked)
        with received_form() as form:
            return accepted(services().imports.accept(asked, form.upload), services().imports.clock())


@blueprint.route("/imports/preview")
class Preview(MethodView):
    """What files would become."""

    @blueprint.arguments(schemas.PreviewQuery, location="query")
    @blueprint.doc(requestBody=BEGINNING)
    @blueprint.response(200, schemas.PreviewSchema, description="What it would be imported as", example="imports/preview")
    @blueprint.problems(
        InvalidRequest, ForeignOrigin, InvalidFile, UploadTooLarge, UnsupportedFile, TooManyUploads, StorageUnavailable
    )
    @blueprint.needs("import", limited=True, action="import.preview")
    def post(self, query: dict[str, Any]) -> Response:
        """Recognise a file by its beginning, before it is imported: its format, columns, and first rows. Nothing is stored.

        Without `kind` it is recognised as the kind that fits it best. The answer to a file that cannot be imported so is
        that of the import; `columns` names the choices where `column` has to be sent.
        """
        asked = import_request(query)
        with received_form(preview=True) as form:
            return json_response(answers.preview(asked, form.upload))
