"""A real browser without a window, and what it holds against the pages that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser import find_chromium

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage")
PATIENCE = 120_000
"""Milliseconds that the browser waits for what a page is to show: the machine may have much else to do."""
RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
"""Axe's usual rules, those of WCAG 2.2 AA among them; one of these it leaves out unless it is named."""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
MARKER = "hacked"
"""The function that hostile texts call, see `tests/ui/hostile.py`."""

expect.set_options(timeout=PATIENCE)


@contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    """A browser that is ended. No `asyncio.run` works in this thread until then."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


class Window:
    """A page in a browser session of its own, and all that is held against it and what it led to."""

    def __init__(self, browser: Browser, base_url: str, **options: Any) -> None:
        self._host = urlsplit(base_url).netloc
        self._pages: set[str] = set()
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(base_url=base_url, **options)
        self.context.set_default_timeout(PATIENCE)
        self.context.set_default_navigation_timeout(PATIENCE)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        self.context.on("dialog", self._dialog)
        self.context.on("request", self._request)
        if options.get("java_script_enabled", True):
            self.context.expose_function(MARKER, lambda *_: self.complaints.append(f"{MARKER}() was called"))
        self.page: Page = self.context.new_page()

    def open(self, path: str) -> Page:
        """Go to a page, which is answered with 200."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status} {self.page.content()[:2_000]}"
        return self.page

    def close(self) -> None:
        self.context.close()

    def _console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        is_answer = "Failed to load resource" in message.text and url in self._pages  # an error that is a page
        if message.type in ("error", "warning") and not is_answer and not url.endswith("/favicon.ico"):
            self.complaints.append(f"{message.type}: {message.text} {url}")

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        url = request.url
        if request.is_navigation_request():
            self._pages.add(url)
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != self._host:
            self.complaints.append(f"request to another origin: {url}")


@contextmanager
def window(browser: Browser, base_url: str, **options: Any) -> Iterator[Window]:
    """A window that is closed."""
    opened = Window(browser, base_url, **options)
    try:
        yield opened
    finally:
        opened.close()


def violations(page: Page) -> list[str]:
    """What axe has against a page as it is now."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']} ({each['help']}): {node['target']} {node['html'][:200]} {node.get('failureSummary', '')}"
        for each in found
        for node in each["nodes"][:3]
    ]
