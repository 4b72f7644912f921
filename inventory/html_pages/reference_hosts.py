"""The hosts that the references of a page lead to."""

from __future__ import annotations

import re

import ada_url

_ORIGIN = re.compile(r"https?://(?:[^/@]*+@)?(\[[^\]/]*+\]|[^/:@]*+)(?::\d*+)?/")
"""How a serialised http or https URL begins; the group is its host."""
_UP_TO_THE_HOST = re.compile(r"[\x00-\x20]*+(?:[a-zA-Z][a-zA-Z0-9+.\-]*+:|(?=[/\\]{2}))[/\\]*+[^/\\?#]*+")
"""A scheme or two slashes, and what follows: it decides the host. Any other reference is of the host of its base."""
_DROPPED = re.compile(r"[\t\n\r]")
"""What the URL standard takes out of a reference."""
_MAX_CHARACTERS = 4_096
"""Up to the path. No host is that long."""


def host_of(url: str) -> str | None:
    """The host of a serialised http or https URL, an IPv6 address in brackets; None for any other text."""
    origin = _ORIGIN.match(url)
    return origin[1] or None if origin else None


class Base:
    """What references are relative to: a serialised URL. Each host is found once, so that long URLs cost nothing."""

    def __init__(self, url: str) -> None:
        origin = _ORIGIN.match(url)
        self._origin = origin[0] if origin else None
        self._known: dict[str, str | None] = {}

    def joined(self, reference: str) -> Base:
        """The base that a `<base href>` makes of this one: the same unless it leads to http or https."""
        origin = self._joined(_start(reference))
        return self if origin is None else Base(origin)

    def host_of(self, reference: str) -> str | None:
        """The host of a reference; None if it has none, as `data:` has, or is not a URL."""
        path = reference.find("/", len("https://"))
        if path > 0 and (start := reference[:path]) in self._known:  # most references of a page lead to few hosts
            return self._known[start]
        start = _start(reference)
        if start not in self._known:
            origin = self._joined(start)
            self._known[start] = None if origin is None else host_of(origin)
        return self._known[start]

    def _joined(self, start: str) -> str | None:
        if self._origin is None or len(start) > _MAX_CHARACTERS:
            return None
        try:
            url = str(ada_url.join_url(self._origin, start))
        except ValueError:
            return None
        return url if _ORIGIN.match(url) else None


def _start(reference: str) -> str:
    """The part of a reference that decides the host."""
    found = _UP_TO_THE_HOST.match(_DROPPED.sub("", reference))
    return found[0] if found else ""
