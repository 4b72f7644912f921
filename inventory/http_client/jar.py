"""The cookies of one collection: what a hop sets is sent to the hops after it, as browsers do, and then forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from inventory.http_client.cookies import Cookie, domain_matches, is_trusted
from inventory.urls import Url

MAX_HEADER_BYTES = 65_536
"""The longest `Cookie` header that is sent; further cookies are left out."""


class Jar:
    """Starts empty for each collection."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str, bool, bool], Cookie] = {}
        self._secure: dict[str, dict[str, set[tuple[str, bool, bool]]]] = {}
        """Of each name, by path: the domains of `Secure` cookies, and whether each is of one host only, and partitioned."""

    def keep(self, cookies: Iterable[Cookie], now: datetime) -> tuple[Cookie, ...]:
        """Store accepted cookies, and remove those that one expires; the cookies as they are to be recorded.

        A cookie not set over https that would hide a `Secure` one is refused here: only the jar knows both.
        """
        return tuple(self._keep(cookie, now) for cookie in cookies)

    def _keep(self, cookie: Cookie, now: datetime) -> Cookie:
        if not cookie.accepted:
            return cookie
        if self._hides_a_secure_one(cookie):
            return cookie._replace(accepted=False, reason="not set over https, and would hide a Secure cookie of its name")
        kind = (cookie.domain, cookie.host_only, cookie.partitioned)
        key = (cookie.path, cookie.name, *kind)
        self._secure.get(cookie.name, {}).get(cookie.path, set()).discard(kind)
        if _expired(cookie, now):
            self._cookies.pop(key, None)
            return cookie
        self._cookies[key] = cookie  # replaces its namesake, and keeps its creation time (section 5.7)
        if cookie.secure:
            paths = self._secure.setdefault(cookie.name, {})
            paths.setdefault(cookie.path, set()).add(kind)
        return cookie

    def _hides_a_secure_one(self, new: Cookie) -> bool:
        """Whether a cookie that came over http would stand before, or instead of, a Secure one (section 5.7).

        It can only stand before cookies of its name whose paths are above its own. Either the paths of that name are tried
        or those above, whichever are fewer: otherwise many cookies, or long paths, would take quadratic time.
        """
        paths = self._secure.get(new.name)
        if new.secure or new.trusted or not paths:
            return False
        if len(paths) <= 2 * new.path.count("/"):
            kept = [domains for path, domains in paths.items() if _path_matches(new.path, path)]
        else:
            kept = [paths[path] for path in _folders(new.path) if path in paths]
        return any(_cover_one_another(new.domain, domain) for domains in kept for domain, *_ in domains)

    def header(self, url: Url) -> str | None:
        """The `Cookie` header for a request: longest paths first (RFC 6265bis, section 5.8.3); None when it is empty."""
        chosen = sorted(
            (cookie for cookie in self._cookies.values() if _is_for(cookie, url)), key=lambda one: -len(one.path)
        )
        pairs: list[str] = []
        room = MAX_HEADER_BYTES + 2
        for cookie in chosen:
            pair = f"{cookie.name}={cookie.value}" if cookie.name else cookie.value
            if len(pair) + 2 <= room:
                pairs.append(pair)
                room -= len(pair) + 2
        return "; ".join(pairs) or None


def _folders(path: str) -> Iterator[str]:
    """The paths that match a path (section 5.1.4): itself, and every folder above it, with its slash and without."""
    yield path
    for end, character in enumerate(path):
        if character == "/":
            yield path[:end]
            yield path[: end + 1]


def _cover_one_another(one: str, other: str) -> bool:
    """Whether either domain is the other or below it. An address has no domains below it."""
    return domain_matches(one, other, is_address=False) or domain_matches(other, one, is_address=False)


def _is_for(cookie: Cookie, url: Url) -> bool:
    if cookie.secure and not is_trusted(url):
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
