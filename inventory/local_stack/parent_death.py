"""Lets a program end with its parent: supervisord can be killed before it stops what it started.

On Linux the kernel then sends SIGTERM to each program.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

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
