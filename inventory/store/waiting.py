"""How every program waits for its store, when it starts and while it has nothing to do with it."""

from __future__ import annotations

from threading import Event
from time import monotonic

import structlog

from inventory.errors import StartError, StorageUnavailable, UnusableStore
from inventory.store import Store

log = structlog.get_logger(__name__)

RETRY_AFTER = 1.0
"""Seconds between two tries, and between two lines in the log that say so."""
PING_TIMEOUT = 0.5
"""Seconds within which an idle store answers its ping."""


def prepare(store: Store) -> None:
    """Make the store usable; `StartError` if it can never be, and `StorageUnavailable` if it is away."""
    try:
        store.prepare()
    except UnusableStore as error:
        raise StartError(str(error)) from error


def is_prepared(store: Store) -> bool:
    """Prepare the store; False, with a line in the log, if it is away; `StartError` if it can never be used."""
    try:
        prepare(store)
    except StorageUnavailable as error:
        log.warning("waiting_for_store", error=str(error))
        return False
    return True


def await_store(store: Store, stopping: Event) -> bool:
    """Wait until the store is prepared; False if `stopping` is set before; `StartError` if it can never be used."""
    while not stopping.is_set():
        tried_at = monotonic()
        if is_prepared(store):
            return True
        stopping.wait(max(0.0, RETRY_AFTER - (monotonic() - tried_at)))
    return False


def ping_idle(store: Store) -> None:
    """Ask the store for nothing, so that a process that does not use it lets go of a log that was lost."""
    try:
        store.ping(PING_TIMEOUT)
    except StorageUnavailable:  # the calls that use it say so
        return
