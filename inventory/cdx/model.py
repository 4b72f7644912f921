"""URL keys, which order the index of captures, and spans and positions in that order: pure.

A key is a URL as SURT writes it, `com,example)/path?query`: one for URLs that most likely mean the same page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.listing import Key
from inventory.records.model import Record, Snapshot, Target
from inventory.webpages.model import SOURCE

_WWW = re.compile(r"www\d*\.(?=.)")
_SLASHES = re.compile("//+")
_ESCAPED = re.compile("%(2d|2e|5f|7e|3[0-9]|[46][1-9a-f]|[57][0-9a])")
"""Letters, digits, `-`, `.`, `_` and `~` that a URL has percent-encoded, in lower case."""
AFTER_ANY_ID = "~"
"""Is greater than every id."""


@dataclass(frozen=True, slots=True)
class UrlRecord:
    """A record of a webpage and the key of its URL."""

    urlkey: str
    record: Record


@dataclass(frozen=True, slots=True)
class Capture:
    """A snapshot of a webpage, as the index of captures has it."""

    urlkey: str
    target: Target
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Span:
    """The keys from `first` on and before `end`."""

    first: str
    end: str


@dataclass(frozen=True, slots=True)
class Position:
    """What has been looked at: a key up to the snapshot `seen`, or all of it. `record_id` is that of a record of the key."""

    urlkey: str
    record_id: str
    seen: Key | None


def urlkey_of(target: Target) -> str:
    """The key of a target's URL; empty for one that is no webpage."""
    return urlkey(target.key) if target.source == SOURCE else ""


def urlkey(href: str) -> str:
    """The key of a serialised http or https URL: the host from its end on, without `www.`, then path and query.

    All is in lower case, the parameters of the query are sorted, and no path ends with a slash.
    """
    authority, _, rest = href.partition("://")[2].partition("/")
    path, _, query = _ESCAPED.sub(_unescaped, rest.lower()).partition("?")
    path = _SLASHES.sub("/", f"/{path}")
    path = path.rstrip("/") or "/"
    return f"{_host(authority.lower())}){path}" + ("?" + "&".join(sorted(query.split("&"))) if query else "")


def prefix(href: str) -> str:
    """What the keys of all URLs begin with that begin like this one."""
    key = urlkey(href)
    path, mark, query = href.partition("?")
    if not mark and path.endswith("/") and not key.endswith("/"):
        return key + "/"
    return key + "?" if mark and not query else key


def exactly(key: str) -> Span:
    """One key alone."""
    return Span(key, key + "\x01")


def beginning_with(text: str) -> Span:
    """The keys that begin with a text."""
    return Span(text, text[:-1] + chr(ord(text[-1]) + 1))


def of_host(href: str) -> Span:
    """The keys of a host, at the port of the URL."""
    return beginning_with(urlkey(href).partition(")")[0] + ")/")


def of_domain(href: str) -> tuple[Span, ...]:
    """The keys of a host and of all names below it, at any port."""
    host = urlkey(href).partition(")")[0].partition(":")[0]
    return tuple(beginning_with(host + each) for each in "),:")


def _host(authority: str) -> str:
    if authority.startswith("["):
        address, _, port = authority[1:].partition("]")
        return address + port
    name, mark, port = authority.partition(":")
    return ",".join(reversed(_WWW.sub("", name.rstrip("."), count=1).split("."))) + mark + port


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)).lower()
