"""The search as of an earlier day, by its slider."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.chromium import window
from tests.browser.serving import served
from tests.ui.filled import filled


def test_a_slider_leads_to_what_was_shown_on_an_earlier_day(browser: Browser, tmp_path: Path) -> None:
    """With the keyboard alone. The servers called themselves apache on the first day."""
    with filled(tmp_path, count=3) as service, served(service.app) as url, window(browser, url) as opened:
        page = opened.open("/search?q=header.server:apache")
        expect(page.get_by_text("No target shows this.")).to_be_visible()

        day = page.get_by_label("Day", exact=True)
        day.focus()
        page.keyboard.press("ArrowLeft")
        expect(day).to_have_attribute("aria-valuetext", "2026-02-02")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile("at=2026-02-01"))
        expect(page.get_by_role("heading", name="3 targets as of 2026-02-01")).to_be_visible()
        assert opened.complaints == []
