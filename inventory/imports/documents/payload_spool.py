"""The latest blocks of responses of a file, for the records after them that refer to them."""

from __future__ import annotations

import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Iterable
from types import TracebackType
from typing import BinaryIO

from inventory.imports.documents.model import UnreadableDocument

MAX_BYTES = 1024**3
"""Of blocks that are in a temporary file; then the oldest are written over."""
MAX_NAMES = 200_000


class PayloadSpool:
    """Blocks by the names that later records may call them."""

    def __init__(self) -> None:
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - `__exit__` closes it
        self._positions: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        self._written = 0

    def __enter__(self) -> PayloadSpool:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, names: Iterable[str], block: bytes) -> None:
        """Keep a block; `UnreadableDocument` if there is no room."""
        at = self._written % MAX_BYTES
        if at + len(block) > MAX_BYTES:  # it begins again at the start
            self._written += MAX_BYTES - at
            at = 0
        try:
            self._file.seek(at)
            self._file.write(block)
        except OSError as error:
            raise UnreadableDocument(
                f"The folder for temporary files has no room for what records refer to: {error}"
            ) from None
        for name in names:
            self._positions[_key(name)] = (self._written, len(block))
        self._written += len(block)
        while len(self._positions) > MAX_NAMES:
            self._positions.popitem(last=False)

    def find(self, names: Iterable[str]) -> bytes | None:
        """The block of the first of these names that is known and still there."""
        for name in names:
            position, size = self._positions.get(_key(name), (0, 0))
            if size and position >= self._written - MAX_BYTES:
                self._file.seek(position % MAX_BYTES)
                return self._file.read(size)
        return None


def _key(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
