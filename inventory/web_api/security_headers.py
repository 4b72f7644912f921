"""The headers that restrict what browsers do with a response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse

POLICY = "Content-Security-Policy"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The policy of answers that are not pages: nothing is loaded for them, and no page can frame them."""
BODY = f"{NOTHING}; sandbox"
"""The policy of content that another site has written."""
PRIVATE = "private, no-cache"
"""The Cache-Control of what is answered to a key: a cache that others use may not keep it, or it would answer them."""
ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"))


def of_page(nonce: str, also: str = "", forms: str = "'none'") -> Mapping[str, str]:
    """The headers of a page of ours, whose scripts and styles carry the nonce; `also` is appended to its policy.

    `forms` is where its forms may be sent.
    """
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'; connect-src 'self'; "
        f"img-src 'self' data:; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
    )
    return {POLICY: policy + also, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}


def usual(policy: str = NOTHING) -> list[tuple[str, str]]:
    """The headers of a response that has none of them yet."""
    return [(POLICY, policy), *ALWAYS]


def adding(headers: list[tuple[str, str]], start_response: StartResponse) -> StartResponse:
    """A `start_response` that adds these headers; the first, a policy, only if the response has none."""

    def start(status: str, own: list[tuple[str, str]], exc_info: OptExcInfo | None = None) -> Callable[[bytes], object]:
        for name, _ in own:
            if name == POLICY:
                return start_response(status, own + headers[1:], exc_info)
        return start_response(status, own + headers, exc_info)

    return start


def lines() -> str:
    """The usual headers as lines, for a response that is written without a framework."""
    return "".join(f"{name}: {value}\r\n" for name, value in usual())
