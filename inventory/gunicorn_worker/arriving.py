"""Decides when enough of a request has arrived for a thread: its head, or its body up to `BUFFERED_BODY`.

It only decides when gunicorn's parser is asked. What the bytes mean is up to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gunicorn.http.body import LengthReader

from inventory.client_speed import BUFFERED_BODY

Arrived = Callable[[bytearray, int], bool]
"""Whether enough is there, given all bytes and how many of them were there at the last call."""

HEAD_LIMIT = 64 * 1024
"""Bytes of a head that are awaited at most."""
HEAD_END = re.compile(rb"\r\n\r\n|(?<!\r)\n")
"""The end of a head, or a line end for which the parser will refuse it."""
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
MAX_CHUNKS = 4_096
"""Chunks that are awaited at most: each costs time, however small it is."""
MAX_CHUNK_LINE = 8190
"""Bytes of the line before a chunk: gunicorn's limit."""


def head_has_arrived(inbox: bytearray, before: int) -> bool:
    """Whether a head ends in these bytes."""
    return HEAD_END.search(inbox, max(0, before - 3)) is not None


class SizedBody:
    """A body of known length."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, inbox: bytearray, before: int) -> bool:
        """Whether as much is there as is awaited."""
        return len(inbox) >= min(self.length, BUFFERED_BODY)

    def whole(self, inbox: bytes | bytearray) -> bool:
        """Whether all of it is there."""
        return len(inbox) >= self.length


class ChunkedBody:
    """A chunked body (RFC 9112, section 7.1). A malformed one counts as ended, and the parser refuses it."""

    def __init__(self) -> None:
        self.size, self.number, self.ended = 0, 0, False
        self._next = 0

    def __call__(self, inbox: bytearray, before: int) -> bool:
        """Whether as much is there as is awaited."""
        while self._is_incomplete() and (end := inbox.find(b"\r\n", self._next)) >= 0:
            announced = CHUNK_SIZE.fullmatch(inbox, self._next, end)
            if announced is None:
                self.ended = True
            elif size := int(announced[1], 16):
                self.size += size
                self.number += 1
                self._next = end + 2 + size + 2
            elif inbox.find(b"\r\n\r\n", end) >= 0:
                self.ended = True
            else:
                break
        return not self._is_incomplete() or len(inbox) - self._next > MAX_CHUNK_LINE or len(inbox) >= BUFFERED_BODY

    def whole(self, inbox: bytes | bytearray) -> bool:
        """Whether all of it is there."""
        return self.ended

    def _is_incomplete(self) -> bool:
        return not self.ended and self.number <= MAX_CHUNKS


Body = SizedBody | ChunkedBody


def body_of(request: Any) -> Body:
    """The body that a request announces."""
    reader = request.body.reader
    return SizedBody(reader.length) if isinstance(reader, LengthReader) else ChunkedBody()
