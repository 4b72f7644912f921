"""How many connections a process may have, by the file descriptors that the system allows it."""

from __future__ import annotations

from inventory import descriptors

MAX_CONNECTIONS = 8_192
"""Connections of one process; an idle one costs a few kilobytes."""
DESCRIPTORS, DESCRIPTORS_A_THREAD = 64, 4
"""Descriptors that are left for files: SQLite has up to three open for a thread."""
DESCRIPTORS_A_CONNECTION = 2
"""The socket, and the file of a large answer."""


def max_connections(threads: int) -> int:
    """How many connections a process may have; raises the limit of its descriptors for them as far as possible."""
    files = DESCRIPTORS + DESCRIPTORS_A_THREAD * threads
    allowed = descriptors.allow(DESCRIPTORS_A_CONNECTION * MAX_CONNECTIONS + files)
    return max(threads, (allowed - files) // DESCRIPTORS_A_CONNECTION)
