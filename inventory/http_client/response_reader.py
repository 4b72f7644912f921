"""Reads one response from a connection within the deadline, framed as RFC 9112 says and in no laxer way."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterator

from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.head import FieldReader, Fields, Head, capped

MAX_LINE_BYTES = 65_536
MAX_HEAD_LINES = 2_000
MAX_HEAD_BYTES = 1024 * 1024

CHUNK_BYTES = 64 * 1024
"""The most that is read at once."""

_STATUS_LINE = re.compile(rb"HTTP/(\d\.\d)[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?")
_LENGTH = re.compile("[0-9]{1,18}")
"""Nobody sends more bytes than that, and Python refuses to convert thousands of digits."""
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class SocketReader(io.RawIOBase):
    """The bytes of a socket; each read waits no longer than the deadline leaves. `stopped` keeps it from reading on.

    `failure_of` says what an error of the socket is raised as.
    """

    def __init__(
        self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline, failure_of: Callable[[Exception], SourceFailure]
    ) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._failure_of = failure_of
        self.stopped = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        if self.stopped:
            return 0
        self._sock.settimeout(self._deadline.left())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            raise self._deadline.passed() from None
        except (OSError, ValueError) as error:
            raise self._failure_of(error) from error

    def close(self) -> None:
        super().close()
        self._raw.close()


class ResponseReader:
    """One response: `head` once `read_head` returned, then `pieces()` of the body; `complete` once all of it was read."""

    head: Head
    first_byte_at: float | None = None
    transfer_codings: list[str]
    trailers: Fields = ()
    complete = False
    will_close: bool

    def __init__(self, source: SocketReader, deadline: Deadline) -> None:
        self.file = io.BufferedReader(source, CHUNK_BYTES)
        self._source = source
        self._deadline = deadline
        self._chunked = False
        self._length: int | None = None
        self._trailer_defects: list[str] = []

    def read_head(self) -> None:
        """Read the head of the final response; interim ones (1xx) are skipped."""
        status = 100
        while status // 100 == 1 and status != 101:
            version, status, reason = self._status_line()
            fields, defects = self._field_lines()
        self.head = Head(status, reason, version, fields, ())
        self._frame(defects)
        self.head = Head(status, reason, version, fields, tuple(capped(defects)))

    def pieces(self) -> Iterator[bytes]:
        """The body without its framing; `SourceFailure` with code `incomplete_response` when it ends too early."""
        if self._chunked:
            yield from self._chunks()
        elif self._length is not None:
            yield from self._exactly(self._length)
        else:
            while piece := self._read(CHUNK_BYTES):
                yield piece
        self.complete = True

    def defects(self) -> list[str]:
        """What was wrong after the body: with its trailers, and bytes that came after the end of the response."""
        surplus = ["bytes after the end of the response were ignored"] if self._surplus() else []
        return [*(f"trailers: {defect}" for defect in capped(self._trailer_defects)), *surplus]

    def reusable(self) -> bool:
        """Whether the connection may carry another request: all was read, and nothing came after it."""
        return self.complete and not self.will_close and not self._surplus()

    def _surplus(self) -> bool:
        """Whether bytes came with a complete response that are not part of it."""
        self._source.stopped = True
        return self.complete and bool(self.file.peek(1))

    def _status_line(self) -> tuple[str, int, str]:
        line = self._line("status line")
        if self.first_byte_at is None:
            self.first_byte_at = self._deadline.now()
        if not line:
            raise _invalid("the connection was closed without a response")
        match = _STATUS_LINE.fullmatch(line.rstrip(b"\r\n"))
        if match is None or not match[1].startswith(b"1."):
            raise _invalid("its first line is not the status line of HTTP/1.x", line)
        if not line.endswith(b"\n"):
            raise _incomplete("it ends inside its status line")
        return match[1].decode(), int(match[2]), (match[3] or b"").decode("latin-1").strip()

    def _field_lines(self) -> tuple[Fields, list[str]]:
        reader = FieldReader()
        size = 0
        for number in range(1, MAX_HEAD_LINES + 2):
            line = self._line("header line")
            size += len(line)
            if not line.endswith(b"\n"):
                raise _incomplete("it ends inside its headers or trailers")
            if line in (b"\r\n", b"\n"):
                return reader.end()
            if size > MAX_HEAD_BYTES:
                break
            reader.add(number, line)
        raise _invalid(f"the headers exceed {MAX_HEAD_LINES} lines or {MAX_HEAD_BYTES} bytes")

    def _frame(self, defects: list[str]) -> None:
        """Decide where the body ends (RFC 9112, section 6.3)."""
        head = self.head
        codings = [name.strip().lower() for value in head.values("transfer-encoding") for name in value.split(",")]
        lengths = {length.strip(" \t") for value in head.values("content-length") for length in value.split(",")}
        self._chunked = codings[-1:] == ["chunked"]
        self.transfer_codings = [name for name in codings if name != "chunked"]
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
            raise _invalid("Content-Length is not one number of bytes", ", ".join(sorted(lengths)))
        if codings and lengths:
            defects.append("Transfer-Encoding and Content-Length together; Content-Length was ignored")
        if head.status in (204, 304) or head.status < 200:
            self._chunked, self._length = False, 0
        elif lengths and not codings:
            self._length = int(lengths.pop())
        self.complete = self._length == 0
        options = {option.strip().lower() for value in head.values("connection") for option in value.split(",")}
        unclear = bool(codings and lengths) or (not self._chunked and self._length is None) or head.status < 200
        self.will_close = unclear or head.http_version == "1.0" or "close" in options

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self._line("chunk size")
            match = _CHUNK_SIZE.fullmatch(line.rstrip(b"\r\n"))
            if match is None or not line.endswith(b"\n"):
                raise _incomplete("a chunk does not begin with its size", line)
            if not (size := int(match[1], 16)):
                break
            yield from self._exactly(size)
            if self._line("end of a chunk").strip(b"\r\n"):
                raise _incomplete("a chunk is longer than it says")
        self.trailers, self._trailer_defects = self._field_lines()

    def _exactly(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._read(min(left, CHUNK_BYTES))
            if not piece:
                raise _incomplete(f"it ends {left} bytes too early")
            left -= len(piece)
            yield piece

    def _read(self, limit: int) -> bytes:
        self._deadline.left()
        return self.file.read1(limit)

    def _line(self, what: str) -> bytes:
        self._deadline.left()
        line = self.file.readline(MAX_LINE_BYTES + 1)
        if len(line) > MAX_LINE_BYTES:
            raise _invalid(f"a {what} is longer than {MAX_LINE_BYTES} bytes")
        return line


def _incomplete(what: str, line: bytes | str = "") -> SourceFailure:
    """A response that began well and was cut; `line` is what shows it."""
    return SourceFailure("incomplete_response", f"The response is incomplete: {what}", evidence=_evidence(line))


def _invalid(what: str, line: bytes | str = "") -> SourceFailure:
    detail = f"The response is not valid HTTP: {what}"
    return SourceFailure("invalid_response", detail, permanent=True, evidence=_evidence(line))


def _evidence(line: bytes | str) -> dict[str, str]:
    """For the log alone: in place of HTTP, a server of another protocol may send its name."""
    return {"received": repr(line[:100])} if line else {}
