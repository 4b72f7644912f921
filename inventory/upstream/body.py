"""A body, read to its end or to the limit, with its content codings undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from inventory.upstream import codings
from inventory.upstream.response import Response


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that are kept. `truncated`: there was, or should have been, more of them.

    `undecoded` names the codings that could not be undone: the bytes are then as they came. `defects` says why.
    """

    content: bytes
    truncated: bool = False
    undecoded: str | None = None
    defects: tuple[str, ...] = ()


class _Raw:
    """The pieces as they pass by, and the first `limit` bytes of them."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        self._pieces = pieces
        self._limit = limit
        self._kept: list[bytes] = []
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        if self.size < self._limit:
            self._kept.append(piece[: self._limit - self.size])
        self.size += len(piece)
        return piece

    def rest(self) -> bytes:
        """Read on to the end or the limit; all that was kept."""
        while self.size <= self._limit and next(self, None) is not None:
            pass
        return b"".join(self._kept)


def read_body(response: Response, limit: int) -> Body:
    """The body of a response, at most `limit` bytes of it, decoded. Raises `SourceFailure` when it is cut or late."""
    head = response.head
    applied = codings.names(head.values("content-encoding") + response.transfer_codings)
    if applied:
        body = _decoded(_Raw(response.pieces(), limit), applied, limit)
    else:
        body = Body(*_up_to(response.pieces(), limit, []))
    behind = ("bytes behind the end of the answer were not used",) if response.leftover() else ()
    return replace(body, defects=(*body.defects, *response.trailer_defects, *behind))


def _decoded(raw: _Raw, applied: list[str], limit: int) -> Body:
    kept: list[bytes] = []
    name = ", ".join(applied)[:100]
    try:
        content, truncated = _up_to(codings.undo(raw, applied), limit, kept)
    except codings.EndedEarly:
        return Body(b"".join(kept), truncated=True, defects=(f"the {name} coding ends too early",))
    except codings.TrailingBytes:
        return Body(b"".join(kept), defects=(f"bytes after the end of the {name} coding were not used",))
    except codings.Undecodable as error:
        kept.clear()
        content = raw.rest()
        return Body(content, raw.size > limit, name, (f"the {name} coding could not be undone: {error}",))
    return Body(content, truncated)


def _up_to(pieces: Iterator[bytes], limit: int, kept: list[bytes]) -> tuple[bytes, bool]:
    """The first `limit` bytes, and whether there were more; `kept` fills with the pieces meanwhile."""
    size = 0
    for piece in pieces:
        if size + len(piece) > limit:
            kept.append(piece[: limit - size])
            return b"".join(kept), True
        kept.append(piece)
        size += len(piece)
    return b"".join(kept), False
