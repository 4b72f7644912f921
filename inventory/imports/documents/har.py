"""HTTP archives (HAR 1.2), as browsers save what they loaded; streamed through ijson."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator

import ijson

from inventory.imports.documents.model import MAX_TEXT, Document, DocumentKind, Entry, Found, UnreadableDocument

READ_BYTES = 8 * 1024 * 1024
"""Bytes that are parsed at once: a text that does not end in them, such as a response, is read again with the next ones."""
PATH = "log.entries.item.request.url"


def read(document: Document) -> Found:
    """The URLs of the requests in order."""
    return DocumentKind(shape="har", column="request.url"), _entries(document)


def _entries(document: Document) -> Iterator[Entry]:
    try:
        for number, url in enumerate(ijson.items(Unmarked(document), PATH, buf_size=READ_BYTES), 1):
            yield Entry(number=number, cells=[url.strip()[: MAX_TEXT + 1] if isinstance(url, str) else ""])
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise UnreadableDocument(f"It is not JSON as a HAR is: {why(error)}.") from None


def why(error: ijson.JSONError | UnicodeDecodeError) -> str:
    """What is wrong with the JSON, in one line: the parser says it in bytes, with a drawing of the place below."""
    told = error.args[0]
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(error)
    return text.partition("\n")[0].removesuffix(".")


class Unmarked:
    """A document without the byte order mark that it may begin with."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        begins, content = self._document.position == 0, bytearray()
        while size and (piece := self._document.read(size - len(content))):
            content += piece
        return bytes(content.removeprefix(BOM_UTF8) if begins else content)
