"""A real browser without a window, spoken to over its DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from simple_websocket import Client

from tests.end_to_end.stack import wait_until

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-popup-blocking", "--window-size=1100,900",
    "--remote-debugging-port=0",
)  # fmt: skip
NOISE = ("favicon.ico",)
"""What a browser asks for by itself and finds missing."""


class Tab:
    """A page, what it says by itself, and what it can be told to do."""

    def __init__(self, address: str) -> None:
        self._socket = Client(address)
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Audits", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """What a command of the protocol comes to; the events that arrive meanwhile are kept."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.receive(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return dict(message["result"])
            self._events.append(message)

    def run(self, script: str) -> Any:
        """What an expression is worth on the page, a promise when it is kept."""
        got = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in got, (script, got["exceptionDetails"])
        return got["result"].get("value")

    def go(self, url: str) -> None:
        """Open a page and wait until it is loaded, whatever it is."""
        before = self._loaded()
        self.call("Page.navigate", url=url)
        wait_until(lambda: self.run("1") and self._loaded() > before, f"{url} is loaded")

    def wait(self, condition: str, seconds: float = 20) -> Any:
        """The first true value of an expression."""
        return wait_until(lambda: self.run(condition), f"{condition} at {self.run('location.href')}", seconds)

    def _loaded(self) -> int:
        return sum(event["method"] == "Page.loadEventFired" for event in self._events)

    def complaints(self) -> list[str]:
        """What the browser held against its pages since this was asked last: refusals, faults, broken policies."""
        self.run("1")
        found = [text for event in self._events for text in _complaint(event) if not any(name in text for name in NOISE)]
        self._events.clear()
        return found

    def answers(self) -> list[str]:
        """What the requests of the page came to since its complaints were asked last: a status, or why there is none."""
        self.run("1")
        return [text for event in self._events for text in _answer(event)]

    def picture(self, path: Path) -> None:
        """Keep what can be seen."""
        self.call("Page.bringToFront")
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


class Chromium:
    """A running browser."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def open(self) -> Tab:
        """A new page that is empty."""
        about = requests.put(f"{self._url}/json/new?about:blank", timeout=30).json()
        return Tab(about["webSocketDebuggerUrl"])


def find() -> str | None:
    """The program, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def chromium(program: str, names: Sequence[tuple[str, str]]) -> Iterator[Chromium]:
    """A browser for which these names are at these addresses, and that is ended."""
    rules = ", ".join(f"MAP {name} {address}" for name, address in names)
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        command = [program, *FLAGS, f"--user-data-dir={folder}", f"--host-resolver-rules={rules}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = Path(folder, "DevToolsActivePort")
            wait_until(lambda: told.exists() and told.read_text().count("\n"), "the browser listens", 60)
            yield Chromium(int(told.read_text().split()[0]))
        finally:
            process.terminate()
            process.wait(30)


def _complaint(event: dict[str, Any]) -> Iterator[str]:
    about = event.get("params", {})
    if event["method"] == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
        yield f"{about['entry']['source']}: {about['entry']['text']} {about['entry'].get('url', '')}"
    elif event["method"] == "Runtime.exceptionThrown":
        yield f"exception: {about['exceptionDetails'].get('exception', {}).get('description', about['exceptionDetails'])}"
    elif event["method"] == "Runtime.consoleAPICalled" and about["type"] == "error":
        yield f"console: {about['args']}"
    elif event["method"] == "Audits.issueAdded" and "Policy" in about["issue"]["code"]:
        yield f"issue: {json.dumps(about['issue'])[:400]}"


def _answer(event: dict[str, Any]) -> Iterator[str]:
    about = event.get("params", {})
    if event["method"] == "Network.responseReceived" or event["method"] == "Network.webSocketHandshakeResponseReceived":
        yield str(about["response"]["status"])
    elif event["method"] in ("Network.loadingFailed", "Network.webSocketFrameError"):
        cors = about.get("corsErrorStatus", {}).get("corsError")
        yield str(about.get("blockedReason") or cors or about.get("errorText") or about.get("errorMessage"))
