"""Pages for browsers: each runs its own scripts and uses its own styles only."""

from __future__ import annotations

from secrets import token_urlsafe

from flask import Response, render_template

from inventory.web_api import security_headers


def page(template: str, status: int = 200, *, also: str = "", **members: object) -> Response:
    """A rendered template, whose scripts and styles carry `nonce`; `also` is what its policy allows besides."""
    nonce = token_urlsafe(16)
    response = Response(render_template(template, nonce=nonce, **members), status)
    response.headers.update(security_headers.of_page(nonce, also))
    return response
