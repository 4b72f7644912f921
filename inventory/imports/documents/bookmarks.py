"""Bookmarks as browsers keep them in JSON: Chrome's file `Bookmarks`, and the backups of Firefox."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import orjson

from inventory.imports.documents.html_links import NO_PAGE
from inventory.imports.documents.model import MAX_TEXT, Document, Entry, Found, Kind, UnreadableDocument

URL_MEMBERS = ("url", "uri")
"""What Chrome and Firefox call it."""


def read(document: Document) -> Found:
    """What the bookmarks lead to, in the order in which they are kept."""
    try:
        tree = orjson.loads(document.read().removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise UnreadableDocument(f"It is not JSON: {error}. Export the bookmarks again, as .html or .json.") from None
    member = URL_MEMBERS["roots" not in tree]
    return Kind(shape="bookmarks", column=member), _entries(tree.get("roots", tree), member)


def _entries(tree: Any, member: str) -> Iterator[Entry]:
    number, left = 0, [tree]
    while left:
        node = left.pop()
        if isinstance(node, list):
            left.extend(reversed(node))
        elif isinstance(node, dict):
            if isinstance(url := node.get(member), str):
                number += 1
                if not NO_PAGE.match(url):
                    yield Entry(number=number, cells=[url.strip()[: MAX_TEXT + 1]])
            left.extend(each for each in reversed(node.values()) if isinstance(each, (dict, list)))
