"""Each page: for everybody, in the dark, on a telephone, without script, and without a complaint of the browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from inventory.ui.pages import NAVIGATION
from tests.browser.chromium import OVERFLOW, violations, window
from tests.browser.serving import served
from tests.ui.filled import PAGES, Filled, filled

SCHEMES = ("light", "dark")
TELEPHONE, DESKTOP, WALL = 360, 1280, 3840
BROKEN_WORDS = """() => {
    const broken = [], texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const parent = texts.currentNode.parentElement;
        if (!parent.closest("tbody th, tbody td") || parent.closest("code, pre")) continue;
        for (const {index, 0: word} of texts.currentNode.data.matchAll(/(?<!\\S)\\p{L}{1,8}(?!\\S)/gu)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, index);
            range.setEnd(texts.currentNode, index + word.length);
            if (range.getClientRects().length > 1) broken.push(word);
        }
    }
    return broken;
}"""
"""The short words in cells of tables that are in more than one line, code aside."""
each_page = pytest.mark.parametrize("name", PAGES)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled(tmp_path_factory.mktemp("filled"), count=12) as service:
        yield service


@pytest.fixture(scope="module")
def url(service: Filled) -> Iterator[str]:
    with served(service.app) as url:
        yield url


@each_page
def test_a_page_is_for_everybody(browser: Browser, service: Filled, url: str, name: str) -> None:
    with window(browser, url) as opened:
        page = opened.open(service.paths()[name])
        page.wait_for_load_state("networkidle")
        for width in (DESKTOP, TELEPHONE):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert violations(page) == [], f"{name}, {scheme}, {width} pixels"
            assert page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways at {width} pixels"
        page.set_viewport_size({"width": WALL, "height": 2_160})
        assert page.evaluate(OVERFLOW) <= 0
        assert opened.complaints == []


@each_page
def test_no_short_word_of_a_table_is_broken_on_a_telephone(browser: Browser, service: Filled, url: str, name: str) -> None:
    with window(browser, url) as opened:
        page = opened.open(service.paths()[name])
        page.wait_for_load_state("networkidle")
        page.set_viewport_size({"width": TELEPHONE, "height": 900})
        assert page.evaluate(BROKEN_WORDS) == []


@each_page
def test_a_page_leads_to_its_content_and_to_the_others(browser: Browser, service: Filled, url: str, name: str) -> None:
    """By the keyboard; without script, too."""
    with window(browser, url, java_script_enabled=False) as opened:
        page = opened.open(service.paths()[name])
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        links = page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link")
        expect(links).to_have_count(len(NAVIGATION))
        first = page.get_by_role("link").first
        expect(first).to_have_accessible_name("Skip to the content")
        first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        assert opened.complaints == []


def test_the_documentation_fits_a_telephone_and_leads_back(browser: Browser, url: str) -> None:
    with window(browser, url) as opened:
        page = opened.open("/docs/")
        page.set_viewport_size({"width": TELEPHONE, "height": 900})
        expect(page.get_by_role("heading", level=3).first).to_be_visible()
        assert page.evaluate(OVERFLOW) <= 0
        page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Jobs").click()
        expect(page.get_by_role("heading", level=1, name="Jobs")).to_be_visible()
        assert opened.complaints == []


@pytest.mark.parametrize(
    ("name", "width", "column"),
    [("events", TELEPHONE, "table.events td.wide"), ("upstreams", DESKTOP, "table.upstreams td:nth-child(2)")],
)
def test_what_a_list_is_looked_at_for_is_in_sight(
    browser: Browser, service: Filled, url: str, name: str, width: int, column: str
) -> None:
    with window(browser, url) as opened:
        page = opened.open(service.paths()[name])
        page.set_viewport_size({"width": width, "height": 900})
        box = page.locator(column).first.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= width


def test_no_page_is_left_out(service: Filled) -> None:
    """Each rule of a page is that of a path which is looked at here; files, forms and fragments aside."""
    adapter = service.app.url_map.bind("localhost")
    looked_at = {adapter.match(path.partition("?")[0], return_rule=True)[0].rule for path in service.paths().values()}
    pages = {
        rule.rule
        for rule in service.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and service.app.view_functions[rule.endpoint].__module__.startswith("inventory.ui.")
    }

    assert pages >= looked_at
    assert {rule for rule in pages if rule.count("/") == 1 and "." not in rule} - looked_at <= {"/login", "/now"}
