"""A body, read to its end or to the limit, with its content codings undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from inventory.http_client import codings
from inventory.http_client.response_reader import ResponseReader


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that are kept. `truncated`: there was, or may have been, more of them.

    It only may have been if `abrupt_end`: TLS ended without close_notify where nothing else tells the end. `undecoded` names
    the codings that could not be undone: the bytes are then as they came. `defects` says why.
    """

    content: bytes
    truncated: bool = False
    undecoded: str | None = None
    defects: tuple[str, ...] = ()
    abrupt_end: bool = False


class _Raw:
    """The pieces as they are read, and the first `limit` bytes of them in case that they cannot be decoded."""

    def __init__(self, pieces: Iterator[bytes], limit: int) -> None:
        self._pieces = pieces
        self._limit = limit
        self._kept = bytearray()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self._kept += piece[: max(0, self._limit - self.size)]
        self.size += len(piece)
        return piece

    def rest(self) -> bytes:
        """Read on to the end or the limit; all that was kept."""
        while self.size <= self._limit and next(self, None) is not None:
            pass
        return bytes(self._kept)


def read_body(response: ResponseReader, limit: int) -> Body:
    """The body of a response, at most `limit` bytes of it, decoded. Raises `SourceFailure` when it is incomplete or late."""
    named = response.head.values("content-encoding")
    applied = [*codings.names(named), *response.transfer_codings]
    misnamed = tuple(f"Content-Encoding names {name!r:.50}, which is not a coding" for name in codings.misnamed(named)[:1])
    if applied:
        body = _decoded(_Raw(response.pieces(), limit), applied, limit)
    else:
        kept = bytearray()
        truncated = _fill(kept, response.pieces(), limit)
        body = Body(bytes(kept), truncated)
    defects = (*misnamed, *body.defects, *response.defects())
    if not (defects or response.abrupt_end):
        return body
    return replace(body, truncated=body.truncated or response.abrupt_end, defects=defects, abrupt_end=response.abrupt_end)


def _decoded(raw: _Raw, applied: list[str], limit: int) -> Body:
    kept = bytearray()
    name = ", ".join(applied)[:100]
    try:
        truncated = _fill(kept, codings.undo(raw, applied, 2 * limit + codings.CHUNK_BYTES), limit)
    except codings.EndedEarly:
        return Body(bytes(kept), truncated=True, defects=(f"the {name} coding ends too early",))
    except codings.TooMuch:
        return Body(bytes(kept), truncated=True, defects=(f"the {name} coding has far more inside than a body",))
    except codings.TrailingBytes:
        return Body(bytes(kept), defects=(f"bytes after the end of the {name} coding were ignored",))
    except codings.Undecodable as error:
        kept.clear()
        content = raw.rest()
        return Body(content, raw.size > limit, name, (f"the {name} coding could not be undone: {error}",))
    return Body(bytes(kept), truncated)


def _fill(kept: bytearray, pieces: Iterator[bytes], limit: int) -> bool:
    """Append pieces until there are `limit` bytes; whether there were more."""
    for piece in pieces:
        room = limit - len(kept)
        kept += piece[:room]
        if len(piece) > room:
            return True
    return False
