"""What one collection observed, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inventory.errors import SourceFailure
from inventory.http_client.body import Body
from inventory.http_client.cookies import Cookie
from inventory.http_client.head import Fields, Head
from inventory.http_client.tls import TlsDetails
from inventory.urls import Url


@dataclass(frozen=True, slots=True)
class Hop:
    """One request and its response. `sent` are the header lines of the request. `tls` is None for http.

    `unread_cookies` counts `Set-Cookie` lines after the first `cookies.MAX_COOKIES` of a collection. `conditional`: the
    request had validators, so that a 304 is about an earlier response. `refusal` answered the same request with validators,
    whose header lines are `refused`.
    """

    url: Url
    head: Head
    cookies: tuple[Cookie, ...]
    remote_address: str
    tls: TlsDetails | None
    unread_cookies: int = 0
    conditional: bool = False
    refusal: Head | None = None
    sent: Fields = field(default=(), repr=False)  # a caller's may have keys
    refused: Fields = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes a request of `url` conditional on an earlier response (RFC 9110, section 13)."""

    url: str
    etag: str | None
    last_modified: str | None

    def headers(self, url: Url) -> dict[str, str]:
        """The conditional headers; none for another URL, such as the target of a redirect."""
        if url.href != self.url:
            return {}
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds: the whole collection, and its parts summed over all hops.

    `waited_ms` is none of that: for so long a large body waited here for memory.
    """

    elapsed_ms: float
    dns_ms: float
    connect_ms: float
    tls_ms: float
    first_byte_ms: float
    body_ms: float
    waited_ms: float = 0.0


class RedirectsFailed(SourceFailure):
    """A failure after redirects; `hops` are those that were seen, and may end with one that cannot be followed."""

    def __init__(self, failure: SourceFailure, hops: Sequence[Hop]) -> None:
        super().__init__(failure.code, str(failure), permanent=failure.permanent, evidence=failure.evidence)
        self.hops = tuple(hops)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One collection: the redirects, the final response, its body, and how long it took."""

    redirects: tuple[Hop, ...]
    final: Hop
    body: Body
    trailers: Fields
    timing: Timing

    @property
    def hops(self) -> tuple[Hop, ...]:
        """All requests, in order."""
        return (*self.redirects, self.final)

    @property
    def cookies(self) -> tuple[Cookie, ...]:
        """The cookies of all hops, in the order received: `cookies.MAX_COOKIES` at most."""
        return tuple(cookie for hop in self.hops for cookie in hop.cookies)
