"""The folder of uploaded files, and of the chunks of jobs, as backups see it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from inventory.backups.model import FILES, NAME
from inventory.files import REMNANT, keep_also, sync
from inventory.jobs.chunks import CHUNKS, UPLOADS


def uploads(folder: Path | None) -> Iterator[tuple[str, Path]]:
    """The files that are whole, by their names in the file store."""
    for top in (UPLOADS, CHUNKS):
        for parent, folders, names in os.walk(folder / top) if folder is not None else ():
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                relative = path.relative_to(folder or "").as_posix()
                if NAME.fullmatch(f"{FILES}{relative}") and not REMNANT.fullmatch(name):
                    yield relative, path


def keep_aside(folder: Path, aside: Path) -> None:
    """Give each file a second name below `aside`, so that it stays there whatever is removed from the folder."""
    for name, path in uploads(folder):
        also = aside / name
        also.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep_also(path, also)


def move_in(staged: Path, folder: Path) -> None:
    """Move files to where the service looks for them, each whole, durably."""
    touched = {folder, folder.parent}
    for name, path in uploads(staged):
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(target)
        touched |= {target.parent, target.parent.parent}
    for each in touched:
        sync(each)
