"""Counts of the requests that the API answers.

Each process counts in a file of its own in one folder, `PROMETHEUS_MULTIPROC_DIR`, which `gunicorn.conf.py` names; so any of
them can tell of all, and what one that died had counted is kept. The folder is in memory: the files are mapped, and writing
to a map ends the process when the disk is full. Without that variable a process tells what it counted itself.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.config import Settings
from inventory.errors import StartError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Histogram

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
"""Those that have a series; a client may send whatever it likes."""


def folder(settings: Settings, parent: str) -> Path:
    """Where the API of these settings counts: the same after a crash, so that nothing is left over."""
    whose = f"{os.getuid()} {settings.data_dir.absolute()} {settings.port}"
    return Path(parent, f"inventory-{sha256(whose.encode()).hexdigest()[:16]}")


def prepare(counts: Path) -> None:
    """Make the folder, empty: all counts begin at 0. `StartError` if it cannot be made, or is somebody else's."""
    remove(counts)
    try:
        counts.mkdir(mode=0o700)
    except OSError as error:
        raise StartError(f"There is no folder for what /metrics tells: {error}.") from error


def remove(counts: Path) -> None:
    """Remove the folder, as far as it can be."""
    shutil.rmtree(counts, ignore_errors=True)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request by its route's pattern, not by its path, of which there is no end."""
    _series(method if method in METHODS else "other", route, status).observe(seconds)


def registry() -> CollectorRegistry:
    """What was counted, by all processes that share the folder or by this one."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    if FOLDER not in os.environ:
        return _requests()[0]
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


@cache
def _series(method: str, route: str, status: int) -> Histogram:
    return _requests()[1].labels(method, route, status)


@cache
def _requests() -> tuple[CollectorRegistry, Histogram]:
    # Imported here, because it looks at the variable once, when it is imported, and not each program counts.
    from prometheus_client import CollectorRegistry, Histogram

    registry = CollectorRegistry()
    about = "Requests that the API answered, and how long that took."
    labels = ["method", "route", "status"]
    return registry, Histogram("inventory_http_request_seconds", about, labels, buckets=BUCKETS, registry=registry)
