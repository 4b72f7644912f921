"""Faults of ours: an exception that nobody foresaw, where it becomes a recorded outcome.

At the outermost edges of a program's work (one collection, one feed, one round of the scheduler) whatever is raised is noted
here, in the log with its traceback and in what `/metrics` counts; who notes it records the outcome. Nothing is tried again:
the same would happen again.
"""

from __future__ import annotations

import structlog

from inventory.errors import SourceFailure
from inventory.notifier import Notifier

log = structlog.get_logger(__name__)

INTERNAL_FAULT = "internal_fault"
"""The code of what failed so."""
TOLD = "A fault of the inventory, not of the site. Its log says more; trying again at once does not help."
"""The detail of what failed so: it says nothing of what went on inside."""


def failure() -> SourceFailure:
    """What is recorded of work that a fault of ours ended."""
    return SourceFailure(INTERNAL_FAULT, TOLD, permanent=True)


def note(notifier: Notifier | None, error: BaseException, where: str, source: str = "", **names: object) -> None:
    """Log an exception with the `names` of what it met, and count it by where it was raised and in which source's work.

    Without a `notifier` nobody counts, in a test say.
    """
    log.error(INTERNAL_FAULT, exc_info=error, where=where, source=source, **names)
    if notifier is not None:
        notifier.count_fault(where, source)
