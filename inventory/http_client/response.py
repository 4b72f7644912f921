"""A response on a connection: its head and body read within the deadline, framed by RFC 9112 and by nothing laxer.

http.client takes a head or a body that was cut for a whole one, and reads sizes that are none. Only its connection is used
here: each wait for it gets what the deadline has left.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
from collections.abc import Iterator

from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.head import FieldReader, Fields, Head, capped

LONGEST_LINE = 65_536
MOST_LINES = 2_000
MOST_HEAD = 1024 * 1024
"""Limits of one head, in bytes and lines; what is over them is `invalid_response`."""

PIECE = 64 * 1024

_STATUS_LINE = re.compile(rb"HTTP/(\d\.\d)[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?")
_LENGTH = re.compile("[0-9]{1,18}")
"""Of more digits are no bytes that anybody sends, and thousands of them take Python longer than it is willing to."""
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class _TimedReader(io.RawIOBase):
    """The socket's bytes; each read waits no longer than the deadline leaves. `shut` stops it from reading on."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self.shut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        if self.shut:
            return 0
        self._sock.settimeout(self._deadline.left())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            raise self._deadline.passed() from None

    def close(self) -> None:
        super().close()
        self._raw.close()


class Response(http.client.HTTPResponse):
    """One response on a connection: `head` once begun, then `pieces()` of the body; `complete` when all of it was read."""

    head: Head
    transfer_codings: list[str]
    trailers: Fields = ()
    trailer_defects: tuple[str, ...] = ()
    complete = False

    def __init__(self, sock: socket.socket, method: str | None, deadline: Deadline) -> None:
        super().__init__(sock, method=method)
        self._timed = _TimedReader(self.fp.detach(), sock, deadline)
        self.fp = io.BufferedReader(self._timed, PIECE)
        self._deadline = deadline
        self.first_byte_at: float | None = None

    def begin(self, *_: object, **__: object) -> None:
        """Read the head of the final response; those before it (1xx) are passed over."""
        status = 100
        while status // 100 == 1 and status != 101:
            version, status, reason = self._status_line()
            fields, defects = self._field_lines()
        self.head = Head(status, reason, version, fields, ())
        self._frame(defects)
        self.head = Head(status, reason, version, fields, tuple(capped(defects)))
        self.status = self.code = status
        self.version = 10 if version == "1.0" else 11
        self.reason = reason
        # urllib3 gets no headers to read: framing and decoding are decided here and nowhere else.
        self.headers = self.msg = http.client.HTTPMessage()

    def pieces(self) -> Iterator[bytes]:
        """The body without its framing; `SourceFailure` with code `incomplete_response` when it ends too early."""
        if self.chunked:
            yield from self._chunks()
        elif self.length is not None:
            yield from self._exactly(self.length)
        else:
            while piece := self._read(PIECE):
                yield piece
        self.complete = True

    def leftover(self) -> bool:
        """Whether bytes that came with a complete answer stand behind its end."""
        self._timed.shut = True
        return self.complete and bool(self.fp.peek(1))

    def reusable(self) -> bool:
        """Whether the connection may carry another request: all was read, and nothing stands behind it."""
        return self.complete and not self.will_close and not self.leftover()

    def _status_line(self) -> tuple[str, int, str]:
        line = self._line("status line")
        if self.first_byte_at is None:
            self.first_byte_at = self._deadline.now()
        if not line:
            raise _invalid("the connection was closed without an answer")
        match = _STATUS_LINE.fullmatch(line.rstrip(b"\r\n"))
        if match is None or not match[1].startswith(b"1."):
            raise _invalid("its first line is not the status line of HTTP/1.x", line)
        if not line.endswith(b"\n"):
            raise incomplete("the answer ends inside its status line")
        return match[1].decode(), int(match[2]), (match[3] or b"").decode("latin-1").strip()

    def _field_lines(self) -> tuple[Fields, list[str]]:
        reader = FieldReader()
        size = 0
        for number in range(1, MOST_LINES + 2):
            line = self._line("header line")
            size += len(line)
            if not line.endswith(b"\n"):
                raise incomplete("it ends inside its headers or trailers")
            if line in (b"\r\n", b"\n"):
                return reader.end()
            if size > MOST_HEAD:
                break
            reader.add(number, line)
        raise _invalid(f"the headers exceed {MOST_LINES} lines or {MOST_HEAD} bytes")

    def _frame(self, defects: list[str]) -> None:
        """Decide where the body ends (RFC 9112, section 6.3)."""
        head = self.head
        codings = [name.strip().lower() for value in head.values("transfer-encoding") for name in value.split(",")]
        lengths = {length.strip(" \t") for value in head.values("content-length") for length in value.split(",")}
        self.chunked = codings[-1:] == ["chunked"]
        self.transfer_codings = [name for name in codings if name != "chunked"]
        self.chunk_left = self.length = None
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
            raise _invalid("Content-Length is not one number of bytes", ", ".join(sorted(lengths)))
        if codings and lengths:
            defects.append("Transfer-Encoding and Content-Length together; Content-Length was not used")
        if head.status in (204, 304) or head.status < 200:
            self.chunked, self.length = False, 0
        elif lengths and not codings:
            self.length = int(lengths.pop())
        self.complete = self.length == 0
        options = {option.strip().lower() for value in head.values("connection") for option in value.split(",")}
        unclear = bool(codings and lengths) or (not self.chunked and self.length is None) or head.status < 200
        self.will_close = unclear or head.http_version == "1.0" or "close" in options

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self._line("chunk size")
            match = _CHUNK_SIZE.fullmatch(line.rstrip(b"\r\n"))
            if match is None or not line.endswith(b"\n"):
                raise incomplete("a chunk does not begin with its size", line)
            if not (size := int(match[1], 16)):
                break
            yield from self._exactly(size)
            if self._line("end of a chunk").strip(b"\r\n"):
                raise incomplete("a chunk is longer than it says")
        self.trailers, defects = self._field_lines()
        self.trailer_defects = tuple(f"trailers: {defect}" for defect in capped(defects))

    def _exactly(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._read(min(left, PIECE))
            if not piece:
                raise incomplete(f"the answer ends {left} bytes too early")
            left -= len(piece)
            yield piece

    def _read(self, most: int) -> bytes:
        self._deadline.left()
        return self.fp.read1(most)

    def _line(self, what: str) -> bytes:
        self._deadline.left()
        line = self.fp.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise _invalid(f"a {what} is longer than {LONGEST_LINE} bytes")
        return line


def incomplete(what: str, line: bytes | str = "") -> SourceFailure:
    """An answer that began well and was cut; `line` is what shows it."""
    return SourceFailure("incomplete_response", f"Not all of the answer came: {what}", evidence=_evidence(line))


def _invalid(what: str, line: bytes | str = "") -> SourceFailure:
    detail = f"The answer is not HTTP that can be read: {what}"
    return SourceFailure("invalid_response", detail, permanent=True, evidence=_evidence(line))


def _evidence(line: bytes | str) -> dict[str, str]:
    """What was sent in place of HTTP: a server of another protocol tells its name in it, and the caller who made us ask is
    not to read that."""
    return {"received": repr(line[:100])} if line else {}
