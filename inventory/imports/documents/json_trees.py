"""URLs at any depth of one JSON value: bookmarks as browsers keep them, and tabs as extensions of theirs save them."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import orjson

from inventory.imports.documents.html_links import NO_PAGE
from inventory.imports.documents.model import MAX_TEXT, Document, DocumentKind, Entry, Found, UnreadableDocument


def read(document: Document) -> Found:
    """The URLs of all objects that have one, in order: in the backups of Firefox the member `uri`, elsewhere `url`."""
    try:
        tree = orjson.loads(document.read().removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise UnreadableDocument(f"It is not JSON: {error}. Export it again, or save its URLs as .txt.") from None
    is_firefox = isinstance(tree, dict) and str(tree.get("type", "")).startswith("text/x-moz-place")
    is_chrome = isinstance(tree, dict) and "roots" in tree
    kind = DocumentKind(shape="bookmarks" if is_firefox or is_chrome else "json", column="uri" if is_firefox else "url")
    return kind, _entries(tree["roots"] if is_chrome else tree, "uri" if is_firefox else "url")


def _entries(tree: Any, member: str) -> Iterator[Entry]:
    number, left = 0, [tree]
    while left:
        node = left.pop()
        if isinstance(node, list):
            left.extend(reversed(node))
        elif isinstance(node, dict):
            url = node.get(member)
            url = url.get("raw") if isinstance(url, dict) else url  # as Postman has it
            if isinstance(url, str):
                number += 1
                if not NO_PAGE.match(url):
                    yield Entry(number=number, cells=[url.strip()[: MAX_TEXT + 1]])
            left.extend(each for each in reversed(node.values()) if isinstance(each, (dict, list)))
