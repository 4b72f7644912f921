"""Pages for browsers: each runs its own scripts and uses its own styles only. Here are the home page and `/docs/`.

Swagger UI's page is ours, because that of flask-swagger-ui has an inline script, which our Content-Security-Policy stops.
"""

from __future__ import annotations

from pathlib import Path
from secrets import token_urlsafe

import flask_swagger_ui
from flask import Blueprint, Response, render_template, request, send_from_directory

from inventory.hosts import bracketed, read_authority
from inventory.services import services
from inventory.ui.visitors import visitor
from inventory.web_api import needs, security_headers
from inventory.web_api.needs import PUBLIC

blueprint = Blueprint("pages", __name__, template_folder="templates")

SWAGGER_FILES = Path(flask_swagger_ui.__file__).with_name("dist")
SWAGGER_SOURCES = " 'self'; style-src-elem 'self' 'unsafe-inline'; style-src-attr 'unsafe-inline'"
"""What Swagger UI needs beyond the policy of our pages: it loads scripts, and writes styles into the page."""


def page(template: str, status: int = 200, *, also: str = "", forms: str = "'none'", **members: object) -> Response:
    """A rendered template, which shows its `visitor`, and whose scripts and styles carry `nonce`.

    `also` is what its policy allows besides, and `forms` where its forms may be sent.
    """
    nonce = token_urlsafe(16)
    response = Response(render_template(template, nonce=nonce, visitor=visitor(), **members), status)
    response.headers.update(security_headers.of_page(nonce, also, forms))
    return response


@blueprint.get("/")
@needs.needs(PUBLIC)
def home() -> Response:
    """A page that links to the documentation and the queue."""
    authority = read_authority(request.headers["Host"])
    hostname = bracketed(authority.host if authority else "127.0.0.1")
    queue_url = f"http://{hostname}:{services().settings.dashboard_port}/"
    return page("home.html", queue_url=queue_url, root=f"{request.scheme}://{request.headers['Host']}/")


@blueprint.get("/docs/")
@needs.needs(PUBLIC)
def swagger_ui() -> Response:
    """Swagger UI, in which requests can be tried."""
    return page("docs.html", also=SWAGGER_SOURCES)


@blueprint.get("/docs/<path:path>")
@needs.needs(PUBLIC)
def swagger_ui_file(path: str) -> Response:
    """A script or a style of it."""
    return swagger_ui() if path == "index.html" else send_from_directory(SWAGGER_FILES, path)
