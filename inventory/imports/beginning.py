"""The beginning of a file of lines, which tells what the file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.jobs.job_type import FileRows
from inventory.jobs.model import COLUMN

MAX_SAMPLE = 200
"""Lines that are parsed."""
Lines = Sequence[tuple[int, str]]
"""Lines that are not blank, each with its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The first bytes of a file, its lines that are not blank, whether these are all, and what is looked for in them.

    The bytes are in UTF-8 where the file is recoded.
    """

    content: bytes
    lines: Lines
    whole: bool
    file_rows: FileRows
    options: Mapping[str, Any]

    @property
    def column(self) -> str | None:
        """The column or member asked for."""
        return self.options.get(COLUMN)

    @property
    def texts(self) -> Sequence[str]:
        """The lines without their numbers."""
        return [line for _, line in self.lines]
