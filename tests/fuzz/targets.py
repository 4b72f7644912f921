"""What may be fed any bytes: each target returns, or raises what its reader promises; any other exception is a finding."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from inventory import json_bytes, urls
from inventory.access import scopes
from inventory.access.key_text import digest_of, is_key_text
from inventory.access.service import sent_key
from inventory.archive.exchanges import Rejected
from inventory.archive.imported import ArchiveReader
from inventory.errors import InvalidRequest, SourceFailure
from inventory.http_client import codings, cookie_dates, cookies, redirects
from inventory.http_client.certificate import CertificateReader
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.framing import chunk_size
from inventory.http_client.guard import Guard
from inventory.http_client.head import Head
from inventory.http_client.response_reader import ResponseReader
from inventory.http_client.retry_after import MAX_PAUSE, target_pause
from inventory.http_client.transport import Request, RequestTiming, Response
from inventory.imports.documents import har_captures, warc_captures
from inventory.imports.documents.model import Document, Extent, UnreadableDocument
from inventory.observations import extraction
from inventory.products.paginators import LinkHeader, Page
from inventory.records.model import Content
from inventory.records.schemas import FAILURES
from inventory.records.source import Collected
from inventory.webpages.cookies import cookies_of
from inventory.webpages.source import Webpage, page_source
from tests.http_client.raw import reader_of

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
URL = urls.parse("https://a.test/b/c?d")
NEXT_ANSWER = b"\n--\n"
"""Between the answers to one request and the next."""


class Answers:
    """A transport without a network: each request is answered by the next bytes."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers
        self._number = 0

    def send(self, request: Request) -> Response:
        sent = self._answers[min(self._number, len(self._answers) - 1)]
        self._number += 1
        reader: ResponseReader = reader_of(sent)
        reader.read_head()
        return Response(reader=reader, remote_address="192.0.2.1", tls=None, timing=RequestTiming(), close=lambda: None)


def response(data: bytes) -> None:
    """A collection and its refresh, from bytes to JSON; the first byte limits the body."""
    limit, answers = (data[:1] or b"\0")[0] * 16, data[1:].split(NEXT_ANSWER)
    found = collected(answers, limit, None)
    again = collected(answers[::-1], limit, None if isinstance(found, str) else found.content)
    for each in (found, again):
        if isinstance(each, str):
            assert each in FAILURES
            assert each != "internal_fault"
        else:
            json_bytes.dumps({**each.content, "cookies": cookies_of(each.content)})
            assert each.body is None or isinstance(page_source(each.body, each.content), str)


def collected(answers: list[bytes], limit: int, previous: Content | None) -> Collected | str:
    """What a collection makes of these answers, or the code of its failure."""
    webpage = Webpage(Fetcher(Answers(answers), deadline=60, body_limit=limit), Guard(), clock=lambda: NOW)
    try:
        return webpage.collect(URL.href, previous)
    except SourceFailure as failure:
        return failure.code


def chunk(data: bytes) -> None:
    """A line with the size of a chunk."""
    read = chunk_size(data.replace(b"\n", b"") + b"\n")
    assert read is None or 0 <= read[0] < 16**15


def certificate(data: bytes) -> None:
    """A certificate."""
    read = CertificateReader(data)
    json_bytes.dumps([read.subject, read.issuer, read.names, read.defects])
    assert read.defects or (read.not_before and read.not_after)


def cookie(data: bytes) -> None:
    """A `Set-Cookie` line."""
    found = cookies.parse(data.decode("latin-1"), URL)
    json_bytes.dumps([found.name, found.value, found.domain, found.path, found.max_age, found.reason])


def date(data: bytes) -> None:
    """A cookie date, which `Retry-After` may be too."""
    text = data.decode("latin-1")
    cookie_dates.parse(text)
    pause = target_pause(Head(503, "", "1.1", (("Retry-After", text),), ()), NOW)
    assert pause is not None
    assert 0 <= pause <= MAX_PAUSE


def link(data: bytes) -> None:
    """A `Link` header."""
    found = LinkHeader().next(Page("https://a.test/", None, 1, (data.decode("latin-1"),)))
    assert found is None or isinstance(found, str)


def location(data: bytes) -> None:
    """A `Location` header."""
    text = redirects.location(Head(302, "", "1.1", (("Location", data.decode("latin-1")),), ()))
    with contextlib.suppress(SourceFailure):
        if text is not None:
            redirects.following(URL, text)


def text(data: bytes) -> None:
    """A body, and the `Content-Type` before its first newline; the last byte limits what is kept."""
    content_type, _, body = data.partition(b"\n")
    response(data[-1:] + b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\n\r\n" + body)


def coding(data: bytes) -> None:
    """A body in the coding that its first byte chooses; no more is made of it than a little."""
    name = ("gzip", "deflate", "br", "zstd")[(data[:1] or b"\0")[0] % 4]
    made = 0
    with contextlib.suppress(codings.Undecodable, codings.EndedEarly, codings.TrailingBytes):
        for piece in codings.undo(iter([data[1:9], data[9:]]), [name]):
            made += len(piece)
            if made > codings.CHUNK_BYTES * 4:
                return


def scope(data: bytes) -> None:
    """The text of a scope."""
    with contextlib.suppress(InvalidRequest):
        found = scopes.read_scope("scopes", data.decode("utf-8", "surrogateescape"))
        assert scopes.read_scope("scopes", scopes.text_of(found)) == found


def key(data: bytes) -> None:
    """The headers that may have a key, one before the first newline and one after."""
    authorization, _, x_api_key = data.decode("latin-1").partition("\n")
    sent = sent_key(authorization, x_api_key)
    assert sent is None or not is_key_text(sent) or len(digest_of(sent)) == 64


def archive(data: bytes) -> None:
    """A file of the format that its first byte chooses, from bytes to snapshots."""
    read = har_captures.read if data[:1] == b"h" else warc_captures.read
    source = Webpage(Fetcher(Answers([]), deadline=60, body_limit=100), Guard())
    reader = ArchiveReader(source=source, body_limit=100, now=NOW)
    with contextlib.suppress(UnreadableDocument):
        for entry in read(Document(io.BytesIO(data[1:]), Extent(), lambda _: None))[1]:
            if len(entry.cells) == 2:
                with contextlib.suppress(Rejected):
                    past = reader.read(entry.cells[0], entry.cells[1]).past
                    json_bytes.dumps({**past.snapshot.content, "cookies": cookies_of(past.snapshot.content)})
                    extraction.of_snapshot(past.target, past.snapshot.content)
                    assert isinstance(page_source(past.body, past.snapshot.content), str)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (response, chunk, certificate, cookie, date, link, location, text, coding, scope, key, archive)
}
