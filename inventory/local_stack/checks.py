"""What is checked before anything starts. A failure is a `StartError` of one line that says what to change."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from inventory.config import Settings
from inventory.demo import addresses
from inventory.errors import StartError
from inventory.local_stack.demo import Demo
from inventory.local_stack.parent_death import LOCK

OTHER_PORTS = "choose five free ports in a row, and give the first one as --demo-port"


def take_folder(data_dir: Path) -> int:
    """Make the data folder and lock it for this stack; the descriptor of the lock.

    The lock is taken exclusively, which fails while any program of another stack has it, and then kept as a shared one. The
    programs of this stack share it. So a stack that lost its supervisor has the folder until its last program ends.
    """
    lock = data_dir / LOCK
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_others_out(data_dir)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(f"INVENTORY_DATA_DIR={str(data_dir)!r} cannot be written: {error.strerror}") from error
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


def _keep_others_out(data_dir: Path) -> None:
    """Make a folder of ours private, because cookies and pages are in it."""
    found = data_dir.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        with suppress(OSError):  # a file system without permissions
            data_dir.chmod(0o700)


def ports_free(settings: Settings) -> None:
    """Return if API and dashboard can listen where the settings say."""
    if settings.port == settings.dashboard_port:
        raise StartError(f"INVENTORY_PORT and INVENTORY_DASHBOARD_PORT are both {settings.port}: choose two ports")
    for name, port in (("INVENTORY_PORT", settings.port), ("INVENTORY_DASHBOARD_PORT", settings.dashboard_port)):
        _listen_once(name, settings.host, port)


def demo_ports_free(demo: Demo, settings: Settings) -> None:
    """Return if the demo upstreams can listen on their ports."""
    for port in demo.ports.values():
        if port in (settings.port, settings.dashboard_port):
            raise StartError(f"the demo would use port {port}, which API or dashboard needs: {OTHER_PORTS}")
        try:
            _listen_once("--demo-port", addresses.HOST, port)
        except StartError as error:
            raise StartError(f"the demo cannot listen on {addresses.HOST}:{port}: {OTHER_PORTS}") from error


def _listen_once(name: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise StartError(f"INVENTORY_HOST={host!r} is not an address of this machine: {error.strerror}") from error
        except OSError as error:
            raise StartError(_why_not(error, name, host, port)) from error


def _why_not(error: OSError, name: str, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{name}={port} is taken: another program listens on {host}:{port}; stop it, or set {name} to a free port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"INVENTORY_HOST={host!r} is not an address of this machine"
    return f"{name}={port} cannot be used on {host}: {error.strerror}"


def _pids_that_hold(lock: Path) -> str:
    """` (pids 12, 34)`: the processes that have the file open; empty without /proc or without permission to read it."""
    pids = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == lock:
                pids.add(int(link.parts[2]))
        except OSError:
            continue  # it ended, or belongs to another user
    pids.discard(os.getpid())
    return f" (pids {', '.join(map(str, sorted(pids)))})" if pids else ""
