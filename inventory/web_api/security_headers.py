"""The headers that tell browsers to do no more with an answer than it is for. This is the one place that decides them."""

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
"""The policy of what another site has written."""
ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"))


def of_page(nonce: str, also: str = "") -> Mapping[str, str]:
    """What a page of ours needs: it runs the scripts, and wears the styles, that have its nonce, and those of `also`.

    `also` is more directives, or more sources of `script-src`, which is the last of them.
    """
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'; "
        f"img-src 'self' data:; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
    )
    return {POLICY: policy + also, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}


def usual(policy: str = NOTHING) -> list[tuple[str, str]]:
    """The headers of an answer that has none of these yet."""
    return [(POLICY, policy), *ALWAYS]


def adding(headers: list[tuple[str, str]], start_response: StartResponse) -> StartResponse:
    """The same, but each answer gets these headers, of which the first is a policy that it may have already."""

    def start(status: str, own: list[tuple[str, str]], exc_info: OptExcInfo | None = None) -> Callable[[bytes], object]:
        for name, _ in own:
            if name == POLICY:
                return start_response(status, own + headers[1:], exc_info)
        return start_response(status, own + headers, exc_info)

    return start


def lines() -> str:
    """The same as lines, for an answer that is written by hand."""
    return "".join(f"{name}: {value}\r\n" for name, value in usual())
