"""Lets only the inventory's own pages, and programs, change something: a page of another site that a user visits may not.

As in Go's `net/http.CrossOriginProtection`, a browser is believed what it says of a request: `Sec-Fetch-Site`, which no page
can set, else `Origin`. Both prove something only because the header Host is checked before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from inventory.errors import ForeignOrigin, InventoryError, NotInInventory, UnknownHost
from inventory.hosts import AllowedHosts, is_loopback, is_of_host, read_authority
from inventory.web_api import security_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Refuse = Callable[[WSGIEnvironment, StartResponse, InventoryError], Iterable[bytes]]

WITHOUT_EFFECT = "inventory.without_effect"
"""The key in the environment of a request that is answered without an effect; its value is the `Reason`."""
Reason = str | InventoryError
"""Why nothing was collected: a sentence, or the error of what would have to be collected."""
NOT_COLLECTED = (
    "Nothing was collected: the request comes from a page of another site, or from a browser that does not say which page."
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})
"""Values of `Sec-Fetch-Site`: from our own pages, and from a person who typed the address or chose a bookmark."""
BROWSER = "Mozilla/"
"""How the User-Agent of each browser begins."""
CACHED_HOSTS = 256
"""Values of the header Host whose check is cached."""


class SameOrigin:
    """A WSGI application that passes requests on to another one, except those that `refuse` answers.

    Refused are requests for a host that is not ours, and requests from another site for which `changes` is true. What a
    script of a page sends whose origin is among `origins` is no such request. Every response gets the security headers, with
    this `policy`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        hosts: AllowedHosts,
        refuse: Refuse,
        *,
        changes: Callable[[WSGIEnvironment], bool] | None = None,
        origins: Collection[str] = (),
        policy: str = security_headers.NOTHING,
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._admit = lru_cache(CACHED_HOSTS)(hosts.admit)
        self._changes = changes or may_change
        self._origins = frozenset(origins)
        self._headers = security_headers.usual(policy)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        start = security_headers.adding(self._headers, start_response)
        host, target = environ.get("HTTP_HOST", ""), environ.get("RAW_URI", "/")
        if not self._admit(host) or not (target[:1] == "/" or _target_is_of(host, target)):
            return self._refuse(environ, start, _unknown(host))
        if is_foreign(environ) and environ.get("HTTP_ORIGIN") not in self._origins:
            if self._changes(environ):
                return self._refuse(environ, start, foreign_origin(environ))
            environ[WITHOUT_EFFECT] = NOT_COLLECTED
        return self._app(environ, start)


def was_foreign(environ: WSGIEnvironment) -> bool:
    """Whether `SameOrigin` passed a request on as one from another site, whose origin is not named."""
    return environ.get(WITHOUT_EFFECT) == NOT_COLLECTED


def not_collected(missing: str, why: Reason) -> InventoryError:
    """The error of a request without an effect for what is not stored: `missing` is the sentence that says so."""
    return why if isinstance(why, InventoryError) else NotInInventory(f"{missing} {why}")


def may_change(environ: WSGIEnvironment) -> bool:
    """Whether a request's method is not safe (RFC 9110, 9.2.1), or the request upgrades to another protocol."""
    return environ["REQUEST_METHOD"] not in SAFE or "HTTP_UPGRADE" in environ


def is_foreign(environ: WSGIEnvironment) -> bool:
    """Whether a request is from a page of another site, or may be because its browser does not say."""
    says = says_foreign(environ)
    if says is not None:
        return says
    return environ.get("HTTP_USER_AGENT", "").startswith(BROWSER) and _may_be_a_picture(environ)


def says_foreign(environ: WSGIEnvironment) -> bool | None:
    """Whether a browser says that a request is from a page of another site; None if it says nothing of that.

    `Referer` comes last: a page can omit it, but cannot forge it.
    """
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in OURS
    told = environ.get("HTTP_ORIGIN") or environ.get("HTTP_REFERER")
    return not is_of_host(told, environ.get("HTTP_HOST", "")) if told else None


def _may_be_a_picture(environ: WSGIEnvironment) -> bool:
    """Whether a browser may have sent this for an image in a page of another site that suppresses `Referer`.

    To loopback and by TLS, browsers send `Sec-Fetch-Site`; by unencrypted HTTP to another host they do not. With unsafe
    methods they always send `Origin`.
    """
    authority = read_authority(environ.get("HTTP_HOST", ""))
    return environ["REQUEST_METHOD"] in SAFE and authority is not None and not is_loopback(authority.host)


def _target_is_of(host: str, target: str) -> bool:
    """Whether a request's target names no other host than its header: the target's would count (RFC 9112, 3.2.2)."""
    if target in ("*", ""):
        return True
    target = target if "://" in target else f"http://{target}"  # of CONNECT
    return is_of_host(target, host)


def _unknown(host: str) -> UnknownHost:
    why = f"The inventory does not answer for the host {host[:80]!r}." if host else "The request names no host."
    return UnknownHost(f"{why} Call it by one of its names; INVENTORY_ALLOWED_HOSTS adds names, without ports.")


def foreign_origin(environ: WSGIEnvironment) -> ForeignOrigin:
    """The error of a request from another site that would change something, or follow a job."""
    origin = environ.get("HTTP_ORIGIN", "")
    of = f" ({origin[:80]})" if origin else ""
    return ForeignOrigin(
        f"A page of another site{of} sent this request. Such a page may not change anything here or follow a job. Use a"
        " page of the inventory itself, or a program that sends neither Origin nor Sec-Fetch-Site."
    )
