"""The programs under test, each started, killed and looked after by the rig: what a supervisor does in production."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from inventory.config import Settings
from tests.end_to_end.stack import Stack, free_port, wait_until
from tests.faults.proxy import Proxy
from tests.faults.stores import KeptStore, store_of
from tests.upstreams import Upstream

WORKERS = ("worker", "worker-2")
OURS = ("api", *WORKERS, "scheduler")
ESTABLISHED = "01"


TRAPS = "127.0.0.2"
"""The host of upstreams that catch workers: the breaker of other hosts must not cost them an attempt."""


class Rig(Stack):
    """API, two worker pools of one worker, scheduler, Redis behind a proxy, and the store's server if it has one."""

    def __init__(self, folder: Path, store: KeptStore, redis_port: int, redis_proxy: Proxy, **settings: object) -> None:
        chosen: dict[str, object] = {
            "fetch_deadline": 1,
            "allow_networks": f"127.0.0.1/32,{TRAPS}/32",
            "retry_base": 0.2,
            "max_attempts": 4,
            "fresh_for": 10**6,
            "retry_failed_after": 10**6,
            "workers": 1,
        } | settings
        super().__init__(folder, store.url, **chosen)
        self.store, self.redis_proxy, self.upstream = store, redis_proxy, Upstream()
        self.environment["INVENTORY_REDIS_URL"] = f"redis://127.0.0.1:{redis_proxy.port}/0"
        port = self.commands["redis"].index("--port") + 1
        self.commands["redis"][port] = str(redis_port)
        self.commands["worker-2"] = self.commands["worker"]
        if store.command is not None:
            self.commands = {"store": store.command, **self.commands}
        self.lease = Settings(fetch_deadline=float(str(chosen["fetch_deadline"]))).lease
        self.attempts = int(str(chosen["max_attempts"]))
        self.unasked: list[str] = []
        self.workers_killed = 0

    def start(self, *names: str) -> None:
        """Start these programs, or all; the store first."""
        chosen = list(names or self.commands)
        if "store" in chosen:
            chosen.remove("store")
            super().start("store")
            wait_until(self.store.answers, f"the store answers\n{self.log('store')}")
        if chosen:
            super().start(*chosen)

    def kill(self, *names: str) -> None:
        """SIGKILL these programs with all that they forked, at once; one that does not run is left alone."""
        programs = {name: self.processes.pop(name) for name in names if name in self.processes}
        for program in programs.values():
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
        for program in programs.values():
            program.wait(60)
        self.workers_killed += len(programs.keys() & {*WORKERS})

    def stop(self) -> None:
        """End whatever runs still."""
        self.kill(*self.commands)
        super().stop()

    def look_after(self) -> None:
        """Start again what died by itself, as a supervisor does; each time is noted."""
        for name, program in list(self.processes.items()):
            if program.poll() is not None:
                self.unasked.append(f"{name} (exit {program.returncode})")
                del self.processes[name]
                self.start(name)

    def pids(self, names: Sequence[str] = OURS) -> list[int]:
        """The programs and all that they forked."""
        groups = {self.processes[name].pid for name in names if name in self.processes}
        running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [pid for pid in running if _group(pid) in groups]

    def who_is_connected_to(self, trap: Upstream) -> int | None:
        """The worker that has an open connection to an upstream, found where `ss -p` finds it."""
        remote = f"{struct.unpack('<I', socket.inet_aton(trap.host))[0]:08X}:{trap.port:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        sockets = {f"socket:[{row[9]}]" for row in rows if row[2] == remote and row[3] == ESTABLISHED}
        return next((pid for pid in self.pids(WORKERS) if sockets & set(_open_files(pid))), None)

    def post(self, url: str) -> Any:
        """The answer to an inline collection."""
        import requests

        return requests.post(f"{self.url}/api/v1/metadata", json={"url": url}, timeout=60)


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _open_files(pid: int) -> Iterator[str]:
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                yield str(entry.readlink())
            except FileNotFoundError:
                continue
    except (FileNotFoundError, PermissionError):
        return


@contextmanager
def rig(kind: str = "sqlite", **settings: object) -> Iterator[Rig]:
    """A rig whose programs are ended and whose folder is removed at the end; nothing is started yet but the upstream."""
    with ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="faults-", dir="/tmp"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        redis_port = free_port()
        redis_proxy = undo.enter_context(Proxy(("127.0.0.1", redis_port)))
        store = undo.enter_context(store_of(kind, folder))
        built = Rig(folder, store, redis_port, redis_proxy, **settings)
        undo.enter_context(built.upstream)
        undo.callback(built.stop)
        yield built
