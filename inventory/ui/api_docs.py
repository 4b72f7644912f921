"""`/docs/`: Swagger UI. Its page is ours, because that of flask-swagger-ui has an inline script, which our policy stops."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory

from inventory.ui.pages import page
from inventory.web_api import needs
from inventory.web_api.needs import PUBLIC

blueprint = Blueprint("api_docs", __name__, template_folder="templates")

SWAGGER_FILES = Path(flask_swagger_ui.__file__).with_name("dist")
SWAGGER_SOURCES = " 'self'; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'unsafe-inline'"
"""What Swagger UI needs beyond the policy of our pages: it loads scripts, and writes styles into the page."""


@blueprint.get("/docs/")
@needs.needs(PUBLIC)
def swagger_ui() -> Response:
    """Swagger UI, in which requests can be tried."""
    return page("docs.html", also=SWAGGER_SOURCES, forms="'none'")


@blueprint.get("/docs/<path:path>")
@needs.needs(PUBLIC)
def swagger_ui_file(path: str) -> Response:
    """A script or a style of it."""
    return swagger_ui() if path == "index.html" else send_from_directory(SWAGGER_FILES, path)
