"""`/upstreams` and `/upstreams/HOST`: the hosts that are called; with script, what they show follows what happens."""

from __future__ import annotations

from typing import Any

from flask import Response

from inventory.rate_limits import answers
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint
from inventory.ui.pages import fragment, page, wants_fragment
from inventory.web_api import needs
from inventory.web_api.pagination import PageQuery

blueprint = page_blueprint("upstream_pages")

PAGE_QUERY = PageQuery()
API = "/api/v1/upstreams"
MAX_UPSTREAMS = 50
"""Of one page."""


@blueprint.get("/upstreams")
@needs.needs("read")
def upstreams() -> Response:
    """The upstreams, those that were called last first; their table alone for htmx."""
    found = answers.upstreams(load_query(PAGE_QUERY, MAX_UPSTREAMS))
    return _shown("upstreams", found=found, ways=same_elsewhere(API, {}))


@blueprint.get("/upstreams/<host>")
@needs.needs("read")
def upstream(host: str) -> Response:
    """One of them."""
    found = answers.upstream(host)
    return _shown("upstream", found=found, ways=same_elsewhere(f"{API}/{found['host']}", {}))


def _shown(name: str, **members: Any) -> Response:
    return fragment(f"_{name}.html", **members) if wants_fragment() else page(f"{name}.html", **members)
