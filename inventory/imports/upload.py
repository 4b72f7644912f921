"""A file as it arrives, by whatever way: workers and commands have it without what reads HTTP requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrives: iterating over `content`, once, receives it, and raises where it does not arrive complete."""

    file_name: str
    content: Iterator[bytes]
