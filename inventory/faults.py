"""Internal faults: unforeseen exceptions, logged and counted where they become a recorded outcome.

That is at the outermost edges of a program's work: one collection, one feed, one round of the scheduler. The caller records
the outcome. Nothing is tried again, because the same would happen.
"""

from __future__ import annotations

import structlog

from inventory.errors import SourceFailure
from inventory.notifier import Notifier

log = structlog.get_logger(__name__)

INTERNAL_FAULT = "internal_fault"
"""The failure code of such an exception."""
TOLD = "An internal error in the inventory, not in the site. Its log says more; retrying at once does not help."
"""The detail of such a failure: it tells nothing of our insides."""


def failure() -> SourceFailure:
    """What is recorded of work that an internal fault ended."""
    return SourceFailure(INTERNAL_FAULT, TOLD, permanent=True)


def note(notifier: Notifier | None, error: BaseException, where: str, source: str = "", **names: object) -> None:
    """Log an exception with the `names` of what it met, and count it by where it was raised and in which source's work.

    Without a `notifier` it is logged only.
    """
    log.error(INTERNAL_FAULT, exc_info=error, where=where, source=source, **names)
    if notifier is not None:
        notifier.count_fault(where, source)
