"""The lock of the data folder: a stack has the folder until the last of its programs ends, even without its supervisor.

A stack takes the lock exclusively, which fails while any program of another stack has it, and then keeps it as a shared one.
Each of its programs shares it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from inventory.errors import StartError

NAME = "inventory.lock"
"""The file in the data folder."""


def take(data_dir: Path) -> int:
    """Make the data folder and lock it for this stack; the descriptor of the lock."""
    lock = data_dir / NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_others_out(data_dir)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise not_writable(data_dir, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StartError(
            f"INVENTORY_DATA_DIR={str(data_dir)!r} is in use by another `inventory up`{_pids_that_hold(lock)}: "
            "stop it first, or choose another folder"
        ) from error
    return descriptor


def not_writable(data_dir: Path, error: OSError) -> StartError:
    """What ends a start that cannot write the data folder."""
    return StartError(
        f"INVENTORY_DATA_DIR={str(data_dir)!r} cannot be written: {error.strerror}. "
        "Grant this user the right, or choose another folder"
    )


def is_held(data_dir: Path) -> bool:
    """Whether a stack runs with this data folder."""
    try:
        descriptor = os.open(data_dir / NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def share(data_dir: Path) -> None:
    """Share the lock that this stack has; forks and the program that is executed keep it."""
    descriptor = os.open(data_dir / NAME, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.set_inheritable(descriptor, True)


def _keep_others_out(data_dir: Path) -> None:
    """Make a folder of ours private, because cookies and pages are in it."""
    found = data_dir.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        with suppress(OSError):  # a file system without permissions
            data_dir.chmod(0o700)


def _pids_that_hold(lock: Path) -> str:
    """` (pid 12)`: who has to be stopped so that nobody has the file open; empty without /proc or the right to read it.

    Programs end with the one that started them, so those that another one of them started are left out.
    """
    pids = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == lock:
                pids.add(int(link.parts[2]))
        except OSError:
            continue  # it ended, or belongs to another user
    pids.discard(os.getpid())
    first = sorted(pid for pid in pids if _parent(pid) not in pids)
    return f" (pid{'s' if len(first) > 1 else ''} {', '.join(map(str, first))})" if first else ""


def _parent(pid: int) -> int | None:
    """The pid of the process that started this one, if this one still runs."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[1])
    except OSError:
        return None
