"""On which core a worker runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROCESSOR = 36
"""The index of this field after the name in `/proc/self/stat`, see proc_pid_stat(5)."""


@contextmanager
def kept() -> Iterator[None]:
    """Inside, this thread, and those that begin in it, stay on the core that the system has just chosen for it.

    One thread at a time runs Python, and dozens that hand it on from core to core find each of them cold (docs/scale.md).
    If the system does not allow it, nothing happens.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    after_the_name = Path("/proc/thread-self/stat").read_bytes().rpartition(b")")[2].split()
    with suppress(OSError):  # a core that was taken from us in this moment
        os.sched_setaffinity(0, {int(after_the_name[PROCESSOR])})
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)
