"""A body, read to its end or to the limit, with its content codings undone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Protocol

from inventory.http_client import codings
from inventory.http_client.deadline import Deadline
from inventory.http_client.head import Head
from inventory.http_client.received import SHARE, NeedsMore, Received
from inventory.memory_budget import UNLIMITED, Room

LOOK_AFTER = 1.0
"""Seconds after which what has come of a large body is looked at for the first time."""
TIMES_THE_BODY = 4
"""What a large body takes while it is decoded and read: itself, the window of its coding, and its text."""
SPARE = 4 * 1024 * 1024
"""Coded bytes, besides twice the limit, of which little may be made."""


@dataclass(frozen=True, slots=True)
class WireBody:
    """A body as it was sent: its content codings not undone, its chunks joined. `truncated`: there was more of it."""

    content: bytes
    truncated: bool


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that are kept. `truncated`: there was, or may have been, more of them.

    It only may have been if `abrupt_end`: TLS ended without close_notify where nothing else tells the end. `undecoded` names
    the codings that could not be undone: the bytes are then as they came. `defects` says why. `wire` is a coded body as it
    was sent, if that was asked for.
    """

    content: bytes
    truncated: bool = False
    undecoded: str | None = None
    defects: tuple[str, ...] = ()
    abrupt_end: bool = False
    wire: WireBody | None = None


class Readable(Protocol):
    """A response whose head was read: `response_reader` has one that comes from a server."""

    @property
    def head(self) -> Head:
        """Status line and header lines."""

    @property
    def transfer_codings(self) -> tuple[str, ...]:
        """Codings of the body besides chunks, last applied last."""

    @property
    def abrupt_end(self) -> bool:
        """Whether the body ended where nothing tells that it is whole."""

    def pieces(self) -> Iterator[bytes]:
        """The body without its framing."""

    def defects(self) -> list[str]:
        """What was wrong with its framing."""


def read_body(
    response: Readable,
    limit: int,
    room: Room | None = None,
    deadline: Deadline | None = None,
    *,
    keep_wire: bool = False,
) -> Body:
    """The body of a response, at most `limit` bytes of it, decoded. Raises `SourceFailure` when it is incomplete or late.

    With `keep_wire` a body with content codings comes as it was sent, too, at most `limit` bytes of it. Not so if a transfer
    coding other than chunks is upon them, which no header line of the content names.

    More than `SHARE` bytes are taken into memory only once they are in a file and the `room` for them is there. It then
    holds as many as all that is done with the body will take. The deadline is put off while it waits for them.
    """
    named = response.head.values("content-encoding")
    applied = [*codings.names(named), *response.transfer_codings]
    misnamed = tuple(f"Content-Encoding names {name!r:.50}, which is not a coding" for name in codings.misnamed(named)[:1])
    keep_wire = keep_wire and bool(applied) and not response.transfer_codings
    with Received(response.pieces(), 2 * limit + SPARE) as received:
        reader = _BodyReader(received, limit, room or UNLIMITED.room(), deadline or Deadline(math.inf), keep_wire=keep_wire)
        body = reader.decoded(applied) if applied else reader.raw()
        if keep_wire and body.undecoded is None:
            body = replace(body, wire=reader.wire(body, abrupt_end=response.abrupt_end))
    defects = (*misnamed, *body.defects, *response.defects())
    if not (defects or response.abrupt_end):
        return body
    return replace(body, truncated=body.truncated or response.abrupt_end, defects=defects, abrupt_end=response.abrupt_end)


class _BodyReader:
    """Makes a body of what is received. While it waits for the upstream it holds no more than the share of memory.

    A coding that makes less than a body of twice as many bytes, such as thousands of empty members, counts as cut there.
    """

    def __init__(self, received: Received, limit: int, room: Room, deadline: Deadline, *, keep_wire: bool) -> None:
        self._received, self._limit, self._room, self._deadline = received, limit, room, deadline
        self._times = TIMES_THE_BODY + keep_wire
        self._made = 1
        """Bytes that the last look brought, decoded."""

    def raw(self) -> Body:
        """The body as it comes."""
        received = self._received
        received.read_until(self._limit + 1)
        if received.size > SHARE:
            self._take(min(received.size, self._limit))
        return Body(received.first(self._limit), received.size > self._limit)

    def decoded(self, applied: list[str]) -> Body:
        """The body without the codings applied; as it came if they cannot be undone."""
        try:
            body = self._small(applied) or self._large(applied)
        except codings.Undecodable as error:
            self._room.keep(0)
            name, raw = ", ".join(applied)[:100], self.raw()
            return replace(raw, undecoded=name, defects=(f"the {name} coding could not be undone: {error}",))
        return body

    def wire(self, body: Body, *, abrupt_end: bool) -> WireBody:
        """What was sent of a body that was decoded. What follows the end of the coding is waited for only shortly."""
        received = self._received
        if not body.truncated:
            received.read_on(self._limit + 1, LOOK_AFTER)
        is_whole = received.has_ended and received.size <= self._limit and not abrupt_end
        return WireBody(received.first(min(self._limit, received.size)), not is_whole)

    def _small(self, applied: list[str]) -> Body | None:
        """A body that fits in the share of memory, decoded as it comes; None if this one does not."""
        size = min(self._limit, SHARE)
        try:
            body = self._undone(self._received.coming(), applied, size)
        except NeedsMore:
            return None
        is_larger = body.truncated and not body.defects
        return None if is_larger and size < self._limit else body

    def _large(self, applied: list[str]) -> Body:
        """A body of more than the share, decoded from its start once enough has come, so that no decoder waits for the rest.

        From one look to the next it waits twice as long, or for what will make `limit` bytes if the rest is like the start.
        """
        seconds = LOOK_AFTER
        while True:
            expected = self._received.size * self._limit // self._made
            self._received.read_on(max(expected, 2 * self._received.size), seconds)
            seconds *= 2
            self._take(self._limit)
            try:
                return self._undone(self._received.again(), applied, self._limit)
            except NeedsMore:
                self._room.keep(0)

    def _take(self, size: int) -> None:
        """Wait for the room that a body of this size takes; the upstream may take as much longer."""
        begun = self._deadline.now()
        self._room.take(self._times * size)
        self._deadline.extend(self._deadline.now() - begun)

    def _undone(self, pieces: Iterator[bytes], applied: list[str], size: int) -> Body:
        """At most `size` bytes of what is decoded, with what was wrong; `Undecodable` if it is of no use."""
        kept = BytesIO()  # which gives its bytes away without copying them
        name = ", ".join(applied)[:100]
        try:
            truncated = _fill(kept, codings.undo(pieces, applied, 2 * self._limit + codings.CHUNK_BYTES), size)
        except codings.EndedEarly:
            return Body(kept.getvalue(), truncated=True, defects=(f"the {name} coding ends too early",))
        except codings.TooMuch:
            return Body(kept.getvalue(), truncated=True, defects=(f"the {name} coding has far more inside than a body",))
        except codings.TrailingBytes:
            return Body(kept.getvalue(), defects=(f"bytes after the end of the {name} coding were ignored",))
        finally:
            self._made = max(1, kept.tell())
        return Body(kept.getvalue(), truncated)


def _fill(kept: BytesIO, pieces: Iterator[bytes], size: int) -> bool:
    """Append pieces until there are `size` bytes; whether there were more."""
    for piece in pieces:
        room = size - kept.tell()
        kept.write(piece[:room])
        if len(piece) > room:
            return True
    return False
