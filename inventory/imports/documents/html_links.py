"""Bookmarks as browsers export them, and the links of other HTML pages, by selectolax, which holds the page in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from inventory import web_encodings
from inventory.http_client import decoding
from inventory.imports.documents.model import MAX_TEXT, Document, DocumentKind, Entry, Found, UnreadableDocument

BOOKMARKS = re.compile(r"\s*<!DOCTYPE\s+NETSCAPE-Bookmark-file-1", re.IGNORECASE)
NO_PAGE = re.compile(r"#|(?:place|javascript|data|mailto|tel|about|chrome|edge|file):|$", re.IGNORECASE)
"""How links begin that lead to no page of the web. They are not rows, but they count."""
MAX_BASE = 2_048
"""Characters of a base, which stands before each relative link."""
ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)


def read(document: Document) -> Found:
    """What the links lead to, in order."""
    content = document.read()
    encoding = decoding.examine(content, "text/html").charset or "utf-8"
    text = web_encodings.decode(content, encoding)
    shape = "bookmarks" if BOOKMARKS.match(text) else "html"
    return DocumentKind(shape=shape, encoding=encoding, column="href"), _links(text)


def _links(text: str) -> Iterator[Entry]:
    try:
        page = LexborHTMLParser(text)
        links, base = page.css("a[href]"), _base(page)
    except SelectolaxError as error:
        raise UnreadableDocument(f"The page cannot be read ({error}). Save its links as .txt, or in parts.") from None
    for number, link in enumerate(links, 1):
        target = (link.attributes["href"] or "").strip()
        if not NO_PAGE.match(target):
            yield Entry(number=number, cells=[(_joined(base, target) if base else target)[: MAX_TEXT + 1]])


def _base(page: LexborHTMLParser) -> str | None:
    """What relative links are relative to, if the page says it."""
    found = page.css_first("base[href]")
    href = ((found.attributes["href"] or "") if found else "").strip()
    return href[:MAX_BASE] if ABSOLUTE.match(href) else None


def _joined(base: str, target: str) -> str:
    """The absolute URL of a link; the link as it is if there is none."""
    try:
        return target if ABSOLUTE.match(target) else urljoin(base, target)
    except ValueError:
        return target
