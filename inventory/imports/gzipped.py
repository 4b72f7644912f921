"""Gzip (RFC 1952), read piece by piece, never further than a bomb guard allows."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from inventory.errors import UnreadableFile

CHUNK_BYTES = 256 * 1024
"""Bytes that are expanded at once."""
HARMLESS_BYTES = 32 * 1024 * 1024
"""Expanded bytes up to which nothing is a bomb."""
MAX_RATIO = 200
"""Expanded bytes for each compressed one. Text takes 3 to 60; gzip itself cannot exceed 1,032."""
MAX_BYTES = 16 * 1024**3
"""Expanded bytes of one file."""
FIRST_BYTES = 512
"""Bytes that a new member is given first, then twice as many each time. zlib copies what follows a member's end, so short
members must not be given a whole piece."""

Piece = tuple[bytes, int, int]
"""Some bytes, and the positions in the uploaded file between which they are."""


def expand(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The expanded bytes of a gzip file with their compressed positions; `UnreadableFile` if it is broken, or a bomb."""
    total, expanding, position, taken = 0, _member(), 0, FIRST_BYTES
    for piece, start, end in pieces:
        position, waiting = start, memoryview(piece)
        while waiting:
            if expanding.eof:
                if not waiting[0] and not bytes(waiting).strip(b"\0"):  # padding, as tapes have it
                    break
                expanding, taken = _member(), FIRST_BYTES
            expanded, used = _step(expanding, waiting[:taken], position)
            waiting, taken = waiting[used:], min(2 * taken, CHUNK_BYTES)
            before, position = position, end - len(waiting)
            total += len(expanded)
            if total > MAX_BYTES or total > max(HARMLESS_BYTES, MAX_RATIO * position):
                raise UnreadableFile(
                    f"The gzip stream expands {position:,} bytes to more than {total - len(expanded):,}. Upload the file"
                    " without gzip, or in parts."
                )
            yield expanded, before, position
    if not expanding.eof:
        raise UnreadableFile(f"The gzip stream is incomplete: it ends at byte {position:,}, before its end.")


def beginning(head: bytes, limit: int) -> tuple[bytes, bool]:
    """The first expanded bytes of a gzip file, and whether these are all; `UnreadableFile` if it does not begin as gzip."""
    begun = bytearray()
    try:
        for expanded, _, _ in expand([(head, 0, len(head))]):
            begun += expanded
            if len(begun) >= limit:
                return bytes(begun[:limit]), False
    except UnreadableFile:
        if not begun:
            raise
        return bytes(begun), False
    return bytes(begun), True


def _member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _step(expanding: zlib._Decompress, given: memoryview, position: int) -> tuple[bytes, int]:
    """Some expanded bytes, and how many of the given ones they are."""
    try:
        expanded = expanding.decompress(given, CHUNK_BYTES)
    except zlib.error as error:
        raise UnreadableFile(f"The gzip stream is broken after byte {position:,}: {error}.") from error
    return expanded, len(given) - len(expanding.unused_data if expanding.eof else expanding.unconsumed_tail)
