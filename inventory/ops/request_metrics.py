"""Counts the requests that the API answers, those that it refuses, and the entries of its audit.

Each process counts in a file of its own in the folder `PROMETHEUS_MULTIPROC_DIR`, which `gunicorn.conf.py` sets. So any
process can report all counts, and those of a process that died are kept. The folder is in memory, because the files are
mapped: on a full disk, writing to a map ends the process. Without the variable a process reports its own counts.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from inventory.config import Settings
from inventory.errors import StartError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

log = structlog.get_logger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
NO_ROOM = (OSError, IndexError)
"""What writing a new series raises on a full disk: prometheus_client 0.26 believes that its file has grown all the same."""
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
"""Methods that have a series; a client may send any other."""

_making = Lock()
"""Held while one of the cached metrics below is asked for: two threads that made the same one would register it twice."""


def folder(settings: Settings, parent: str) -> Path:
    """Where the API of these settings counts; the same after a crash, so that nothing is left behind."""
    whose = f"{os.getuid()} {settings.data_dir.absolute()} {settings.port}"
    return Path(parent, f"inventory-{sha256(whose.encode()).hexdigest()[:16]}")


def prepare(counts: Path) -> None:
    """Make the folder, empty, so that all counts begin at 0; `StartError` if it cannot be made."""
    remove(counts)
    try:
        counts.mkdir(mode=0o700)
    except OSError as error:
        raise StartError(f"The folder for the counts of /metrics cannot be made: {error}.") from error


def remove(counts: Path) -> None:
    """Remove the folder, as far as that is possible."""
    shutil.rmtree(counts, ignore_errors=True)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request by its route's pattern, because the number of paths is unbounded.

    Where the folder has no room for a series that is new, its requests are not counted; the log says so.
    """
    try:
        _series(method if method in METHODS else "other", route, status).observe(seconds)
    except NO_ROOM as error:
        log.warning("not_counted", route=route, status=status, error=str(error))
        _remove_empty_files()


def count_refusal(code: str) -> None:
    """Count a request that was refused because of who sent it, or how many, by the code of its problem."""
    _count("inventory_refused_requests", "Requests that were refused: keys that are missing, wrong or over, scopes, quotas.",
           "code", code, 1)  # fmt: skip


def count_audit(result: str, entries: int) -> None:
    """Count entries of the audit by what became of them."""
    _count("inventory_audit_entries", "Entries of the audit that were kept, lost but for the log, or skipped as too many.",
           "result", result, entries)  # fmt: skip


def _count(name: str, about: str, label: str, value: str, number: int) -> None:
    try:
        with _making:
            counter = _counter(name, about, label)
        counter.labels(value).inc(number)
    except NO_ROOM as error:
        log.warning("not_counted", metric=name, error=str(error))
        _remove_empty_files()


def registry() -> CollectorRegistry:
    """The counts of all processes that share the folder, or of this one."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    if FOLDER not in os.environ:
        with _making:
            return _own()
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def _remove_empty_files() -> None:
    """Remove what this process could not write, because an empty file makes all counts unreadable."""
    for file in Path(os.environ[FOLDER]).glob(f"*_{os.getpid()}.db") if FOLDER in os.environ else ():
        if not file.stat().st_size:
            file.unlink()


@cache
def _series(method: str, route: str, status: int) -> Histogram:
    with _making:
        requests = _requests()
    return requests.labels(method, route, status)


@cache
def _requests() -> Histogram:
    from prometheus_client import Histogram

    about = "Requests that the API answered, and how long each took."
    labels = ["method", "route", "status"]
    return Histogram("inventory_http_request_seconds", about, labels, buckets=BUCKETS, registry=_own())


@cache
def _counter(name: str, about: str, label: str) -> Counter:
    from prometheus_client import Counter

    return Counter(name, about, [label], registry=_own())


@cache
def _own() -> CollectorRegistry:
    # Imported where it is used, because the import reads the variable, and not every program counts.
    from prometheus_client import CollectorRegistry

    return CollectorRegistry()
