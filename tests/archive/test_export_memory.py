"""An export takes as much memory as ten times the export; `exporting` does it with more than 4 GiB."""

from __future__ import annotations

from tests.archive.exporting import MIB, measured

MOST = 1.25
"""The peak with ten times as much: if all of it were held, it would be doubled."""


def test_the_memory_of_an_export_does_not_grow_with_the_file() -> None:
    small, large = measured(6 * MIB), measured(60 * MIB)

    assert large.size > 9 * small.size
    assert large.peak <= MOST * small.peak, (small, large)
