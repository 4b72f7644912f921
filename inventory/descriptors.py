"""How many files and connections a process may have open at once."""

from __future__ import annotations

import resource
from contextlib import suppress


def allow(needed: int) -> int:
    """Raise the limit to so many as far as the system lets us; the limit that holds then, `needed` if there is none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return needed
    higher = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with suppress(ValueError):  # a system may allow less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (higher, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
