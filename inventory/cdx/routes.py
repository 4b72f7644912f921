"""`/cdx`: the index of captures, as programs ask the Wayback Machine or pywb for it."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.urls import iri_to_uri

from inventory.cdx import answers
from inventory.cdx.schemas import CdxQuery
from inventory.errors import (
    CredentialsInUrl,
    InvalidRequest,
    InvalidUrl,
    StorageUnavailable,
    TooManyRequests,
    UnsupportedScheme,
    UrlTooLong,
)
from inventory.web_api.blueprint import Blueprint

blueprint = Blueprint("cdx", __name__, url_prefix="/cdx", description="The index of captures (CDX)")

PROBLEMS = (InvalidRequest, InvalidUrl, UnsupportedScheme, CredentialsInUrl, UrlTooLong, TooManyRequests, StorageUnavailable)


@blueprint.route("")
class Captures(MethodView):
    """When which URLs were seen, and what they answered."""

    @blueprint.arguments(CdxQuery, location="query")
    @blueprint.response(
        200,
        {"type": "string"},
        content_type="text/plain",
        description="A capture a line, nothing if there is none. With more than 10,000, or after two seconds, the header"
        " Link has the address of the next page",
        example="cdx/lines",
    )
    @blueprint.problems(*PROBLEMS)
    @blueprint.needs("read", limited=True, counted="lookups", action="cdx.read")
    def get(self, query: dict[str, Any]) -> Response:
        """List captures of a URL, of those that begin so, of a host or of a domain, by URL and time.

        docs/archives.md says what is in which field. Nothing is collected for it.
        """
        answer = answers.captures(query)
        response = Response(answer.text, mimetype=answer.media_type)
        if answer.resume_key is not None:
            response.headers["Link"] = f'<{_with_key(answer.resume_key)}>; rel="next"'
        return response


def _with_key(resume_key: str) -> str:
    """The address of this request with another key."""
    sent = [part for part in request.query_string.decode("ascii", "replace").split("&") if not part.startswith("resumeKey=")]
    return iri_to_uri(f"{request.base_url}?{'&'.join([*sent, f'resumeKey={resume_key}'])}")
