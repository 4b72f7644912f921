"""The inventory as real processes: Redis, API, workers and scheduler, in a folder and on ports of their own."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from redis import Redis
from redis.exceptions import RedisError

from inventory.config import Settings
from inventory.local_stack.redis_server import find_server
from inventory.ops import request_metrics
from inventory.store import Store
from inventory.wiring import open_store
from tests.contract.one_at_a_time import OneAtATime
from tests.real_mongo import SERVER, is_ferretdb, new_database

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
API = "/api/v1/metadata"
CHANCE = random.SystemRandom()
"""The system's: a test that seeds `random` gets no port again that another one uses."""


def free_port() -> int:
    """A port that nobody listens on at this moment.

    It is below those that the system gives to each connection and to who asks for any (32,768 to 60,999 on Linux): another
    test's thousands of connections would take it before it is used. It is above those that nothing is fetched from.
    """
    while True:
        port = CHANCE.randrange(10_100, 32_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
    """The first true value of the condition; an assertion that says what was waited for if there is none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Stack:
    """Starts, kills and stops the programs; each is a process group, its output in `folder/NAME.log`.

    `root` is the source tree that they run from.
    """

    def __init__(self, folder: Path, store_url: str = "", *, root: Path = ROOT, **settings: object) -> None:
        self.folder = folder
        self._root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.redis_url = f"unix://{folder / 'redis.sock'}"
        self.redis = Redis.from_url(self.redis_url)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("INVENTORY_")},
            "INVENTORY_DATA_DIR": str(folder),
            "INVENTORY_STORE_URL": store_url,
            "INVENTORY_REDIS_URL": self.redis_url,
            "INVENTORY_PORT": str(self.port),
            "INVENTORY_API_PROCESSES": "2",
            "INVENTORY_WORKERS": "2",
            "INVENTORY_ALLOW_NETWORKS": "127.0.0.1/32",
            "INVENTORY_UPSTREAM_RATE": "1000000",  # all upstreams of the tests are one host
            "INVENTORY_UPSTREAM_CONCURRENCY": "10000",
            **{f"INVENTORY_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.commands = {
            "redis": [
                find_server(),
                "--port",
                "0",
                "--unixsocket",
                str(folder / "redis.sock"),
                "--save",
                "",
                "--dir",
                str(folder / "redis"),
            ],
            "api": [PYTHON, "-m", "gunicorn", "wsgi:app"],
            "worker": [PYTHON, "-m", "workers", "collect"],
            "scheduler": [PYTHON, "-m", "workers", "schedule"],
        }
        (folder / "redis").mkdir()
        self.counts = request_metrics.folder(Settings(data_dir=folder, port=self.port), "/dev/shm")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start these programs, or all, and wait until those that can say so are ready."""
        for name in names or self.commands:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.commands[name], cwd=self._root, env=self.environment, stdout=log, stderr=log, start_new_session=True
                )
        if "redis" in (names or self.commands):
            wait_until(self._redis_answers, f"Redis answers\n{self.log('redis')}")
        if "api" in (names or self.commands):
            wait_until(lambda: self.get("/healthz") is not None, "the API answers")

    def end(self, name: str, number: int = signal.SIGKILL, *, group: bool = True) -> None:
        """Signal a program, and all that it forked with `group`, and wait for its end."""
        process = self.processes.pop(name)
        (os.killpg if group else os.kill)(process.pid, number)
        process.wait(120)

    def stop(self) -> None:
        """End whatever runs still."""
        for name in list(self.processes):
            self.end(name, signal.SIGKILL)
        request_metrics.remove(self.counts)
        self.redis.close()

    def at_most(self, many: int) -> int:
        """So many, and a tenth on FerretDB 1, which reads all records to change one: 70 ms of a thousand."""
        server = self.environment["INVENTORY_STORE_URL"]
        return many // 10 if server and is_ferretdb(server) else many

    def open_store(self) -> Store:
        """Their store, for the test itself; it is to be closed."""
        return open_store(Settings(store_url=self.environment["INVENTORY_STORE_URL"], data_dir=self.folder))

    def log(self, name: str) -> str:
        """What a program has printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def get(self, path: str, **query: object) -> requests.Response | None:
        """An answer of the API, or None while nobody listens."""
        try:
            return requests.get(self.url + path, params=query, timeout=60)
        except requests.ConnectionError:
            return None

    def look_up(self, url: str, **query: object) -> requests.Response:
        """The answer to a lookup."""
        return requests.get(self.url + API, params={"url": url, **query}, timeout=60)

    def wait_for(self, url: str, *statuses: int, seconds: float = 120.0) -> requests.Response:
        """The first answer to a lookup with one of these statuses."""

        def answers() -> list[requests.Response]:
            got = self.look_up(url)
            return [got] if got.status_code in statuses else []  # a response that is an error would count as false

        return wait_until(answers, f"{url} is answered with {statuses}", seconds)[0]

    def any_pending(self) -> bool:
        """Whether anything is still to be collected."""
        query = {"status": "pending", "limit": 1}
        return bool(requests.get(f"{self.url}/api/v1/records", params=query, timeout=60).json()["records"])

    def keys(self, status: str) -> list[str]:
        """The keys of all records of a status."""
        keys, cursor = [], None
        while True:
            query = {"status": status, "limit": 200} | ({"cursor": cursor} if cursor else {})
            page = requests.get(f"{self.url}/api/v1/records", params=query, timeout=60).json()
            keys += [record["key"] for record in page["records"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return keys

    def _redis_answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False


@contextmanager
def stack(store_url: str = "", **settings: object) -> Iterator[Stack]:
    """A stack that is stopped and whose folder is removed at the end. The folder is short: socket paths are limited."""
    folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    running = Stack(folder, store_url, **settings)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stack_on(kind: str, **settings: object) -> Iterator[Stack]:
    """A stack with a new store of a kind of `STORES`. FerretDB gets one command at a time."""
    with ExitStack() as undo:
        if kind == "sqlite":
            url = ""
        else:
            server = undo.enter_context(OneAtATime(SERVER)).url if is_ferretdb(SERVER) else SERVER
            url = undo.enter_context(new_database(server))
        yield undo.enter_context(stack(url, **settings))
