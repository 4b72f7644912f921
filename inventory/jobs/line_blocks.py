"""Rows that are lines of a file, kept together: a file may have millions, and each alone costs three microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from inventory.jobs.model import InputRow

COST_OF_ROW = 16
"""Bytes that a row counts for besides its text."""


class LineBlock:
    """Some lines of UTF-8, each with LF after it: the `rows` from `first_row` on, without gaps."""

    __slots__ = ("content", "first_row", "rows")

    def __init__(self, first_row: int, content: bytes, rows: int) -> None:
        self.first_row, self.content, self.rows = first_row, content, rows

    @classmethod
    def of(cls, first_row: int, content: bytes) -> LineBlock | None:
        """The block of such lines if each of them is from `{` to `}`, so that no blanks are around what a row is."""
        if not (content.startswith(b"{") and content.endswith(b"}\n")):
            return None
        rows = content.count(b"\n")
        if content.count(b"}\n{") != rows - 1:
            return None
        try:
            content.decode()
        except UnicodeDecodeError:
            return None
        return cls(first_row, content, rows)

    @property
    def last_row(self) -> int:
        """The number of its last row."""
        return self.first_row + self.rows - 1

    @property
    def size(self) -> int:
        """What its rows count for."""
        return len(self.content) + (COST_OF_ROW - 1) * self.rows

    def input_rows(self) -> LineRows:
        """Its rows."""
        return LineRows.of(self.first_row, self.content)


class LineRows(Sequence[InputRow]):
    """Rows with numbers without gaps, each made when it is asked for; `texts` has all at once."""

    __slots__ = ("first_row", "texts")

    def __init__(self, first_row: int, texts: Sequence[str]) -> None:
        self.first_row, self.texts = first_row, texts

    @classmethod
    def of(cls, first_row: int, content: bytes | memoryview) -> LineRows:
        """The rows of a block's lines; `ValueError` if they are not UTF-8."""
        texts = str(content, "utf-8").split("\n")
        texts.pop()
        return cls(first_row, texts)

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, at: int) -> InputRow: ...

    @overload
    def __getitem__(self, at: slice) -> LineRows: ...

    def __getitem__(self, at: int | slice) -> InputRow | LineRows:
        numbers = range(self.first_row, self.first_row + len(self.texts))[at]
        if isinstance(numbers, int):
            return InputRow(numbers, self.texts[numbers - self.first_row])
        return LineRows(numbers.start, self.texts[at])

    def __iter__(self) -> Iterator[InputRow]:
        return map(InputRow, range(self.first_row, self.first_row + len(self.texts)), self.texts)


Pairs = Iterable[tuple[InputRow | LineBlock, int]]
"""Rows of a file, or blocks of them; with each, the bytes of the file up to its end."""


def each_row(pairs: Pairs) -> Iterator[InputRow]:
    """All rows, those of blocks too."""
    for rows, _ in pairs:
        if isinstance(rows, LineBlock):
            yield from rows.input_rows()
        else:
            yield rows
