"""On which core a worker runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PROCESSOR = 36
"""The index of this field after the name in `/proc/self/stat`, see proc_pid_stat(5)."""


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Inside, this thread, and those that begin in it, stay on one core: the current one if no other worker has it.

    One thread at a time runs Python, and dozens that hand it on from core to core find each of them cold (docs/speed.md).
    Locks of files in the folder tell which cores other workers have: two on the same one would leave others idle. If the
    system does not allow it, nothing happens.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    after_the_name = Path("/proc/thread-self/stat").read_bytes().rpartition(b")")[2].split()
    current = int(after_the_name[PROCESSOR])
    with ExitStack() as locked:
        core = _free_core(folder, [current, *sorted(allowed - {current})], locked)
        with suppress(OSError):  # a core that was taken from us in this moment
            os.sched_setaffinity(0, {current if core is None else core})
        try:
            yield
        finally:
            with suppress(OSError):
                os.sched_setaffinity(0, allowed)


def _free_core(folder: Path, cores: Iterable[int], locked: ExitStack) -> int | None:
    """The first core that no other worker has, locked from now on; None if there is none, or no lock is possible."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for core in cores:
            file = os.open(folder / f"core-{core}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            locked.callback(os.close, file)
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return core
    return None
