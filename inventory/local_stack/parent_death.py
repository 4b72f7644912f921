"""Runs a program so that it ends with its parent, and so that it and its children share the lock of the data folder.

    python parent_death.py PARENT LOCK PROGRAM ARGUMENT...

PARENT is the pid of the supervisor. LOCK is the file that tells the next `inventory up` that the data folder is in use.

supervisord can be killed before it stops what it started. On Linux the kernel then sends SIGTERM to each program. The shared
lock keeps the next `inventory up` from starting until the last of them has ended. Only the standard library is imported,
because this runs before every program and is replaced by it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Make the kernel send SIGTERM to this process when its parent ends in whatever way; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _share(lock: str) -> None:
    """Take a shared lock on the file, which child processes and the program that is executed keep."""
    descriptor = os.open(lock, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)


if __name__ == "__main__":
    parent, lock, *command = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):
        sys.exit(0)  # the parent ended before the kernel was told to watch it
    _share(lock)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here
