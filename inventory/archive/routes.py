"""`/api/v1/archive.warc.gz`: what is stored, in the format of web archives."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.archive import answers
from inventory.archive.schemas import ArchiveQuery
from inventory.clock import rfc3339
from inventory.errors import (
    CredentialsInUrl,
    ForbiddenAddress,
    InvalidQuery,
    InvalidRequest,
    InvalidUrl,
    NotInInventory,
    QueryTooBroad,
    StorageUnavailable,
    TooManyRequests,
    TooManyStreams,
    UnsupportedScheme,
    UrlTooLong,
)
from inventory.jobs.responses import download
from inventory.services import services
from inventory.web_api.blueprint import Blueprint

blueprint = Blueprint("archive", __name__, url_prefix="/api/v1", description="Web archives (WARC) of what is stored")

MEDIA_TYPE = "application/gzip"
URL_PROBLEMS = (InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, ForbiddenAddress, NotInInventory)
QUERY_PROBLEMS = (InvalidRequest, InvalidQuery, QueryTooBroad, TooManyRequests)


@blueprint.route("/archive.warc.gz")
class Archive(MethodView):
    """What is stored, as a file for programs that read web archives."""

    @blueprint.arguments(ArchiveQuery, location="query")
    @blueprint.response(
        200,
        {"type": "string", "format": "binary"},
        content_type=MEDIA_TYPE,
        description="WARC 1.1, each record a member of gzip. A file whose connection ended before the end of the response is"
        " not whole",
    )
    @blueprint.problems(*QUERY_PROBLEMS, *URL_PROBLEMS, TooManyStreams, StorageUnavailable)
    @blueprint.needs("export", limited=True, action="archive.read")
    def get(self, query: dict[str, Any]) -> Response:
        """Send the snapshots of a webpage, or the current one of each webpage that a query matches, as WARC 1.1.

        docs/archives.md says what is in it. If the inventory cannot go on, it ends the connection before the end of the
        response, which clients report as an error.
        """
        content = answers.archive(query)
        return download(content, MEDIA_TYPE, f"archive-{rfc3339(services().records.clock()).replace(':', '')}.warc.gz")
