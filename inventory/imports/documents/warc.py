"""Web archives (WARC, ISO 28500), by warcio: the URLs of what was requested and received."""

from __future__ import annotations

from collections.abc import Iterator

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from inventory.imports.documents.model import MAX_TEXT, Document, DocumentKind, Entry, Found, UnreadableDocument

EXCHANGES = ("response", "revisit", "request", "resource")

NO_PAGE = ("urn:", "dns:", "metadata:", "about:", "whois:")
"""How the URIs begin of what programs note beside the exchanges. They are not rows, but they count."""


def read(document: Document) -> Found:
    """The target URI of each exchange: a request and a response of the same URI that follow each other are one."""
    return DocumentKind(shape="warc", column="WARC-Target-URI"), _entries(document)


def _entries(document: Document) -> Iterator[Entry]:
    number, last = 0, ("", "")
    try:
        for record in ArchiveIterator(document, no_record_parse=True):
            kind = record.rec_type
            if kind not in EXCHANGES:
                continue
            uri = (record.rec_headers.get_header("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")
            if uri == last[1] and {kind, last[0]} in ({"request", "response"}, {"request", "revisit"}):
                last = ("", "")
                continue
            number, last = number + 1, (kind, uri)
            if uri.lower().startswith(NO_PAGE):
                continue
            yield Entry(number=number, cells=[uri[: MAX_TEXT + 1]])
    except (ArchiveLoadFailed, EOFError, ValueError) as error:
        raise UnreadableDocument(f"It is not a WARC file beyond entry {number:,}: {str(error)[:200]}.") from None
