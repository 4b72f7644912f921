"""Keeps the memory of our programs small, by glibc's `mallopt(3)`; with another C library nothing happens.

Each thread allocates from one of up to eight arenas a core, and an arena keeps the memory that it once had. Python runs one
thread at a time, so two arenas are enough.

glibc gives large blocks back to the system only until the first one is freed. Then it raises its threshold, and each arena
keeps blocks of that size. A fixed threshold prevents that. docs/speed.md has what both save.
"""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
MAX_ARENAS = 2
LARGE_BLOCK = 1024 * 1024
"""Bytes from which a block is given back. A new one from the system costs some microseconds for each 100 KB."""


def limit_arenas() -> bool:
    """Limit the arenas of this process and of those that it forks; whether that was possible."""
    return _set(M_ARENA_MAX, MAX_ARENAS)


def give_large_blocks_back() -> bool:
    """Give large blocks back to the system when they are freed; whether that was possible."""
    return _set(M_MMAP_THRESHOLD, LARGE_BLOCK)


def _set(option: int, value: int) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(option, value))
