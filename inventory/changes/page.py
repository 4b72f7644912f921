"""What a page's HTML says of itself, and the hosts that it loads from or posts to. Linear, whatever the page nests."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import islice

import ada_url

from inventory.changes.model import PageFacts
from inventory.webpages import refreshes

HTML = frozenset({"text/html", "application/xhtml+xml"})
MAX_TAGS = 50_000
"""Start tags that are looked at: 50 ms, and some 200 ms more if all of them load something."""
MAX_HOSTS = 1_000
"""Of one field."""
MAX_TITLE = 1_000
MAX_REFERENCE = 2_048
"""Characters of a reference; a longer one is not a URL that a browser would load."""

_LOADS: Mapping[str, tuple[str, str]] = {
    "script": ("src", "script.host"),
    "link": ("href", "link.host"),
    "img": ("src", "image.host"),
    "iframe": ("src", "frame.host"),
    "frame": ("src", "frame.host"),
    "form": ("action", "form.host"),
}
"""By the name of an element: the attribute with the URL, and the field that its host is."""
_END_OF_TITLE = re.compile(r"</title(?=[\s/>])", re.IGNORECASE)


def read_page(text: str, url: str) -> PageFacts:
    """The facts of an HTML page that was served at a URL."""
    title, generator, inline = None, None, 0
    base: str | None = None
    origin, hosts = _origin(url), dict[str, set[str]]()
    for name, written, end in islice(refreshes.start_tags(text), MAX_TAGS):
        if name == "base" and base is None:
            base = refreshes.base_of(refreshes.attributes_of(written).get("href"), url)
            origin = origin if base is None else _origin(base)
        elif name == "title" and title is None:
            title = _title(text, end + 1)
        elif name == "meta" and generator is None:
            meta = refreshes.attributes_of(written)
            generator = meta.get("content") if meta.get("name", "").lower() == "generator" else None
        elif name in _LOADS:
            attribute, field = _LOADS[name]
            reference = refreshes.attributes_of(written).get(attribute)
            found = hosts.setdefault(field, set())
            inline += name == "script" and reference is None
            if reference and len(found) < MAX_HOSTS and (host := _host(origin, reference)):
                found.add(host)
    return PageFacts(
        title=title,
        generator=generator,
        inline_scripts=inline,
        hosts={field: frozenset(found) for field, found in hosts.items()},
    )


def _title(text: str, start: int) -> str:
    end = _END_OF_TITLE.search(text, start)
    written = text[start : min(end.start() if end else len(text), start + 4 * MAX_TITLE)]
    return " ".join(html.unescape(written).split())[:MAX_TITLE]


def _origin(base: str) -> str:
    """What of a base URL decides on hosts: it is short, however long the URL is."""
    return f"{ada_url.URL(base).origin}/"


def _host(base: str, reference: str) -> str | None:
    """The host of what a reference leads to; None if that is not on the web."""
    url = _joined(base, reference.strip())
    if url is None:
        return None
    parsed = ada_url.URL(url)
    return parsed.hostname or None if parsed.protocol in ("http:", "https:") else None


def _joined(base: str, reference: str) -> str | None:
    if len(reference) > MAX_REFERENCE:
        return None
    try:
        return str(ada_url.join_url(base, reference))
    except ValueError:
        return None
