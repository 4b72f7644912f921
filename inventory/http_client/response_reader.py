"""Reads one response from a connection within the deadline. Every byte of its head is kept or quoted."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace

from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.failures import incomplete_response, invalid_response
from inventory.http_client.framing import Framing, chunk_size, framing_of
from inventory.http_client.head import Fields, Head, quoted
from inventory.http_client.head_reader import read_field_lines, read_final_head
from inventory.http_client.plain_head import plain_head

MAX_LINE_BYTES = 65_536 + 1_024
"""A value of 64 KiB, its name, and what is around them."""

CHUNK_BYTES = 64 * 1024
"""The most that is read at once."""

MAX_LATE = 0.1
"""Seconds. Setting the timeout of a socket is a system call: for every read it would be a third of them."""


class SocketReader(io.RawIOBase):
    """The bytes of a socket, which has that `timeout`; a read ends `MAX_LATE` seconds after the deadline at most.

    `failure_of` says what an error of the socket is raised as. `abrupt_end` tells that TLS ended without its close_notify.
    `stopped` keeps it from reading on.
    """

    def __init__(
        self, sock: socket.socket, deadline: Deadline, failure_of: Callable[[Exception], SourceFailure], timeout: float
    ) -> None:
        self._sock = sock
        self._deadline = deadline
        self._failure_of = failure_of
        self._timeout = timeout
        self.stopped = False
        self.abrupt_end = False

    @property
    def holds_more(self) -> bool:
        """Whether TLS has decrypted bytes that were not read: the system does not know of them."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        if self.stopped:
            return 0
        left = self._deadline.left()
        try:
            if abs(self._timeout - left) > MAX_LATE:  # time has passed, or the deadline was extended
                self._timeout = left
                self._sock.settimeout(left)
            return self._sock.recv_into(buffer)
        except TimeoutError:
            raise self._deadline.passed() from None
        except ssl.SSLEOFError:
            self.abrupt_end = self.stopped = True
            return 0
        except (OSError, ValueError) as error:
            raise self._failure_of(error) from error


class ResponseReader:
    """One response: `head` once `read_head` returned, then `pieces()` of the body; `complete` once all of it was read.

    `abrupt_end`: the body ended where TLS did, without its close_notify, so there may have been more (RFC 9112, 9.8).
    """

    head: Head
    first_byte_at: float | None = None
    trailers: Fields = ()
    complete = False
    abrupt_end = False
    will_close: bool
    _framing: Framing

    def __init__(self, source: SocketReader, deadline: Deadline) -> None:
        self.file = io.BufferedReader(source, CHUNK_BYTES)
        self._source = source
        self._deadline = deadline
        self._defects: list[str] = []

    @property
    def transfer_codings(self) -> tuple[str, ...]:
        """Codings of the body besides chunks, last applied last."""
        return self._framing.transfer_codings

    def read_head(self) -> None:
        """Read the head of the final response, with the first of the interim ones (1xx)."""
        head = self._plain_head() or read_final_head(self._line)
        self._framing = framing_of(head)
        defects = self._framing.defects
        self.head = replace(head, defects=(*head.defects, *defects)) if defects else head
        self.will_close = self._framing.will_close
        self.complete = self._framing.length == 0

    def _plain_head(self) -> Head | None:
        found = plain_head(self.file.peek())
        self.first_byte_at = self._deadline.now()
        if found is None:
            return None
        head, size = found
        self.file.read(size)
        return head

    def pieces(self) -> Iterator[bytes]:
        """The body without its framing; `SourceFailure` with code `incomplete_response` when it ends too early."""
        if self._framing.chunked:
            yield from self._chunks()
            self._read_trailers()
        elif self._framing.length is not None:
            yield from self._exactly(self._framing.length)
        else:
            while piece := self._read(CHUNK_BYTES):
                yield piece
            self.abrupt_end = self._source.abrupt_end
        self.complete = True

    def defects(self) -> list[str]:
        """What was wrong with the framing of the body or its trailers, and bytes that came after the end of the response."""
        ended = ["TLS ended without close_notify, and nothing else tells that the body is whole"] if self.abrupt_end else []
        surplus = ["bytes after the end of the response were ignored"] if self._surplus() else []
        return [*self._defects, *ended, *surplus]

    def reusable(self) -> bool:
        """Whether the connection may carry another request: all was read, and nothing came after it."""
        return self.complete and not self.will_close and not self._surplus()

    def _surplus(self) -> bool:
        """Whether bytes came with a complete response that are not part of it."""
        self._source.stopped = True
        return self.complete and (bool(self.file.peek(1)) or self._source.holds_more)

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self._line("chunk size")
            read = chunk_size(line)
            if read is None or not line.endswith(b"\n"):
                raise incomplete_response("a chunk does not begin with its size", line)
            size, well_formed = read
            if not well_formed and not self._defects:  # the first tells enough
                self._defects.append(f"a chunk size is malformed: {quoted(line[:100])}")
            if not size:
                break
            yield from self._exactly(size)
            if self._line("end of a chunk").strip(b"\r\n"):
                raise incomplete_response("a chunk is longer than it says")

    def _read_trailers(self) -> None:
        """Read what follows the last chunk. Without it the body is complete all the same (RFC 9112, section 8)."""
        lines = read_field_lines(self._line)
        self.trailers = lines.fields
        self._defects += [f"trailers: {defect}" for defect in lines.defects]
        if not lines.ended:
            self.will_close = True
            rest = f": {quoted(lines.rest)}" if lines.rest else ""
            self._defects.append(f"the response ends inside its trailers{rest}")

    def _exactly(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._read(min(left, CHUNK_BYTES))
            if not piece:
                raise incomplete_response(f"it ends {left} bytes too early")
            left -= len(piece)
            yield piece

    def _read(self, limit: int) -> bytes:
        self._deadline.left()
        return self.file.read1(limit)

    def _line(self, what: str) -> bytes:
        self._deadline.left()
        line = self.file.readline(MAX_LINE_BYTES + 1)
        if len(line) > MAX_LINE_BYTES:
            raise invalid_response(f"a {what} is longer than {MAX_LINE_BYTES} bytes")
        return line
