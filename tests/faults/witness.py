"""The client that remembers: it asks, and writes each 202 that it saw to a file, with fsync, before it asks again."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import requests

from tests.end_to_end.stack import API, free_port
from tests.upstreams import Upstream

ASK_AGAIN = 0.2
TIMEOUT = 30.0


class Witness:
    """Any number of threads ask through it; `seen` are the 202s of its file, by URL."""

    def __init__(self, base: str, file: Path) -> None:
        self._base = base
        self._file = file
        self._lock = threading.Lock()
        self._local = threading.local()
        self.count = 0
        self.statuses: Counter[int] = Counter()
        self.unexpected: list[str] = []
        self.longest = 0.0
        self.closed = False

    def ask(self, url: str, *, seconds: float = 120.0) -> int:
        """Ask until there is an answer other than 503; its status, or 0 if there was none in time or it was closed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.closed:
            answer = self._once(url)
            if answer is not None and answer.status_code != 503:
                return answer.status_code
            time.sleep(ASK_AGAIN)
        return 0

    def seen(self) -> dict[str, str]:
        """Id by URL of every 202 in the file."""
        if not self._file.exists():
            return {}
        return dict(json.loads(line) for line in self._file.read_text().splitlines())

    def _once(self, url: str) -> requests.Response | None:
        session = self._session()
        began = time.monotonic()
        try:
            answer = session.get(self._base + API, params={"url": url}, timeout=TIMEOUT)
        except requests.RequestException as error:
            if isinstance(error, requests.ReadTimeout):
                self.unexpected.append(f"no answer in {TIMEOUT:g} s")
            session.close()
            return None
        with self._lock:
            self.longest = max(self.longest, time.monotonic() - began)
            self.statuses[answer.status_code] += 1
            if answer.status_code == 202:
                self._write_down(url, answer.json()["id"])
            elif answer.status_code == 503 and "Retry-After" not in answer.headers:
                self.unexpected.append("a 503 without Retry-After")
            elif answer.status_code not in (200, 502, 503, 504):
                self.unexpected.append(f"{answer.status_code} {answer.text[:200]}")
        return answer

    def _write_down(self, url: str, record_id: str) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps([url, record_id]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.count += 1

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def targets(upstream: Upstream, label: str) -> Iterator[str]:
    """URLs without end, each once: mostly pages, and some that are slow, share their content, or cannot be collected."""
    nobody = free_port()
    n = 0
    while True:
        n += 1
        if n % 50 == 0:
            yield f"http://127.0.0.1:{nobody}/{label}/{n}"
        elif n % 25 == 0:
            yield upstream.url(f"/status/503?retry_after=1&{label}={n}")
        elif n % 10 == 0:
            yield upstream.url(f"/slow?seconds=0.3&{label}={n}")
        elif n % 5 == 0:
            yield upstream.url(f"/json?{label}={n}")
        else:
            yield upstream.url(f"/page/{label}/{n}?size=2000")


class Load:
    """Threads that ask for one target after the other, at most `rate` a second, until the witness has `accepted`."""

    def __init__(self, witness: Witness, urls: Iterator[str], *, accepted: int, rate: float, threads: int = 6) -> None:
        self._witness, self._urls, self._accepted = witness, urls, accepted
        self._pause = 1 / rate
        self._next_at = time.monotonic()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def join(self, seconds: float, tick: Callable[[], None]) -> None:
        """Wait for the end of it, with a tick each half second; `AssertionError` if it does not come in time."""
        until = time.monotonic() + seconds
        while not self.done:
            assert time.monotonic() < until, f"the load came to {self._witness.count} of {self._accepted} in {seconds:g} s"
            tick()
            time.sleep(0.5)

    def _run(self) -> None:
        while self._witness.count < self._accepted and not self._witness.closed:
            with self._lock:
                url = next(self._urls)
                wait = self._next_at - time.monotonic()
                self._next_at = max(self._next_at, time.monotonic()) + self._pause
            if wait > 0:
                time.sleep(wait)
            self._witness.ask(url)
