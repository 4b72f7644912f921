"""The rest of a large answer, in a file, so that a slow client holds little memory."""

from __future__ import annotations

from errno import EDQUOT
from os import SEEK_END
from tempfile import TemporaryFile
from threading import Lock
from typing import ClassVar

PIECE_BYTES = 256 * 1024
"""The most that is in memory of it."""
MAX_FILES = 256 * 1024 * 1024
"""Bytes of all files of a process. Thousands of slow clients would fill a disk, and in a container it may be memory."""


class AnswerFile:
    """Bytes that are read in the order in which they were written. They are gone once it is closed.

    `OSError` if no file can be made, or if the disk or `MAX_FILES` has no room for what is written.
    """

    _total: ClassVar[int] = 0
    _counting: ClassVar[Lock] = Lock()

    def __init__(self) -> None:
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - `close` closes it
        self._position = self._size = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""
        self._count(len(data))
        self._file.seek(0, SEEK_END)
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def next(self) -> list[bytes | memoryview]:
        """The next piece; none after the last one, and then it is closed."""
        self._file.seek(self._position)
        piece = self._file.read(PIECE_BYTES)
        self._position += len(piece)
        if not piece:
            self.close()
            return []
        return [piece]

    def close(self) -> None:
        """Forget what was not read."""
        self._file.close()
        self._count(-self._size)

    def _count(self, size: int) -> None:
        """Count bytes among those of all files: threads write, and the loop closes."""
        with self._counting:
            if size > 0 and AnswerFile._total + size > MAX_FILES:
                raise OSError(EDQUOT, "The answers that clients have not taken yet have too many bytes.")
            AnswerFile._total += size
            self._size += size
