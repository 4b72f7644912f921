"""What backups need of a store that is one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class StoreFile(Protocol):
    """The file of a store, whoever else has it open. Every method may raise `StorageUnavailable`."""

    path: Path
    known_schema: int
    """The schema that this program writes; it brings older ones forward, and cannot read newer ones."""

    def copy(self, target: Path, progress: Callable[[int, int], None]) -> None:
        """Make the file `target` a copy as of one instant, while others read and write. The store itself stays as it is.

        `progress` is told how many bytes are copied, and of how many.
        """

    def checked_schema(self, copy: Path) -> int:
        """The version of the schema of a copy; `UnusableStore` if the copy is not whole in every part."""

    def is_open(self) -> bool:
        """Whether any program has the store open."""

    def is_empty(self) -> bool:
        """Whether nothing would be missed: there is no store, or it keeps nothing. One that cannot be read is not empty."""

    def replace(self, copy: Path, aside: Path) -> None:
        """Put a copy in the place of the store, in one step, and what was there into the folder `aside`.

        No program may have the store open. Ended anywhere before that step, the store is the old one.
        """
