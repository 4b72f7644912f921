"""A process to which the system gives no further file descriptor."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def no_descriptors(left: int = 0) -> Iterator[None]:
    """Inside, so many descriptors may be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as opened:
        for _ in range(left + 1):
            highest = os.open(os.devnull, os.O_RDONLY)
            opened.callback(os.close, highest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
