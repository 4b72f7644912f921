"""What a response in a web archive becomes: the content of a snapshot, by the code that reads fetched ones."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from inventory.clock import EPOCH
from inventory.errors import SourceFailure
from inventory.http_client import codings, cookies, redirects
from inventory.http_client.body import Body, read_body
from inventory.http_client.failures import invalid_response
from inventory.http_client.fetched import Fetched, Hop, Timing
from inventory.http_client.framing import chunk_size
from inventory.http_client.head import Fields, Head
from inventory.http_client.head_reader import read_field_lines, read_final_head
from inventory.http_client.jar import Jar
from inventory.http_client.response_reader import CHUNK_BYTES, MAX_LINE_BYTES
from inventory.records.model import Content
from inventory.urls import Url, known
from inventory.webpages.content import content_of, revalidated
from inventory.webpages.source import kept_body

ORIGINAL = "x-archive-orig-"
"""What archives put before the names of lines that are not true of the body that they keep, in lower case."""
OF_CRAWLERS = {"x-orig-content-encoding", "x-orig-transfer-encoding"}
"""The same as warcio.js has it, and so Browsertrix and ArchiveWeb.page. Other names that begin so are those of servers."""
TIMES = ("elapsed_ms", "dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms")
_CODED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd begin: such a body is coded, and broken."""
_MAX_CHUNK_LINE = 1_024
_known_size = lru_cache(maxsize=256)(chunk_size)  # a server's chunks mostly are of a few sizes
_NO_PAGE = known("http://name.invalid/")
_LENGTH = re.compile("[0-9]{1,18}")
_LATER = re.compile(rb"HTTP/([23])(?:\.0)?(?=[ \t])")
"""How archives name later versions of HTTP, whose heads have no status line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A response as an archive has it; None stands for what it does not tell.

    `payload` follows the head. It is framed and coded as the head says, unless it `is_plain`. Of `is_cut` more was received.
    `times` are milliseconds by the names of a snapshot.
    """

    url: Url
    at: datetime
    head: Head
    payload: bytes
    is_plain: bool = False
    is_cut: bool = False
    request: Fields | None = None
    address: str | None = None
    times: Mapping[str, float | None] | None = None


def read_block(block: bytes) -> tuple[Head, bytes]:
    """The head of the final response in a block of HTTP, and what follows it; `SourceFailure` if it has none."""
    later = _LATER.match(block)
    file = io.BytesIO(b"HTTP/1.1" + block[later.end() :] if later else block)

    def line(what: str) -> bytes:
        found = file.readline(MAX_LINE_BYTES + 1)
        if len(found) > MAX_LINE_BYTES:
            raise invalid_response(f"a {what} is longer than {MAX_LINE_BYTES} bytes")
        return found

    head = read_final_head(line)
    return replace(head, http_version=later[1].decode()) if later else head, file.read()


def read_request(block: bytes) -> Fields:
    """The header lines of a request; none of one that cannot be read."""
    file = io.BytesIO(block)
    file.readline(MAX_LINE_BYTES)
    try:
        return read_field_lines(lambda _: file.readline(MAX_LINE_BYTES)).fields
    except SourceFailure:
        return ()


def content_and_body(archived: Archived, limit: int) -> tuple[dict[str, Any], bytes]:
    """The content of a snapshot, and the bytes of the body that are kept: at most `limit`."""
    fetched = _fetched(archived, limit)
    kept, text = kept_body(fetched)
    return _as_told(content_of(fetched, kept, text), archived), kept


def confirmed(archived: Archived, original: Archived, limit: int) -> tuple[dict[str, Any], bytes]:
    """The content of a snapshot that a 304 confirmed, and the body, which is that of the `original` response."""
    previous, body = content_and_body(original, limit)
    return _as_told(revalidated(previous, _fetched(archived, limit)), archived), body


def with_body_of(archived: Archived, original: Archived, limit: int) -> tuple[dict[str, Any], bytes]:
    """The content of a snapshot whose body an earlier response of the archive has, as that one is framed and coded."""
    fetched = replace(_fetched(archived, limit), body=_fetched(original, limit).body)
    kept, text = kept_body(fetched)
    return _as_told(content_of(fetched, kept, text), archived), kept


def undone(payload: bytes, content: Mapping[str, Any]) -> bytes:
    """The body that a snapshot of the inventory names, where the archive has it as it was sent; else the payload."""
    about = content["body"]
    if hashlib.sha256(payload).hexdigest() == about["sha256"] or not isinstance(about.get("wire"), Mapping):
        return payload
    fields = tuple(
        (line["name"], line["value"]) for line in content["headers"] if line["name"].lower() == "content-encoding"
    )
    head = Head(200, "", "1.1", fields, ())
    return read_body(_Payload(Archived(url=_NO_PAGE, at=EPOCH, head=head, payload=payload)), about["size"]).content


def cut(content: Mapping[str, Any], body: bytes, limit: int) -> tuple[Content, bytes]:
    """A content of the inventory with its body, of which at most `limit` bytes are kept."""
    if len(body) <= limit:
        return content, body
    kept = body[:limit]
    about = {**content["body"], "sha256": hashlib.sha256(kept).hexdigest(), "size": len(kept), "truncated": True}
    return {**content, "body": about}, kept


def _fetched(archived: Archived, limit: int) -> Fetched:
    head = archived.head
    source = _Payload(archived)
    body = _body(source, limit)
    if archived.is_cut and not body.truncated:
        body = replace(body, truncated=True, defects=(*body.defects, "the archive has only a part of the body"))
    fields = tuple((_turned_back(name), value) for name, value in head.fields)
    head = replace(head, fields=fields, defects=(*head.defects, *redirects.defects(head)))
    lines = [(one, line) for one in (*head.interim, head) for line in one.values("set-cookie")]
    read = [cookies.parse(line, archived.url, interim=one is not head) for one, line in lines[: cookies.MAX_COOKIES]]
    unread = len(lines[cookies.MAX_COOKIES :])
    kept = Jar().keep(read, archived.at)
    hop = Hop(archived.url, head, kept, archived.address or "", None, unread, sent=archived.request or ())
    return Fetched((), hop, body, source.trailers, Timing(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))


def _body(source: _Payload, limit: int) -> Body:
    """The body of a payload. Many archives keep it decoded and its head as it was."""
    body = read_body(source, limit)
    if body.undecoded is None or body.content.startswith(_CODED):
        return body
    defect = f"the archive has the body without the {body.undecoded} coding that its head names"
    others = [each for each in body.defects if not each.startswith(f"the {body.undecoded} coding could not be undone")]
    return replace(body, undecoded=None, defects=(defect, *others))


def _turned_back(name: str) -> str:
    if name.lower() in OF_CRAWLERS:
        return name[len("x-orig-") :]
    return name[len(ORIGINAL) :] if name.lower().startswith(ORIGINAL) else name


def _as_told(content: dict[str, Any], archived: Archived) -> dict[str, Any]:
    """The content without what the archive does not tell."""
    response = content["response"]
    times = archived.times or {}
    response |= {name: times.get(name) for name in TIMES} | {"remote_address": archived.address}
    if archived.request is None:
        del response["request"]
    return content


class _Payload:
    """A payload as `read_body` reads it: it ends where its record does, whatever the head says of its length."""

    def __init__(self, archived: Archived) -> None:
        self.head = replace(archived.head, fields=()) if archived.is_plain else archived.head
        self.abrupt_end = False
        self.trailers: Fields = ()
        self._archived = archived
        self._defects: list[str] = []
        named = codings.names(self.head.values("transfer-encoding"))
        self._is_chunked = named[-1:] == ["chunked"]
        self.transfer_codings = tuple(name for name in named if name != "chunked")

    def pieces(self) -> Iterator[bytes]:
        """The body without its framing, if the archive has that."""
        self._defects = []
        payload = self._archived.payload
        if self._is_chunked and payload:
            size = chunk_size(payload[:_MAX_CHUNK_LINE].partition(b"\n")[0])
            if size is not None:
                yield from self._chunks(io.BytesIO(payload))
                return
            self._defects.append("the archive has the body without the chunks that its head names")
        elif not self._is_chunked:
            self._compare_length(len(payload))
        for start in range(0, len(payload), CHUNK_BYTES):
            yield payload[start : start + CHUNK_BYTES]

    def defects(self) -> list[str]:
        """What was wrong with the framing."""
        return self._defects

    def _chunks(self, file: io.BytesIO) -> Iterator[bytes]:
        """The chunks, small ones together: each piece takes whoever reads it longer than its bytes."""
        together = bytearray()
        for piece in self._each_chunk(file):
            together += piece
            if len(together) >= CHUNK_BYTES:
                yield bytes(together)
                together.clear()
        if together:
            yield bytes(together)

    def _each_chunk(self, file: io.BytesIO) -> Iterator[bytes]:
        while True:
            line = file.readline(_MAX_CHUNK_LINE)
            read = _known_size(line) if len(line) < _MAX_CHUNK_LINE else None  # what is left of a longer one is no data
            if read is None:
                self._end_early("a chunk does not begin with its size")
                return
            if not read[0]:
                break
            piece = file.read(read[0])
            yield piece
            if len(piece) < read[0]:
                self._end_early("it ends inside of a chunk")
                return
            file.readline(3)
        self.trailers = read_field_lines(lambda _: file.readline(MAX_LINE_BYTES)).fields

    def _end_early(self, why: str) -> None:
        self.abrupt_end = True
        self._defects.append(f"the body in the archive is incomplete: {why}")

    def _compare_length(self, size: int) -> None:
        lengths = self.head.values("content-length")
        if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]) or self.head.status in (204, 304) or self._archived.is_cut:
            return
        if int(lengths[0]) != size:
            self._defects.append(f"the head names {lengths[0]} bytes of the body; the archive has {size}")
            self.abrupt_end = int(lengths[0]) > size
