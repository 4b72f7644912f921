"""Opens files that people name, and refuses what only looks like one."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

NOT_REGULAR = "it is not a regular file"


def open_regular(path: str | Path) -> BinaryIO:
    """The file, or the one that a link leads to, open to be read.

    `OSError` also if it is a pipe, a device or a folder: to open a pipe waits for a writer, who may never come.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, NOT_REGULAR, str(path))
