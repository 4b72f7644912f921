"""The cookies of one collection: what a hop set is sent to the hops after it, as a browser would, and then forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from inventory.upstream.cookies import Cookie, domain_matches
from inventory.upstream.urls import Url

LONGEST_HEADER = 8_192
"""Bytes of `Cookie` that are sent; what a chain of redirects sets beyond that stays behind."""


class Jar:
    """Starts empty for each collection."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str, bool], Cookie] = {}

    def keep(self, cookies: Iterable[Cookie], now: datetime) -> None:
        """Take in accepted cookies; one that has expired takes its namesake away."""
        for cookie in cookies:
            if cookie.accepted:
                key = (cookie.domain, cookie.path, cookie.name, cookie.host_only)
                self._cookies.pop(key, None)
                if not _expired(cookie, now):
                    self._cookies[key] = cookie

    def header(self, url: Url) -> str | None:
        """The `Cookie` header for a request: longest paths first (RFC 6265bis, section 5.8.3); None when it is empty."""
        chosen = sorted(
            (cookie for cookie in self._cookies.values() if _is_for(cookie, url)), key=lambda one: -len(one.path)
        )
        text = ""
        for cookie in chosen:
            pair = f"{cookie.name}={cookie.value}" if cookie.name else cookie.value
            if len(text) + len(pair) + 2 <= LONGEST_HEADER:
                text += f"; {pair}" if text else pair
        return text or None


def _is_for(cookie: Cookie, url: Url) -> bool:
    if cookie.secure and url.scheme != "https":
        return False
    if not _path_matches(url.target.partition("?")[0], cookie.path):
        return False
    if cookie.host_only:
        return url.host == cookie.domain
    return domain_matches(url.host, cookie.domain, is_address=url.address is not None)


def _path_matches(path: str, folder: str) -> bool:
    """Section 5.1.4."""
    return path == folder or (path.startswith(folder) and (folder.endswith("/") or path[len(folder)] == "/"))


def _expired(cookie: Cookie, now: datetime) -> bool:
    """`Max-Age` counts before `Expires`."""
    if cookie.max_age is not None:
        return cookie.max_age <= 0
    return cookie.expires is not None and cookie.expires <= now
