"""That a program still works, for a container's health check."""

from __future__ import annotations

from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def beat(folder: Path, name: str) -> None:
    """Touch the file `NAME.pulse` in a folder: its age tells when the program last did something.

    Health checks of existing deployments know the file by this name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.pulse").touch()
    except OSError as error:  # a full disk, say: the health check will see it, the work goes on
        log.warning("no_heartbeat", error=str(error))
