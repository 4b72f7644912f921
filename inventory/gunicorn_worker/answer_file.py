"""The rest of a large answer, in a file, so that a slow client holds little memory."""

from __future__ import annotations

from os import SEEK_END
from tempfile import TemporaryFile

PIECE_BYTES = 256 * 1024
"""The most that is in memory of it."""


class AnswerFile:
    """Bytes that are read in the order in which they were written. They are gone once it is closed."""

    def __init__(self) -> None:
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - `close` closes it
        self._position = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes; `OSError` if the disk has no room for them."""
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
