"""When enough of a request has arrived for a thread to take it: the head, and of the body what is awaited without one.

All that is decided here is when gunicorn's parser is asked; what the bytes mean is the parser's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gunicorn.http.body import LengthReader

from inventory.pace import BEGINNING

Arrived = Callable[[bytearray, int], bool]
"""Whether enough is there, given all that is there and how many bytes of it were there when it was last asked."""

HEAD_LIMIT = 64 * 1024
"""Bytes of a head that are awaited."""
HEAD_END = re.compile(rb"\r\n\r\n|(?<!\r)\n")
"""The end of a head, or what the parser will refuse it for."""
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
MOST_CHUNKS = 4_096
"""Chunks that are awaited: each costs time, however small it is, and no program cuts so little into more."""
LONGEST_LINE = 8190
"""Bytes of a line that announces a chunk, as gunicorn has it."""


def head_has_arrived(inbox: bytearray, known: int) -> bool:
    """Whether a head ends in these bytes."""
    return HEAD_END.search(inbox, max(0, known - 3)) is not None


class Length:
    """A body of known length, or the beginning of it."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, inbox: bytearray, known: int) -> bool:
        """Whether it is there as far as it is awaited."""
        return len(inbox) >= min(self.length, BEGINNING)

    def whole(self, inbox: bytes | bytearray) -> bool:
        """Whether all of it is there."""
        return len(inbox) >= self.length


class Chunks:
    """A chunked body (RFC 9112, section 7.1), or its beginning. One that is malformed has ended: the parser will tell."""

    def __init__(self) -> None:
        self.size, self.number, self.ended = 0, 0, False
        self._next = 0

    def __call__(self, inbox: bytearray, known: int) -> bool:
        """Whether it is there as far as it is awaited."""
        while self._going_on() and (end := inbox.find(b"\r\n", self._next)) >= 0:
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
        return not self._going_on() or len(inbox) - self._next > LONGEST_LINE or len(inbox) >= BEGINNING

    def whole(self, inbox: bytes | bytearray) -> bool:
        """Whether all of it is there."""
        return self.ended

    def _going_on(self) -> bool:
        return not self.ended and self.number <= MOST_CHUNKS


Body = Length | Chunks


def body_of(request: Any) -> Body:
    """The body that a request has announced."""
    reader = request.body.reader
    return Length(reader.length) if isinstance(reader, LengthReader) else Chunks()
