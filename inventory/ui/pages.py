"""Pages for browsers: each runs no script, and wears no style, but its own."""

from __future__ import annotations

from secrets import token_urlsafe

from flask import Response, render_template

from inventory.web_api import security_headers


def page(template: str, status: int = 200, *, also: str = "", **members: object) -> Response:
    """A page of a template, which writes `nonce` at its scripts and styles; `also` is what its policy allows besides."""
    nonce = token_urlsafe(16)
    response = Response(render_template(template, nonce=nonce, **members), status)
    response.headers.update(security_headers.of_page(nonce, also))
    return response
