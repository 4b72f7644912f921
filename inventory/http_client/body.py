"""A body, read to its end or to the limit, with its content codings undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from inventory.http_client import codings
from inventory.http_client.response_reader import ResponseReader

MAX_PIECES = 1_024
"""Pieces of a body that are kept apart before they are joined."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that are kept. `truncated`: there was, or should have been, more of them.

    `undecoded` names the codings that could not be undone: the bytes are then as they came. `defects` says why.
    """

    content: bytes
    truncated: bool = False
    undecoded: str | None = None
    defects: tuple[str, ...] = ()


class _Kept:
    """Pieces that are kept. Small ones are joined now and then: each takes some 40 bytes more than its content."""

    def __init__(self) -> None:
        self._joined: list[bytes] = []
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Keep one more piece."""
        self._pieces.append(piece)
        if len(self._pieces) == MAX_PIECES:
            self._joined.append(b"".join(self._pieces))
            self._pieces.clear()

    def content(self) -> bytes:
        """All of them."""
        return b"".join(self._joined + self._pieces)

    def clear(self) -> None:
        """Keep nothing."""
        self._joined.clear()
        self._pieces.clear()


class _Raw:
    """The pieces as they are read, and the first `limit` bytes of them in case that they cannot be decoded."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        self._pieces = pieces
        self._limit = limit
        self._kept = _Kept()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        if self.size < self._limit:
            self._kept.add(piece[: self._limit - self.size])
        self.size += len(piece)
        return piece

    def rest(self) -> bytes:
        """Read on to the end or the limit; all that was kept."""
        while self.size <= self._limit and next(self, None) is not None:
            pass
        return self._kept.content()


def read_body(response: ResponseReader, limit: int) -> Body:
    """The body of a response, at most `limit` bytes of it, decoded. Raises `SourceFailure` when it is cut or late."""
    applied = codings.names(response.head.values("content-encoding") + response.transfer_codings)
    if applied:
        body = _decoded(_Raw(response.pieces(), limit), applied, limit)
    else:
        body = Body(*_up_to(response.pieces(), limit, _Kept()))
    return replace(body, defects=(*body.defects, *response.defects()))


def _decoded(raw: _Raw, applied: list[str], limit: int) -> Body:
    kept = _Kept()
    name = ", ".join(applied)[:100]
    try:
        content, truncated = _up_to(codings.undo(raw, applied), limit, kept)
    except codings.EndedEarly:
        return Body(kept.content(), truncated=True, defects=(f"the {name} coding ends too early",))
    except codings.TrailingBytes:
        return Body(kept.content(), defects=(f"bytes after the end of the {name} coding were ignored",))
    except codings.Undecodable as error:
        kept.clear()
        content = raw.rest()
        return Body(content, raw.size > limit, name, (f"the {name} coding could not be undone: {error}",))
    return Body(content, truncated)


def _up_to(pieces: Iterator[bytes], limit: int, kept: _Kept) -> tuple[bytes, bool]:
    """The first `limit` bytes, and whether there were more; `kept` fills with the pieces meanwhile."""
    size = 0
    for piece in pieces:
        if size + len(piece) > limit:
            kept.add(piece[: limit - size])
            return kept.content(), True
        kept.add(piece)
        size += len(piece)
    return kept.content(), False
