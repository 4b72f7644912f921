"""`/docs/`: Swagger UI on the OpenAPI document, served by us.

The page is ours, because that of flask-swagger-ui has an inline script, which our Content-Security-Policy stops.
"""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory

from inventory.ui.pages import page

blueprint = Blueprint("docs", __name__, url_prefix="/docs", template_folder="templates")

FILES = Path(flask_swagger_ui.__file__).with_name("dist")
SWAGGER_SOURCES = " 'self'; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'unsafe-inline'"
"""What Swagger UI needs beyond the policy of our pages: it loads scripts, and writes styles into the page."""


@blueprint.get("/")
def swagger_ui() -> Response:
    """The documentation of the API, in which requests can be tried."""
    return page("docs.html", also=SWAGGER_SOURCES)


@blueprint.get("/<path:path>")
def swagger_ui_file(path: str) -> Response:
    """A script or a style of it."""
    return swagger_ui() if path == "index.html" else send_from_directory(FILES, path)
