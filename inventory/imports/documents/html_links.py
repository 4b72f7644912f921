"""Bookmarks as browsers export them, and the links of other HTML pages, by selectolax, which holds the page in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from inventory import web_encodings
from inventory.http_client import decoding
from inventory.imports.documents.model import MAX_TEXT, Document, Entry, Found, Kind, UnreadableDocument

"""Bytes at the start of a page in which it says its encoding."""
BOOKMARKS = re.compile(r"\s*<!DOCTYPE\s+NETSCAPE-Bookmark-file-1", re.IGNORECASE)


def read(document: Document) -> Found:
    """What the links lead to, in order."""
    content = document.read()
    encoding = decoding.examine(content, "text/html").charset or "utf-8"
    text = web_encodings.decode(content, encoding)
    shape = "bookmarks" if BOOKMARKS.match(text) else "html"
    return Kind(shape=shape, encoding=encoding, column="href"), _links(text)


def _links(text: str) -> Iterator[Entry]:
    try:
        links = LexborHTMLParser(text).css("a[href]")
    except SelectolaxError as error:
        raise UnreadableDocument(f"The page cannot be read ({error}). Save its links as .txt, or in parts.") from None
    for number, link in enumerate(links, 1):
        yield Entry(number=number, cells=[(link.attributes["href"] or "").strip()[: MAX_TEXT + 1]])
