"""`/docs/`: Swagger UI on the OpenAPI document, served by us.

The page of flask-swagger-ui has a script in it that a policy without `unsafe-inline` stops, so the page is ours.
"""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory

from inventory.ui.pages import page

blueprint = Blueprint("docs", __name__, url_prefix="/docs", template_folder="templates")

FILES = Path(flask_swagger_ui.__file__).with_name("dist")
ITS_OWN = " 'self'; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'unsafe-inline'"
"""What Swagger UI does besides: it loads its scripts, and writes styles into the page."""


@blueprint.get("/")
def swagger_ui() -> Response:
    """The documentation, to read and to try."""
    return page("docs.html", also=ITS_OWN)


@blueprint.get("/<path:path>")
def swagger_ui_file(path: str) -> Response:
    """A script or a style of it."""
    return swagger_ui() if path == "index.html" else send_from_directory(FILES, path)
