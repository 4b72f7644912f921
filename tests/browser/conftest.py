"""Tests in a real browser. Without Chromium they are left out, which `tests/conftest.py` says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium, find_chromium
from tests.browser.chromium import Window, window
from tests.browser.running import Running, running

collect_ignore_glob = [] if find_chromium() else ["test_*.py"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a module."""
    with chromium.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def stack() -> Iterator[Running]:
    """A stack for the journeys of a module."""
    with running() as stack:
        yield stack


@pytest.fixture
def opened(browser: Browser, stack: Running) -> Iterator[Window]:
    """A window on the pages of the stack; in the end nothing is held against what it showed."""
    with window(browser, stack.url) as opened:
        yield opened
        assert opened.complaints == []
