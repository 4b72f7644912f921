"""`inventory up` as a process, in a folder and on ports of its own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from inventory.config import Settings
from inventory.demo.addresses import NAMES
from inventory.errors import StartError
from inventory.local_stack import free_ports
from inventory.local_stack.demo import Demo
from tests.end_to_end.stack import ROOT, free_port, wait_until

COMMAND = [sys.executable, "-c", "from inventory.commands.main import main; main(prog_name='inventory')"]
PROGRAMS = ("api", "worker", "scheduler", "dashboard", "redis")


def environment(**settings: object) -> dict[str, str]:
    """The environment of this test run with these settings of the inventory and no others."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("INVENTORY_", "RQ_DASHBOARD_"))}
    return bare | {f"INVENTORY_{name.upper()}": str(value) for name, value in settings.items()}


def run(*command: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command that is expected to end by itself."""
    return subprocess.run(
        command, cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=240, check=False
    )


class Up:
    """One `inventory up`, what it prints and what it keeps."""

    def __init__(self, folder: Path, *options: str, prefix: Sequence[str] = (), **settings: object) -> None:
        self.folder = folder
        self.port, self.dashboard_port = free_port(), free_port()
        self.settings = {
            "data_dir": folder / "data",
            "port": self.port,
            "dashboard_port": self.dashboard_port,
            "api_processes": 1,
            "workers": 1,
        } | settings
        self.data = Path(str(self.settings["data_dir"])) / ("demo" if "--demo" in options else "")
        self.url = f"http://127.0.0.1:{self.port}/api/v1/metadata"
        self.terminal = folder / "terminal"
        with self.terminal.open("wb") as terminal:
            self.process = subprocess.Popen(
                [*prefix, *COMMAND, "up", *options],
                cwd=folder,  # it may be started from anywhere
                env=environment(**self.settings),
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=terminal,
                start_new_session=True,
            )

    def printed(self) -> str:
        return self.terminal.read_text()

    def report(self, seconds: float = 240.0) -> str:
        """What it has printed when the report is there; an assertion with what it has if it ends instead."""

        def report() -> str:
            assert self.process.poll() is None, self.printed()
            return self.printed() if "Ctrl-C" in self.printed() else ""

        return str(wait_until(report, "the report", seconds))

    def log(self, name: str) -> str:
        path = self.data / "log" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def started(self, name: str) -> list[int]:
        """The pids under which a program was started, in order."""
        return [int(pid) for pid in re.findall(rf"spawned: '{name}' with pid (\d+)", self.log("supervisord"))]

    def ready(self) -> bool:
        """Whether the API says that store and queue answer."""
        try:
            answer = requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=60)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.json()["status"] == "ready"

    def wait_until_ready(self) -> None:
        wait_until(self.ready, "the stack is ready", 240)

    def dashboard_answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.dashboard_port}/", timeout=60).status_code == 200
        except requests.RequestException:
            return False

    def nothing_runs(self) -> bool:
        """Whether nothing of the stack is alive: every program holds the lock, and so does what it forks."""
        with (self.data / "inventory.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def end(self, number: signal.Signals, *, within: float) -> int:
        """Signal the supervisor alone, as a terminal or a service manager does; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(within)


@contextmanager
def up(*options: str, **settings: object) -> Iterator[Up]:
    """A stack that is ended, come what may. The folder is short: socket paths are limited."""
    folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    with ended(Up(folder, *options, **settings)) as stack:
        yield stack


@contextmanager
def ended(stack: Up) -> Iterator[Up]:
    """The stack, which is ended in the end, and its folder removed."""
    try:
        yield stack
    finally:
        if stack.process.poll() is None:
            stack.end(signal.SIGTERM, within=240)
        shutil.rmtree(stack.folder, ignore_errors=True)


def ports_in_a_row() -> int:
    """The first of the ports of a demo, in a row, on which nobody listens at this moment."""

    def first() -> int | None:
        demo = Demo(free_port())
        try:
            free_ports.check_for_demo(demo, Settings())
        except (StartError, OverflowError):
            return None
        return demo.first_port

    return int(wait_until(first, f"{len(NAMES)} free ports in a row"))
