"""Lets a program end with its parent, and keep the data folder locked as long as it runs.

supervisord can be killed before it stops what it started. On Linux the kernel then sends SIGTERM to each program. The shared
lock keeps the next `inventory up` from starting until the last of them has ended.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
from pathlib import Path

LOCK = "inventory.lock"
"""The file in the data folder whose lock tells that the folder is in use."""
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Make the kernel send SIGTERM to this process when its parent ends in whatever way; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def end_with(parent: int) -> None:
    """Die with the parent, which has this pid: now, if it ended before the kernel was told to watch it."""
    die_with_parent()
    if os.getppid() != parent:
        os._exit(0)


def share(lock: Path) -> None:
    """Take a shared lock on the file, which forks and the program that is executed keep."""
    descriptor = os.open(lock, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)
