"""Lists of URLs in XML: sitemaps and their indexes, RSS and Atom feeds, items saved by Burp; streamed through expat.

No entity is expanded that the document declares itself, and nothing outside of the document is read.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from inventory.imports.documents.model import MAX_TEXT, READ_BYTES, Document, DocumentKind, Entry, Found, UnreadableDocument

MAX_DEPTH, MAX_NAMES = 200, 10_000
"""Elements that may be open at once, and different names of elements and attributes: expat keeps all of them."""
MAX_TAG = 2 * 1024 * 1024
BLANK = b" \t\r\n"
BOM = b"\xef\xbb\xbf"
NO_UTF16 = re.compile(rb"\A(<\?xml[^>]{1,100}encoding=.)utf-16", re.IGNORECASE)
"""A declaration that cannot be true, because it is not in UTF-16 itself; browsers take such a document for UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of list: its entries are elements `entry`, whose elements `value` have a URL as text or in an attribute.

    Where an entry has none of them, the first of its elements `instead` counts, whatever its prefix.
    """

    name: str
    entry: str
    value: str
    attribute: str | None = None
    instead: tuple[str, ...] = ()


SHAPES: Mapping[str, Shape] = {
    "urlset": Shape(name="sitemap", entry="url", value="loc"),
    "sitemapindex": Shape(name="sitemap_index", entry="sitemap", value="loc"),
    "rss": Shape(name="rss", entry="item", value="link", instead=("link", "guid")),
    "RDF": Shape(name="rss", entry="item", value="link"),
    "feed": Shape(name="atom", entry="entry", value="link", attribute="href"),
    "items": Shape(name="burp", entry="item", value="url"),
}
"""By the name of the outermost element, without a prefix."""
WAYS_OUT = {"html": " Name a page .html.", "opml": " Of a list of feeds these are in xmlUrl or htmlUrl."}


def read(document: Document) -> Found:
    """The URLs of the entries in order; an entry without one is an empty text."""
    parsing = _Parsing(document)
    while parsing.shape is None and parsing.go_on():
        pass
    if parsing.shape is None:
        raise parsing.error or UnreadableDocument("The XML ends before its first element.")
    kind = DocumentKind(shape=parsing.shape.name, encoding=parsing.encoding, column=parsing.shape.value)
    return kind, parsing.entries()


class _Parsing:
    """One pass of expat over a document."""

    def __init__(self, document: Document) -> None:
        self.shape: Shape | None = None
        self.encoding = "utf-8"
        self.error: UnreadableDocument | None = None
        """What ended it before the end of the document; what was found before it counts."""
        self._document = document
        self._open: list[str] = []
        self._names: dict[str, str] = {}
        self._text: list[str] | None = None
        self._instead = ""
        self._characters = self._text_depth = self._values = self._parsed = 0
        self._found = deque[str]()
        self._parser = ParserCreate(intern=self._names)
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declared
        self._parser.EntityDeclHandler = self._refused
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.CharacterDataHandler = self._said

    def go_on(self) -> bool:
        """Parse the next piece; False if it was the last one."""
        piece = self._document.read(READ_BYTES)
        if not self._parsed:
            if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
                self.encoding = "utf-16"
            piece = piece.removeprefix(BOM).lstrip(BLANK) if piece.strip() else piece  # no declaration comes after blanks
            piece = NO_UTF16.sub(rb"\1utf-8", piece, count=1)
        try:
            self._parser.Parse(piece, not piece)
            self._parsed += len(piece)
            self._check()
        except (ExpatError, ValueError, LookupError) as error:
            self.error = UnreadableDocument(f"It is not well-formed XML: {error}. Correct it, or send a .txt.")
        except UnreadableDocument as error:
            self.error = error
        return bool(piece) and self.error is None

    def entries(self) -> Iterator[Entry]:
        """What was found, and what the rest of the document has."""
        number, more = 0, self.error is None
        while True:
            while self._found:
                number += 1
                yield Entry(number=number, cells=[self._found.popleft()])
            if not more:
                break
            more = self.go_on()
        if self.error is not None:
            raise self.error

    def _check(self) -> None:
        """`UnreadableDocument` if expat would need much memory or time: it reads an unfinished tag again with each piece."""
        if len(self._names) > MAX_NAMES:
            raise UnreadableDocument(f"The XML has more than {MAX_NAMES:,} names of elements and attributes.")
        if self._parsed - self._parser.CurrentByteIndex > MAX_TAG:
            raise UnreadableDocument(f"The XML has a tag or a comment of more than {MAX_TAG:,} bytes.")

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding = (encoding or self.encoding).lower()

    def _refused(self, *declaration: object) -> NoReturn:
        raise UnreadableDocument("The XML declares entities, which are not expanded. Save it without them.")

    def _started(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._open:
            self._begin(name)
        assert self.shape is not None
        self._open.append(name)
        if len(self._open) > MAX_DEPTH:
            raise UnreadableDocument(f"The XML has more than {MAX_DEPTH} elements in each other.")
        if _local(name) == self.shape.entry:
            self._values, self._instead = 0, ""
        elif self.shape.instead and self._is_instead(name, attributes):
            self._text, self._characters, self._text_depth = [], 0, len(self._open)
        elif self._is_value(name):
            if self.shape.attribute is None:
                self._text, self._characters, self._text_depth = [], 0, len(self._open)
            elif attributes.get("rel", "alternate") == "alternate":
                self._keep(attributes.get(self.shape.attribute, ""))

    def _begin(self, root: str) -> None:
        self.shape = SHAPES.get(_local(root))
        if self.shape is None:
            raise UnreadableDocument(
                f"The XML is a {_local(root)[:40]!r}. Send a sitemap, a sitemap index, a feed (RSS, Atom), or items of Burp;"
                f" or save its URLs as .txt, one a line.{WAYS_OUT.get(_local(root), '')}"
            )

    def _is_value(self, name: str) -> bool:
        """Whether it is in an entry, of the same vocabulary: `image:loc` is none."""
        assert self.shape is not None
        prefix, _, local = name.rpartition(":")
        outer, _, parent = self._open[-2].rpartition(":") if len(self._open) > 1 else ("", "", "")
        return local == self.shape.value and parent == self.shape.entry and prefix == outer

    def _is_instead(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Whether it may be the value of an entry without one; a guid is, unless it says that it leads nowhere."""
        assert self.shape is not None
        if _local(name) not in self.shape.instead or self._instead or self._values or self._is_value(name):
            return False
        is_in_entry = len(self._open) > 1 and _local(self._open[-2]) == self.shape.entry
        return is_in_entry and attributes.get("isPermaLink") != "false"

    def _ended(self, name: str) -> None:
        assert self.shape is not None
        if self._text is not None and len(self._open) == self._text_depth:
            text, self._text = "".join(self._text), None
            if self._is_value(name):
                self._keep(text)
            else:
                self._instead = text.strip()
        elif _local(name) == self.shape.entry and not self._values:
            self._keep(self._instead)
        self._open.pop()

    def _said(self, text: str) -> None:
        if self._text is not None and self._characters <= MAX_TEXT:
            self._text.append(text)
            self._characters += len(text)

    def _keep(self, text: str) -> None:
        self._values += 1
        self._found.append(text.strip()[: MAX_TEXT + 1])


def _local(name: str) -> str:
    return name.rpartition(":")[2]
