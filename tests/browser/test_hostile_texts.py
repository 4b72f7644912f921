"""Texts of others are shown as what they are: they run nothing, ask nobody for anything, and leave each page as it was.

The browser is told to run scripts whatever the policy of a page says, so that nothing but how the page is written is left to
keep them from running. The policy itself is looked at in `test_every_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import OVERFLOW, violations, window
from tests.browser.serving import served
from tests.ui.filled import PAGES, Filled, filled
from tests.ui.hostile import PAYLOADS, hostile

EVALUATED = ("49 $", "[object Object]")
"""What template syntax would have become."""
LINKS = (
    "[...document.querySelectorAll('[href], [src], [action], [formaction]')].map(one => one.href || one.src || one.action)"
)
HANDLERS = (
    "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames().filter(n => /^(on|hx-on|data-hx-on)/.test(n)))"
)
ASKED = (
    "/search?q={}", "/record?url={}", "/record?url=http://a.test/{}", "/diff?url=http://a.test/{}", "/changes?q={}&field={}",
    "/jobs?status={}", "/jobs/{}", "/watches/{}", "/watches?name={}&query={}", "/upstreams?host={}", "/weather?city={}",
    "/products?source={}&category={}", "/events?q={}&service={}&trace_id={}",
)  # fmt: skip
"""Requests that are hostile themselves: those that a link of another site may make of who follows it."""

TOGETHER = (
    PAYLOADS[4] + PAYLOADS[1] + PAYLOADS[2],
    PAYLOADS[5] + PAYLOADS[10] + PAYLOADS[9],
    PAYLOADS[6] + PAYLOADS[8] + PAYLOADS[11],
    PAYLOADS[3],
    PAYLOADS[7][:300],
)
"""Fewer texts with the same in them."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled(tmp_path_factory.mktemp("hostile"), count=2 * len(PAYLOADS), texts=hostile) as service:
        yield service


@pytest.fixture(scope="module")
def url(service: Filled) -> Iterator[str]:
    with served(service.app) as url:
        yield url


def look_at(page: Page) -> None:
    """Assert that a page is whole and its own, whatever it shows."""
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Pages", exact=True)).to_have_count(1)
    schemes = {str(link).partition(":")[0] for link in page.evaluate(LINKS)}
    assert schemes <= {"http", "https", "data"}, schemes
    assert page.evaluate(HANDLERS) == []
    assert page.locator("base, iframe, object, embed").count() == 0
    text = page.content()
    assert not any(each in text for each in EVALUATED)


@pytest.mark.parametrize("name", PAGES)
def test_what_others_call_their_things_is_text(browser: Browser, service: Filled, url: str, name: str) -> None:
    with window(browser, url, bypass_csp=True) as opened:
        page = opened.open(service.paths()[name])
        look_at(page)
        assert violations(page) == []
        page.set_viewport_size({"width": 360, "height": 900})
        assert page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways"
        for details in page.locator("main summary:visible").all()[:10]:
            details.click()
        page.mouse.move(180, 450)
        look_at(page)
        assert opened.complaints == []


@pytest.mark.parametrize("path", ASKED)
def test_what_is_asked_for_is_text(browser: Browser, service: Filled, url: str, path: str) -> None:
    """Answers may be errors; they are pages all the same."""
    with window(browser, url, bypass_csp=True) as opened:
        for text in TOGETHER:
            asked = quote(text, safe="")
            answer = opened.page.goto(path.replace("{}", asked))
            assert answer is not None
            if answer.headers["content-type"] != "application/problem+json":  # a path that is none of ours
                look_at(opened.page)
        assert opened.complaints == []
