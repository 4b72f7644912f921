"""A browser for the attacks: some names are at addresses of our choice, and all tabs share their cookies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

from tests.browser.chromium import launched
from tests.end_to_end.stack import wait_until

NOISE = ("favicon.ico",)
"""What a browser asks for by itself and finds missing."""


class Tab:
    """A page, what it says by itself, and what it can be told to do."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._complaints: list[str] = []
        self._answers: list[str] = []
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._complaints.append(f"exception: {error}"))
        page.on("response", lambda answer: self._answers.append(str(answer.status)))
        page.on("requestfailed", self._note_failed)

    def run(self, script: str) -> Any:
        """What an expression is worth on the page, a promise when it is kept."""
        return self._page.evaluate(script)

    def go(self, url: str) -> None:
        """Open a page and wait until it is loaded, whatever it is."""
        self._page.goto(url)

    def wait(self, condition: str, seconds: float = 20) -> Any:
        """The first true value of an expression."""
        return wait_until(lambda: self._value(condition), f"{condition} at {self._page.url}", seconds)

    def complaints(self) -> list[str]:
        """What the browser held against its pages since this was asked last: refusals, faults, broken policies."""
        self.run("1")  # what was said before it has come by then
        found = [text for text in self._complaints if not any(name in text for name in NOISE)]
        self._complaints.clear()
        self._answers.clear()
        return found

    def answers(self) -> list[str]:
        """What the requests of the page came to since its complaints were asked last: a status, or why there is none."""
        self.run("1")
        return list(self._answers)

    def picture(self, path: Path) -> None:
        """Keep what can be seen."""
        self._page.screenshot(path=path)

    def _value(self, expression: str) -> Any:
        try:
            return self.run(expression)
        except Error:  # the page is just left for another one
            return None

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _note_failed(self, request: Request) -> None:
        self._answers.append(str(request.failure))


class Chromium:
    """A running browser."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context

    def open(self) -> Tab:
        """A new page that is empty."""
        return Tab(self._context.new_page())


@contextmanager
def chromium(names: Sequence[tuple[str, str]]) -> Iterator[Chromium]:
    """A browser for which these names are at these addresses, and that is ended."""
    rules = ", ".join(f"MAP {name} {address}" for name, address in names)
    with launched(f"--host-resolver-rules={rules}", "--disable-popup-blocking") as browser:
        yield Chromium(browser.new_context(viewport={"width": 1100, "height": 900}))
