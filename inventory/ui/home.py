"""`/`: the home page."""

from __future__ import annotations

from flask import Blueprint, Response, request

from inventory.hosts import bracketed, read_authority
from inventory.services import services
from inventory.ui.pages import page
from inventory.web_api import needs
from inventory.web_api.needs import PUBLIC

blueprint = Blueprint("home", __name__, template_folder="templates")


@blueprint.get("/")
@needs.needs(PUBLIC)
def home() -> Response:
    """A page that links to the documentation and the queue."""
    authority = read_authority(request.headers["Host"])
    hostname = bracketed(authority.host if authority else "127.0.0.1")
    queue_url = f"http://{hostname}:{services().settings.dashboard_port}/"
    return page("home.html", queue_url=queue_url, root=f"{request.scheme}://{request.headers['Host']}/")
