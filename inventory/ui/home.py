"""The home page: what this is, and where to go from here."""

from __future__ import annotations

from flask import Blueprint, Response, request

from inventory.hosts import bracketed, read_authority
from inventory.services import services
from inventory.ui.pages import page

blueprint = Blueprint("home", __name__, template_folder="templates")


@blueprint.get("/")
def home() -> Response:
    """A page that links to the documentation and the queue."""
    authority = read_authority(request.headers["Host"])
    hostname = bracketed(authority.host if authority else "127.0.0.1")
    queue_url = f"http://{hostname}:{services().settings.dashboard_port}/"
    return page("home.html", queue_url=queue_url, root=f"{request.scheme}://{request.headers['Host']}/")
