"""That a program still works, for a container's health check."""

from __future__ import annotations

from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SUFFIXES = ("heartbeat", "pulse")
"""Health checks that were deployed with earlier versions look at `NAME.pulse`."""


def beat(folder: Path, name: str) -> None:
    """Touch the file `NAME.heartbeat` in a folder: its age tells when the program last did something."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in SUFFIXES:
            (folder / f"{name}.{suffix}").touch()
    except OSError as error:  # a full disk, say: the health check will see it, the work goes on
        log.warning("no_heartbeat", error=str(error))
