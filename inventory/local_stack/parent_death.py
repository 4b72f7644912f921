"""Runs a program that ends with its parent and that holds the lock of the data folder as long as anything of it lives.

    python parent_death.py PARENT LOCK PROGRAM ARGUMENT...

PARENT is the pid of the supervisor, LOCK the file that tells the next `inventory up` that the data folder is in use.

supervisord can be killed without a chance to stop what it started. On Linux the kernel then sends each program SIGTERM;
until the last of them is gone, the shared lock keeps the next `inventory up` from starting a second set beside them.
The standard library alone is imported: this runs before every program and is replaced by it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have this process sent SIGTERM when its parent ends, however that ends; without effect where there is no Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _share(lock: str) -> None:
    """Hold a shared lock on the file in this process and in all that it forks or becomes."""
    descriptor = os.open(lock, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)


if __name__ == "__main__":
    parent, lock, *command = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):
        sys.exit(0)  # it ended before the kernel was told to watch it
    _share(lock)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here
