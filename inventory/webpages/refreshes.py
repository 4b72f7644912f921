"""The pages that a page asks a browser to go to after a while: its `Refresh` header and `<meta http-equiv=refresh>`.

They are recorded, never followed. Both are read as the HTML standard says ("shared declarative refresh steps").
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from itertools import islice
from typing import Any

import ada_url

from inventory import web_encodings
from inventory.html_pages import raw_content
from inventory.http_client.decoding import Text
from inventory.urls import MAX_REDIRECT_CHARACTERS

MAX_REFRESHES, MAX_TRIED = 10, 100
"""Refreshes that are kept, of so many that are looked at. A browser heeds the first one."""
LONGEST = 2**53
"""Seconds: what every store can keep."""

_SPACE = "\t\n\f\r "
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_HINT = re.compile(rb"-equiv[\t\n\f\r ]*+=[\t\n\f\r ]*+[\"']?(?:refresh|[refsh]{0,6}&)", re.IGNORECASE)
"""What no page with a refresh lacks: others are not looked through. The hyphen has no case, which makes it fast to find."""

_TIME = re.compile(r"[\t\n\f\r ]*(?:([0-9]+)|(?=\.))[0-9.]*")
_NAMED = re.compile(r"[uU][rR][lL][\t\n\f\r ]*=[\t\n\f\r ]*")
_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?/][^>]*"
    r"|<([a-zA-Z][^\t\n\f\r />]*)((?:[^>=]|=[\t\n\f\r ]*(?:\"[^\"]*\"?|'[^']*'?)?)*+)",
    re.DOTALL,
)
"""A comment, an end tag, or a start tag with its attributes. Each matches up to the end of the page if it has no end."""
_ATTRIBUTE = re.compile(
    r"([^\t\n\f\r />][^\t\n\f\r />=]*)"
    r"(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"?|'([^']*)'?|([^\t\n\f\r >]*)))?"
)
_REFERENCE = re.compile(r"&(?:#0*([0-9]+);?|#[xX]0*([0-9a-fA-F]+);?|([a-zA-Z0-9]+(?:;|(?![a-zA-Z0-9=;]))))")
"""A character reference as it counts in attributes: `&copy=` is part of a query there."""


def of_headers(values: Iterable[str], page: str) -> list[dict[str, Any]]:
    """The refreshes of `Refresh` headers in a response of the URL `page`."""
    return _found("header", ((value, page, page) for value in values))


def of_page(body: bytes, text: Text, page: str) -> list[dict[str, Any]]:
    """The refreshes that `<meta>` elements of a page ask for; up to one more than `MAX_REFRESHES`."""
    if text.charset is None or text.media_type not in _HTML:
        return []
    if not text.charset.lower().startswith("utf-16") and not _HINT.search(body):
        return []
    return _found("meta", _metas(web_encodings.decode(body, text.charset), page))


def parse(value: str) -> tuple[int, str | None] | None:
    """The seconds and the URL reference that a refresh names, None for the page itself; None if it is malformed."""
    time = _TIME.match(value)
    if time is None:
        return None
    rest = value[time.end() :]
    if rest and rest[0] not in f";,{_SPACE}":
        return None
    rest = rest.lstrip(_SPACE)
    if rest.startswith((";", ",")):
        rest = rest[1:].lstrip(_SPACE)
    digits = (time[1] or "").lstrip("0")
    return min(int(digits[:17] or 0), LONGEST), _reference(rest) if rest else None


def _reference(rest: str) -> str:
    """The URL reference: what may begin with `url=`, and may be quoted."""
    named = _NAMED.match(rest)
    if named is not None:
        rest = rest[named.end() :]
    if rest.startswith(('"', "'")):
        rest = rest[1:].partition(rest[0])[0]
    return rest


def _found(source: str, values: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """The refreshes among values, each with the URL of its page and the one that its reference is relative to."""
    found = (_refresh(source, value, page, base) for value, page, base in islice(values, MAX_TRIED))
    return list(islice((one for one in found if one is not None), MAX_REFRESHES + 1))


def _refresh(source: str, value: str, page: str, base: str) -> dict[str, Any] | None:
    """A refresh with an absolute URL; None if a browser would do nothing."""
    parsed = parse(value)
    if parsed is None:
        return None
    url = page if parsed[1] is None else _joined(base, parsed[1])
    if url is None or url.startswith("javascript:"):
        return None
    return {"source": source, "seconds": parsed[0], "url": url}


def _metas(text: str, page: str) -> Iterator[tuple[str, str, str]]:
    """The `content` of each refresh in a page, with the URL of the page, and the base URL that holds there."""
    base: str | None = None
    for name, attributes, _ in start_tags(text):
        if name == "base" and base is None:
            base = base_of(attributes_of(attributes).get("href"), page)
        elif name == "meta":
            found = attributes_of(attributes)
            if found.get("http-equiv", "").lower() == "refresh" and found.get("content"):
                yield found["content"], page, base or page


def base_of(href: str | None, page: str) -> str | None:
    """The base URL that an element asks for, that of the page if it cannot be one; None if it asks for none."""
    if href is None:
        return None
    joined = _joined(page, href)
    return page if joined is None or joined.startswith(("data:", "javascript:")) else joined


def start_tags(text: str) -> Iterator[tuple[str, str, int]]:
    """The name in lower case and the attributes of each start tag, and where it ends, before its `>`."""
    position = 0
    while tag := _TAG.search(text, position):
        position = tag.end()
        if tag[1] is None or position == len(text):
            continue
        name = tag[1].lower()
        yield name, tag[2], position
        if name in raw_content.ELEMENTS:
            position = raw_content.end_of_content(text, name, position)


def attributes_of(text: str) -> dict[str, str]:
    """The attributes of a tag, names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), _REFERENCE.sub(_character, next(filter(None, values), "")))
    return found


def _character(reference: re.Match[str]) -> str:
    """What a character reference stands for; itself if that is nothing."""
    decimal, hexadecimal, name = reference.groups()
    if name is not None:
        return html5.get(name, reference[0])
    return html.unescape(f"&#{decimal[:8]};" if decimal else f"&#x{hexadecimal[:7]};")


def _joined(base: str, reference: str) -> str | None:
    """The absolute URL; None if there is none, or if it is longer than any that is followed."""
    if len(reference) > MAX_REDIRECT_CHARACTERS:
        return None
    try:
        return str(ada_url.join_url(base, reference))
    except ValueError:
        return None
