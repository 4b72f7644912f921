"""What a person does to see one address, to find many, and to compare, on a real stack."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import Window, window
from tests.browser.running import Running


def lines_of(page: Page, label: str) -> list[tuple[str, str]]:
    """The header lines that a table shows."""
    rows = page.get_by_role("table", name=f"Header lines of: {label}").get_by_role("row").all()
    return [(row.get_by_role("rowheader").inner_text(), row.get_by_role("cell").inner_text()) for row in rows]


def go_to(page: Page, title: str) -> None:
    """Follow a link of the navigation."""
    page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name=title, exact=True).click()


def test_an_unknown_address_becomes_a_record_while_one_watches(opened: Window, stack: Running) -> None:
    """With the keyboard alone."""
    stack.site.hold("/watched-for")
    url = stack.site.url("/watched-for")
    page = opened.open("/")
    expect(page.get_by_role("textbox", name="URL")).to_be_focused()
    page.keyboard.type(url)
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_contain_text("being collected")
    stack.site.release("/watched-for")
    expect(page.get_by_role("heading", name="Answers")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(url)
    expect(page.get_by_role("main")).not_to_contain_text("being collected")


def test_a_record_shows_all_that_was_sent_as_it_was_sent(opened: Window, stack: Running) -> None:
    pages = stack.demo.urls["pages"]
    stack.collect(f"{pages}/redirect", f"{pages}/news", f"{pages}/news")
    sent = stack.send("GET", "/metadata", params={"url": f"{pages}/news"})

    page = opened.open(f"/record?url={pages}/news")
    assert lines_of(page, "Final response") == [(line["name"], line["value"]) for line in sent["headers"]]
    cookies = page.get_by_role("region", name="Cookies")
    expect(cookies.get_by_role("row")).to_have_count(1 + len(sent["cookies"]))
    refused = cookies.get_by_role("row").filter(has_text="partner")
    expect(refused).to_contain_text("refused")
    expect(refused).to_contain_text("Domain partner.example does not cover")
    expect(page.get_by_role("region", name="Snapshots, newest first").get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("region", name="Page source")).to_contain_text("<h1>News</h1>")
    raw = page.get_by_role("link", name="Raw JSON").get_attribute("href")
    assert page.request.get(raw or "").json()["headers"] == sent["headers"]

    page.goto(f"/record?url={pages}/redirect")
    for heading in ("Redirect 1", "Redirect 2", "Final response"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert ("Location", "/login") in lines_of(page, "Redirect 2")


def test_two_snapshots_are_compared(opened: Window, stack: Running) -> None:
    url = stack.site.url("/compared")
    for mode in ("early", "late", "later"):
        stack.site.mode = mode
        stack.collect(url)

    page = opened.open(f"/record?url={url}")
    page.get_by_role("link", name="Compare with the previous").click()
    change = page.get_by_role("listitem").filter(has_text="header.x-mode")
    expect(change).to_contain_text(re.compile("late.*later", re.DOTALL))
    expect(page.get_by_role("region", name="Text of the page")).to_contain_text("The mode is later.")

    page.get_by_label("Older").select_option(index=2)
    page.get_by_role("button", name="Compare").click()
    expect(change).to_contain_text(re.compile("early.*later", re.DOTALL))


def test_changes_are_groups_that_open(opened: Window, stack: Running) -> None:
    urls = [stack.site.url(f"/change/{number}") for number in range(3)]
    for mode in ("calm", "loud"):
        stack.site.mode = mode
        stack.collect(*urls)

    page = opened.open("/")
    go_to(page, "Changes")
    group = page.get_by_role("group").filter(has_text="header.x-mode").filter(has_text="loud")
    expect(group).to_contain_text(re.compile(r"3\s+targets"))
    group.locator("summary").click()
    expect(group.get_by_role("row").filter(has_text="/change/")).to_have_count(3)
    expect(group).to_contain_text("calm")

    group.get_by_role("link", name="Diff").first.click()
    expect(page).to_have_url(re.compile("/diff"))
    expect(page.get_by_role("main")).to_contain_text("loud")


def test_a_query_is_completed_narrowed_and_taken_away(opened: Window, stack: Running) -> None:
    """The query with the keyboard alone."""
    stack.site.mode = "sought"
    stack.collect(*(stack.site.url(f"/search/{number}") for number in range(3)), f"{stack.demo.urls['pages']}/login")
    page = opened.open("/search")
    query = page.get_by_label("Query", exact=True)
    while not query.evaluate("field => field === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.type("header.x-mo", delay=30)
    expect(page.get_by_role("option").first).to_contain_text("header.x-mode")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(query).to_have_value(re.compile("^header.x-mode:"))
    page.keyboard.type("sought")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="3 targets")).to_be_visible()

    query.fill("_exists_:header.server")
    page.keyboard.press("Enter")
    values = page.get_by_role("complementary", name="Values")
    values.get_by_label("Another field").fill("header.x-mode")
    values.get_by_role("button", name="Count").click()
    values.get_by_role("link", name="sought").click()
    expect(page).to_have_url(re.compile("sought"))
    expect(page.get_by_role("heading", name="3 targets")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert sorted({row["url"] for row in rows}) == [stack.site.url(f"/search/{number}") for number in range(3)]


@pytest.fixture
def bare(browser: Browser, stack: Running) -> Iterator[Window]:
    """A window without script."""
    with window(browser, stack.url, java_script_enabled=False) as opened:
        yield opened
        assert opened.complaints == []


def test_without_script_an_address_becomes_a_record_too(bare: Window, stack: Running) -> None:
    url = f"{stack.demo.urls['pages']}/slow?seconds=1"
    page = bare.open("/")
    page.get_by_role("textbox", name="URL").fill(url)
    page.get_by_role("button", name="Look up").click()

    expect(page.get_by_role("heading", name="Answers")).to_be_visible()
    page.get_by_role("button", name="Collect now").click()
    expect(page.get_by_role("region", name="Snapshots, newest first").get_by_role("row")).to_have_count(3)


def test_without_script_values_narrow_a_search_too(bare: Window, stack: Running) -> None:
    stack.site.mode = "plain"
    stack.collect(stack.site.url("/bare"))
    page = bare.open("/search?q=header.x-mode:plain")
    page.get_by_label("Another field").fill("title")
    page.get_by_role("button", name="Count").click()
    page.get_by_role("link", name="Page /bare").click()

    expect(page.get_by_role("heading", name="1 target")).to_be_visible()
    expect(page.get_by_role("link", name=stack.site.url("/bare"))).to_be_visible()
