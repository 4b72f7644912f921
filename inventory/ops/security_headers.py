"""The headers that tell browsers to do no more with an answer than it is for. This is the one place that decides them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse

POLICY = "Content-Security-Policy"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The policy of what is no page: nothing is loaded for it, and no page shows it inside of it."""
BODY = f"{NOTHING}; sandbox"
"""The policy of what another site has written."""
ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"))
USUAL = ((POLICY, NOTHING), *ALWAYS)


def of_page(nonce: str, also: str = "") -> Mapping[str, str]:
    """What a page of ours needs: it runs the scripts, and wears the styles, that have its nonce, and those of `also`.

    `also` is more directives, or more sources of `script-src`, which is the last of them.
    """
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'; "
        f"img-src 'self' data:; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
    )
    return {POLICY: policy + also, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}


def adding(start_response: StartResponse, policy: str = NOTHING) -> StartResponse:
    """The same, but each answer gets what it lacks: the headers of all, and the policy unless it has one of its own."""
    usual = list(USUAL) if policy is NOTHING else [(POLICY, policy), *ALWAYS]

    def start(status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None) -> Callable[[bytes], object]:
        own = any(name == POLICY for name, _ in headers)
        return start_response(status, [*headers, *(ALWAYS if own else usual)], exc_info)

    return start


def lines(policy: str = NOTHING) -> str:
    """The same headers as lines, for an answer that is written by hand."""
    return "".join(f"{name}: {value}\r\n" for name, value in ((POLICY, policy), *ALWAYS))
