"""How a process that has answered with large pages becomes small again.

glibc takes a large block from the system and gives it back when it is freed, but only until the first one is freed: from then
on it keeps blocks of that size, in as many arenas as there are threads. A fixed threshold ends that: after 250 answers of
6 MB at once a process had 100 MB instead of 700, and 500 at most instead of 900.
"""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3
"""`mallopt(3)`."""
LARGE = 1024 * 1024
"""Bytes of a block that is given back. To take one from the system costs some microseconds for each 100 KB."""


def give_large_blocks_back() -> bool:
    """Have large blocks given back to the system; False, and nothing happened, with another C library."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_MMAP_THRESHOLD, LARGE))
