"""The machine: Python, the data folder, its rights, and its disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from inventory.doctor.model import Finding, ok, problem, warning

OLDEST, NEWEST = (3, 11), (3, 13)
SCARCE, LITTLE = 1_000_000_000, 100_000_000
"""Bytes that are free: below the first one is warned, below the second nothing works for long."""
MAX_COUNTED = 100_000
"""Files of a folder whose sizes are added."""


def python() -> Iterator[Finding]:
    """Whether this is a version of Python that the service is made for."""
    found = sys.version_info[:2]
    text = f"Python is {platform.python_version()}, on {platform.system()} {platform.machine()}."
    if OLDEST <= found <= NEWEST:
        yield ok("python", text)
    else:
        yield problem("python", text, f"Use one from {_version(OLDEST)} to {_version(NEWEST)}.")


def data_dir(folder: Path) -> Iterator[Finding]:
    """Whether the data folder can be written, and has room."""
    if not folder.exists():
        yield from _absent(folder)
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        advice = "Grant this user the right, or choose another INVENTORY_DATA_DIR."
        yield problem("data folder", f"{folder} cannot be written: {error.strerror}.", advice)
        return
    free = shutil.disk_usage(folder).free
    text = f"{folder} can be written, and {_size(free)} are free on its disk."
    if free < LITTLE:
        yield problem("data folder", text, "Make room: without any, nothing new is accepted.")
    elif free < SCARCE:
        yield warning("data folder", text, "Make room, or keep fewer snapshots (INVENTORY_KEEP_SNAPSHOTS).")
    else:
        yield ok("data folder", text)


def rights(paths: Iterable[Path]) -> Iterator[Finding]:
    """Whether others may read what has cookies, pages and secrets in it."""
    readable = [path for path in paths if path.exists() and path.stat().st_mode & 0o077]
    for path in readable:
        advice = f"chmod go= {path}"
        yield warning("rights", f"Other users of this machine may use {path}, which has cookies and secrets.", advice)
    if not readable:
        yield ok("rights", "What is kept is private.")


def disk_use(folder: Path, store: Path | None, files: Path | None) -> Iterator[Finding]:
    """How much the parts of an installation take."""
    parts = {"logs": folder / "log", "uploaded files": files}
    sizes = {name: _size_below(path) for name, path in parts.items() if path is not None}
    if store is not None and store.exists():
        sizes = {"store": f"{_size(store.stat().st_size)}"} | sizes
    kept = sorted(each.name for each in folder.glob("replaced-*"))
    if kept:
        text = f"{len(kept)} stores that were replaced by a restore are kept, such as {folder / kept[0]}."
        yield warning("disk use", text, "Delete them when they are not needed any more.")
    yield ok("disk use", ", ".join(f"{name}: {size}" for name, size in sizes.items()) + ".")


def _absent(folder: Path) -> Iterator[Finding]:
    parent = next(each for each in folder.absolute().parents if each.exists())
    if os.access(parent, os.W_OK):
        yield ok("data folder", f"{folder} is not there yet; the first start makes it.")
    else:
        text = f"{folder} is not there, and this user cannot make it in {parent}."
        yield problem("data folder", text, "Choose another INVENTORY_DATA_DIR.")


def _size_below(folder: Path) -> str:
    files = [path.stat().st_size for path in islice(folder.rglob("*"), MAX_COUNTED) if path.is_file()]
    return f"{_size(sum(files))} in {len(files):,} files{' or more' if len(files) >= MAX_COUNTED else ''}"


def _size(size: int) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1_000 or unit == "GB":
            break
        size //= 1_000
    return f"{size:,} {unit}"


def _version(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
