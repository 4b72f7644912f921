"""What a person does to follow what the service does: jobs, upstreams, watches, feeds and logs, on a real stack."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, expect

from tests.browser.chromium import Window, window
from tests.browser.running import Running


def test_an_upstream_s_row_follows_what_is_asked_of_it(opened: Window, stack: Running) -> None:
    stack.collect(stack.site.url("/first"))

    page = opened.open("/upstreams")
    row = page.get_by_role("row").filter(has_text="127.0.0.1")
    before = row.inner_text()
    stack.collect(*(stack.site.url(f"/more/{number}") for number in range(4)))
    expect(row).not_to_have_text(before, use_inner_text=True)

    row.get_by_role("link", name="127.0.0.1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("127.0.0.1")
    expect(page.get_by_role("main")).to_contain_text("closed")


def test_the_weather_of_a_city_is_had_at_once(opened: Window) -> None:
    page = opened.open("/weather")
    page.get_by_label("City", exact=True).fill("Paris")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Paris")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("°C")
    page.goto("/weather")
    expect(page.get_by_role("row").filter(has_text="Paris")).to_be_visible()


def test_runs_of_feeds_end_as_prices_over_time(opened: Window) -> None:
    page = opened.open("/products")
    product = page.get_by_role("region", name="Catalogue").get_by_role("row").nth(1).get_by_role("link").first
    seen = []
    for _ in range(2):
        page.get_by_role("button", name="Start a run").click()
        expect(page).to_have_url(re.compile(r"/jobs/\w+"))
        expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=240_000)
        page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Products").click()
        seen.append(product.get_attribute("href"))

    page.goto(seen[0])  # newer ones may have been missed by the first run
    expect(page.get_by_role("heading", name="Prices over time")).to_be_visible()
    expect(page.get_by_role("region", name="Prices over time").get_by_role("row")).to_have_count(3)
    expect(page.locator("figure canvas")).to_have_count(1)


def test_a_watch_is_made_tried_and_paused(opened: Window, stack: Running) -> None:
    for mode in ("quiet", "watched"):
        stack.site.mode = mode
        stack.collect(stack.site.url("/watch"))

    page = opened.open("/watches")
    page.get_by_role("link", name="New watch").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Modes")
    page.get_by_role("textbox", name="Targets, as a query").fill("header.x-mode:(")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Modes")
    page.get_by_role("textbox", name="Targets, as a query").fill("header.x-mode:*")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Modes")

    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("region", name="Groups of findings")).to_contain_text("header.x-mode")
    page.get_by_role("link", name="The watch itself").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.goto("/watches")
    expect(page.get_by_role("row").filter(has_text="Modes")).to_contain_text("paused")


DROPPED = """() => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([%s], "list.csv"));
  return dropped;
}"""


def test_a_file_that_is_dropped_is_shown_sent_and_followed(opened: Window, stack: Running) -> None:
    urls = [stack.site.url(f"/listed/{number}") for number in range(3)]
    stack.site.hold("/listed/2")
    page = opened.open("/jobs")
    dropped = page.evaluate_handle(DROPPED % json.dumps("\n".join(["url", *urls, "nonsense"])))
    page.get_by_label("File", exact=True).dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.get_by_text("Recognised as urls")).to_contain_text("3 good, 1 rejected")
    expect(page.get_by_role("region", name="The first rows of the file").get_by_role("row")).to_have_count(5)
    page.get_by_label("Labels").fill("dropped")
    page.get_by_role("button", name="Import").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("list.csv")
    page.evaluate("window.isSame = true")
    expect(page.get_by_role("main")).to_contain_text("3 of 4")
    stack.site.release("/listed/2")
    expect(page.get_by_role("main")).to_contain_text("completed")
    expect(page.get_by_role("main")).to_contain_text("4 of 4")
    assert page.evaluate("window.isSame"), "the page followed without being loaded again"

    outcomes = page.get_by_role("navigation", name="Rows by outcome")
    outcomes.get_by_role("link", name="Rejected (1)").click()
    expect(page.get_by_role("region", name="Rows that have an outcome")).to_contain_text("nonsense")
    outcomes.get_by_role("link", name="Succeeded (3)").click()
    page.get_by_role("link", name=urls[0]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(urls[0])
    expect(page.get_by_role("link", name="dropped")).to_be_visible()


def test_without_script_a_file_is_imported_too(browser: Browser, stack: Running) -> None:
    with window(browser, stack.url, java_script_enabled=False) as bare:
        page = bare.open("/jobs")
        file = {"name": "bare.txt", "mimeType": "text/plain", "buffer": stack.site.url("/bare").encode()}
        page.get_by_label("File", exact=True).set_input_files([file])
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("bare.txt")
        expect(page.get_by_role("main")).to_contain_text("completed")
        assert bare.complaints == []


def test_log_events_are_counted_chosen_and_followed_by_their_trace(opened: Window, stack: Running) -> None:
    lines = [
        {
            "timestamp": f"2026-01-31T12:{number:02}:00Z",
            "level": "error" if number == 7 else "info",
            "service": "shop",
            "message": f"step {number}",
            "trace_id": f"{1 if number in (3, 7) else 100 + number:032x}",
        }
        for number in range(20)
    ]
    stack.import_file("events", "shop.jsonl", "\n".join(map(json.dumps, lines)).encode())

    page = opened.open("/")
    page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Log events").click()
    expect(page.get_by_role("figure")).to_contain_text("20 in all")
    page.get_by_role("region", name="By level").get_by_role("link", name="error").click()
    events = page.get_by_role("region", name="Log events")
    expect(events).to_contain_text("step 7")
    expect(events).not_to_contain_text("step 3")
    events.get_by_role("link", name="Trace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trace")
    expect(events).to_contain_text(re.compile("step 3.*step 7", re.DOTALL))

    page.goto("/events")
    page.get_by_label("Message has").fill("step 11")
    page.keyboard.press("Enter")
    expect(events).to_contain_text("step 11")
    expect(events).not_to_contain_text("step 12")
