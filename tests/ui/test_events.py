"""The page of log events: its form, its list, its traces and its chart; and that log lines are texts in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.events.model import Event
from inventory.services import Services
from tests.ui.logging_in import BROWSER

JOB = "4f3c2b1a09f8e7d6c5b4a39281706f5e"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
EVIL = "</td><script>alert(1)</script>\u202e\x1b[31m"


def event(line: int, *, minutes: float = 0, **changes: Any) -> Event:
    members: dict[str, Any] = {
        "level": "info", "service": "api", "message": f"message {line}", "attributes": {}, "trace_id": None,
    }  # fmt: skip
    return Event(JOB, line, START + timedelta(minutes=minutes), **members | changes)


def add(services: Services, *events: Event) -> None:
    services.store.events.add(events)


def messages(text: str) -> list[str]:
    return re.findall(r">(message \d+)<", text)


def test_without_events_the_page_says_where_to_import_them(client: FlaskClient) -> None:
    text = client.get("/events").text

    assert "There are none yet." in text
    assert 'href="/jobs"' in text


def test_events_are_listed_newest_first_in_pages(client: FlaskClient, services: Services) -> None:
    add(services, *(event(line, minutes=line) for line in range(1, 61)))

    first = client.get("/events").text
    [following] = re.findall('href="([^"]+)" rel="next"', first)
    second = client.get(unescape(following)).text

    assert messages(first) + messages(second) == [f"message {line}" for line in range(60, 0, -1)]
    assert len(messages(first)) == 50


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("level=error", [2]),
        ("level=Warn", [3]),
        ("service=web&level=&q=&since=&until=&trace_id=&job=", [3]),
        ("q=MESSAGE 2", [2]),
        ("since=2026-01-31T13:00:00Z", [4]),
        ("until=2026-01-31T12:01", [1]),
        (f"job={JOB}&service=api", [4, 2, 1]),
        (f"job={'0' * 32}", []),
    ],
)
def test_the_form_s_fields_narrow_the_list(client: FlaskClient, services: Services, query: str, shown: list[int]) -> None:
    add(
        services,
        event(1), event(2, minutes=1, level="error"), event(3, minutes=2, level="warning", service="web"),
        event(4, minutes=60),
    )  # fmt: skip

    text = client.get(f"/events?{query}").text

    assert messages(text) == [f"message {line}" for line in shown]
    assert shown or "No log event is so." in text


def test_what_is_wrong_with_a_field_is_said_beside_the_form(client: FlaskClient) -> None:
    for query in ("level=loud", "since=soon", "trace_id=x", "job=x", "limit=0", "cursor=x", "size=1"):
        answer = client.get(f"/events?{query}", headers=BROWSER)
        assert (answer.status_code, answer.mimetype) == (422, "text/html")
        assert 'role="alert"' in answer.text
        assert 'name="level"' in answer.text


def test_level_and_service_lead_to_those_like_them(client: FlaskClient, services: Services) -> None:
    add(services, event(1, level="error", service="a&b=c"))

    links = [unescape(link) for link in re.findall('href="([^"]+)"', client.get("/events?q=message").text)]

    assert "/events?q=message&level=error" in links
    assert "/events?q=message&service=a%26b%3Dc" in links
    assert f"/jobs/{JOB}" in links


def test_a_trace_is_all_of_its_events_in_their_order(client: FlaskClient, services: Services) -> None:
    add(services, *(event(line, minutes=line, trace_id=TRACE) for line in range(1, 61)), event(99, minutes=30))

    link, *_ = {each for each in re.findall('href="([^"]+)"', client.get("/events").text) if "trace_id" in each}
    text = client.get(link).text

    assert messages(text) == [f"message {line}" for line in range(1, 61)]
    assert re.findall(r"([\d,]+) ms</td>", text)[:3] == ["0", "60,000", "120,000"]
    assert "<h1>Trace</h1>" in text


def test_attributes_are_shown_by_their_paths(client: FlaskClient, services: Services) -> None:
    attributes = {"order": 7, "customer": {"country": "DE", "tags": ["a", None]}, "empty": {}, "paid": True}
    add(services, event(1, attributes=attributes))

    found = re.findall(r"<dt>([^<]+)</dt><dd class=\"raw\">([^<]+)</dd>", client.get("/events").text)

    assert found == [
        ("order", "7"), ("customer.country", "DE"), ("customer.tags.0", "a"), ("customer.tags.1", "null"),
        ("empty", "{}"), ("paid", "true"),
    ]  # fmt: skip


def test_a_stack_trace_keeps_its_lines(client: FlaskClient, services: Services) -> None:
    trace = "Traceback:\n\tin charge\nValueError\x07"
    add(services, event(1, message=trace, attributes={"exception": trace}))

    assert client.get("/events").text.count(">Traceback:\n\tin charge\nValueError\\x07<") == 2


def test_a_log_line_is_text_and_nothing_else(client: FlaskClient, services: Services) -> None:
    add(services, event(1, message=EVIL, service=EVIL, attributes={EVIL: EVIL, "deep": [{EVIL: [EVIL]}]}, trace_id=TRACE))

    text = client.get("/events").text + client.get("/events/chart").text

    assert "<script>alert" not in client.get("/events", query_string={"q": EVIL, "service": EVIL}).text
    assert "<script>alert" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;\u202e\x1b[31m" in text


@pytest.mark.parametrize("content", ["W" * 2_000, "\u202e" * 2_000, '"' * 2_000, "é" * 2_000, "a " * 2_000, "\n" * 2_000])
def test_a_page_stays_small_whatever_lines_have(client: FlaskClient, services: Services, content: str) -> None:
    attributes = {f"{content}{number}": content for number in range(20)}
    add(
        services,
        *(event(n, message=content, service=content[:200], attributes=attributes, trace_id=TRACE) for n in range(100)),
    )

    for path in ("/events", f"/events?trace_id={TRACE}"):
        assert len(client.get(path).data) < 100_000


def test_deep_attributes_are_shown_as_far_as_there_is_room(client: FlaskClient, services: Services) -> None:
    deep: Any = "end"
    for _ in range(90):
        deep = {"x": deep}
    add(services, event(1, attributes={"deep": deep}))

    assert "deep.x.x.x" in client.get("/events").text


def test_the_chart_comes_after_its_page(client: FlaskClient, services: Services) -> None:
    add(services, event(1), event(2, minutes=1, level="error"), event(3, minutes=60, level="error", service="web"))

    [address] = re.findall('hx-get="([^"]+)"', client.get("/events?level=error&q=").text)
    part = client.get(unescape(address), headers={"HX-Request": "true"}).text
    alone = client.get(unescape(address)).text

    assert "<html" not in part
    assert part.strip() in alone
    assert "2 in all" in part
    assert re.findall(r'datetime="([^"]+)"', part) == ["2026-01-31T13:00:00.000Z", "2026-01-31T12:00:00.000Z"]
    assert "/events?level=error&amp;service=web" in part


def test_the_chart_has_a_column_for_each_level_in_order(client: FlaskClient, services: Services) -> None:
    add(services, event(1, level="error"), event(2, level="debug"), event(3, level="debug"))

    text = client.get("/events/chart").text

    assert re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', text) == ["Time", "debug", "error"]
    assert re.findall(r'<td class="count">(\d+)</td>', text) == ["2", "1"]


def test_of_a_search_nothing_is_counted(client: FlaskClient, services: Services) -> None:
    add(services, event(1, trace_id=TRACE))

    for query in ("q=message", f"trace_id={TRACE}"):
        assert "hx-get" not in client.get(f"/events?{query}").text


def test_the_page_is_in_the_navigation(client: FlaskClient) -> None:
    assert '<a href="/events" aria-current="page">Log events</a>' in client.get("/events").text


def test_behind_a_prefix_all_links_have_it(services: Services) -> None:
    add(services, event(1, trace_id=TRACE))
    client = create_app(services=services).test_client()

    text = client.get("/events", environ_overrides={"SCRIPT_NAME": "/inventory"}).text

    assert {link.split("/")[1] for link in re.findall('(?:href|action|hx-get)="(/[^"]*)"', text)} == {"inventory"}
