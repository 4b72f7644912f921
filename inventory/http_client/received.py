"""The bytes of a body as they come. Few stay in memory and the others are in a file, so a slow upstream holds no memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from io import SEEK_END, BytesIO
from time import monotonic
from typing import BinaryIO

from inventory.errors import NoRoom, SourceFailure
from inventory.http_client.codings import TooMuch

SHARE = 256 * 1024
"""Bytes of a body that any collection may hold: three quarters of all pages have fewer."""
CHUNK_BYTES = 64 * 1024
DISK_RETRY = 60.0
"""Seconds after which a collection is tried again whose body the disk could not keep: room seldom comes sooner."""


class NeedsMore(Exception):
    """What has come so far was read to its end, and more will come."""


class Received:
    """What has come of a body, `size` bytes so far. It is kept until there are `most` bytes: then it `is_full`.

    A failure of the upstream counts where it happened: a reader of the bytes meets it again after the last one.
    Every method may raise `NoRoom`, where the disk keeps no more.
    """

    def __init__(self, pieces: Iterator[bytes], most: int) -> None:
        self._pieces = pieces
        self._most = most
        self._kept: BinaryIO = BytesIO()
        self._in_file = False
        self._at_end = True
        self._ended = False
        self._failure: SourceFailure | None = None
        self.size = 0

    def __enter__(self) -> Received:
        return self

    def __exit__(self, _type: object, _error: object, _traceback: object) -> None:
        with suppress(OSError):  # of bytes that could not be written, and are not needed any more
            self._kept.close()

    @property
    def is_full(self) -> bool:
        """Whether what comes now is not kept."""
        return self.size >= self._most

    @property
    def has_ended(self) -> bool:
        """Whether all of the body has come."""
        return self._ended and self._failure is None

    def coming(self) -> Iterator[bytes]:
        """The pieces as they come; `NeedsMore` if it gets full."""
        while not self.is_full and (piece := self._next()):
            yield piece
        self._end()

    def again(self) -> Iterator[bytes]:
        """The bytes that have come, from the first one, then `NeedsMore`, or `TooMuch` if it is full."""
        piece = self.first(CHUNK_BYTES)
        while piece:
            yield piece
            piece = self._read(CHUNK_BYTES)
        if self.is_full:
            raise TooMuch
        self._end()

    def read_on(self, enough: int, seconds: float) -> None:
        """Wait until there are enough bytes, or for about so many seconds, or until it is full or the body ends."""
        until = monotonic() + seconds
        while self.size < enough and monotonic() < until and not self.is_full and self._next():
            pass

    def read_until(self, enough: int) -> None:
        """Wait until there are enough bytes or the body ends."""
        while self.size < enough and self._next():
            pass
        if self.size < enough:
            self._end()

    def first(self, size: int) -> bytes:
        """The first bytes as they came."""
        self._at_end = False
        try:
            self._kept.seek(0)  # which may write
        except OSError as error:
            raise _no_room(error) from error
        return self._read(size)

    def _read(self, size: int) -> bytes:
        try:
            return self._kept.read(size)
        except OSError as error:
            raise _no_room(error) from error

    def _next(self) -> bytes:
        """The next piece; an empty one if there is none, because the body has ended or failed."""
        if self._ended:
            return b""
        try:
            piece = next(self._pieces, b"")
        except SourceFailure as failure:
            self._failure, piece = failure, b""
        self._ended = not piece
        self._keep(piece)
        return piece

    def _end(self) -> None:
        """Tell why there are no more bytes: `NeedsMore`, the failure of the upstream, or nothing if the body has ended."""
        if not self._ended:
            raise NeedsMore
        if self._failure is not None:
            raise self._failure

    def _keep(self, piece: bytes) -> None:
        if not self.is_full:
            try:
                if self.size + len(piece) > SHARE and not self._in_file:
                    self._kept, self._in_file = _moved(self._kept), True
                if not self._at_end:  # a reader may have stopped before it
                    self._kept.seek(0, SEEK_END)
                    self._at_end = True
                self._kept.write(piece)
            except OSError as error:
                raise _no_room(error) from error
        self.size += len(piece)


def _moved(kept: BinaryIO) -> BinaryIO:
    """A file with what is in memory."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - `Received` closes it
    kept.seek(0)
    try:
        file.write(kept.read())
    except OSError:
        with suppress(OSError):
            file.close()
        raise
    return file


def _no_room(error: OSError) -> NoRoom:
    return NoRoom(
        f"A large body cannot be kept in the folder for temporary files, {tempfile.tempdir or 'which is missing'}: {error}."
        " Make room there, or set TMPDIR to another folder.",
        DISK_RETRY,
    )
