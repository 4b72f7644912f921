"""HTTP Strict Transport Security within one collection: a host that asked for https is not called over http any more."""

from __future__ import annotations

import re

from inventory import urls
from inventory.http_client.head import Head
from inventory.urls import Url

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SPACE = " \t"
_SECONDS = re.compile(r"[0-9]+")


class StrictHosts:
    """Starts empty for each collection (RFC 6797, section 8)."""

    def __init__(self) -> None:
        self._hosts: dict[str, bool] = {}
        """The hosts, without a dot at the end, and whether those below them are meant too."""

    def note(self, url: Url, head: Head) -> None:
        """Heed the header of a response; only a name that responded over https can ask for it."""
        values = head.values("strict-transport-security")[:1]
        if not values or url.scheme != "https" or url.address is not None:
            return
        directives = _directives(values[0])
        if directives is None or not _SECONDS.fullmatch(seconds := directives.get("max-age", "")):
            return
        if seconds.strip("0"):
            self._hosts[url.host.removesuffix(".")] = "includesubdomains" in directives
        else:
            self._hosts.pop(url.host.removesuffix("."), None)

    def secured(self, url: Url) -> Url:
        """The URL to call instead of one that a redirect leads to: the same over https, if its host asked for that."""
        if url.scheme == "https":
            return url
        name = url.host.removesuffix(".")
        known = any(name == host or (below and name.endswith(f".{host}")) for host, below in self._hosts.items())
        return urls.follow(url, f"https{url.href[len('http') :]}") if known else url


def _directives(value: str) -> dict[str, str] | None:
    """The directives, names in lower case; None if the header is malformed or repeats one, and so is to be ignored."""
    found: dict[str, str] = {}
    for part in value.split(";"):
        name, _, argument = part.partition("=")
        name = name.strip(_SPACE).lower()
        if not part.strip(_SPACE):
            continue
        if name in found or not _NAME.fullmatch(name):
            return None
        found[name] = argument.strip(_SPACE).removeprefix('"').removesuffix('"')
    return found
