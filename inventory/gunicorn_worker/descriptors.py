"""How many connections a process may have, by the file descriptors that the system allows it."""

from __future__ import annotations

import resource
from contextlib import suppress

MAX_CONNECTIONS = 8_192
"""Connections of one process; an idle one costs a few kilobytes."""
DESCRIPTORS, DESCRIPTORS_A_THREAD = 64, 4
"""Descriptors that are left for files: SQLite has up to three open for a thread."""
DESCRIPTORS_A_CONNECTION = 2
"""The socket, and the file of a large answer."""


def max_connections(threads: int) -> int:
    """How many connections a process may have; raises the limit of its descriptors for them as far as possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = DESCRIPTORS + DESCRIPTORS_A_THREAD * threads
    needed = DESCRIPTORS_A_CONNECTION * MAX_CONNECTIONS + files
    if soft != resource.RLIM_INFINITY and soft < needed:
        higher = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(ValueError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (higher, hard))
        needed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(threads, (needed - files) // DESCRIPTORS_A_CONNECTION)
