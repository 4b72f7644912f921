"""Log events over HTTP: listed newest first, filtered, counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from marshmallow import Schema

from inventory.events import schemas
from inventory.events.model import Event
from inventory.events.service import MAX_HOURS
from inventory.services import Services
from inventory.web_api.blueprint import example

EVENTS, STATS = "/api/v1/events", "/api/v1/events/stats"
JOB, OTHER = "4f3c2b1a09f8e7d6c5b4a39281706f5e", "0" * 31 + "1"
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def event(line: int, *, minutes: float = 0, **changes: Any) -> Event:
    members: dict[str, Any] = {
        "job_id": JOB,
        "timestamp": NOON + timedelta(minutes=minutes),
        "level": "info",
        "service": "checkout",
        "message": "hello",
        "attributes": {},
    }
    return Event(line=line, **members | changes)


def lines(client: FlaskClient, **query: str) -> list[int]:
    answer = client.get(EVENTS, query_string=query)
    assert answer.status_code == 200, answer.text
    return [each["line"] for each in answer.json["events"]]


def problem(client: FlaskClient, path: str = EVENTS, **query: str) -> Mapping[str, Any]:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "invalid_request"
    errors: Mapping[str, Any] = answer.json["errors"]
    return errors


@pytest.fixture
def few(services: Services) -> None:
    """Five events, of two jobs, two services and three levels, over two hours."""
    services.store.events.add(
        [
            event(1, minutes=0),
            event(2, minutes=30, level="error"),
            event(3, minutes=90, service="billing"),
            event(4, minutes=60, level="warning", service="billing"),
            event(5, minutes=100, job_id=OTHER),
        ]
    )


def test_an_event_is_answered_with_all_that_its_line_said(client: FlaskClient, services: Services) -> None:
    attributes = {"$where": {"a.b": [1, None, 2**70, 0.1]}, "": "\0", "order": 90417}
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    services.store.events.add([event(17, attributes=attributes, trace_id=trace_id, message="größer 😀 \0")])

    assert client.get(EVENTS).json == {
        "events": [
            {
                "id": f"{JOB}-0000000017",
                "job_id": JOB,
                "line": 17,
                "timestamp": "2026-01-31T12:00:00.000Z",
                "level": "info",
                "service": "checkout",
                "message": "größer 😀 \0",
                "attributes": attributes,
                "trace_id": trace_id,
            }
        ],
        "next_cursor": None,
    }


@pytest.mark.usefixtures("few")
def test_events_are_listed_newest_first(client: FlaskClient) -> None:
    assert lines(client) == [5, 3, 4, 2, 1]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"job": JOB}, [3, 4, 2, 1]),
        ({"job": "f" * 32}, []),
        ({"level": "error"}, [2]),
        ({"level": "WARN"}, [4]),
        ({"service": "billing"}, [3, 4]),
        ({"since": "2026-01-31T13:00:00Z"}, [5, 3, 4]),
        ({"until": "2026-01-31T13:00:00Z"}, [2, 1]),
        ({"since": "2026-01-31T13:30:00+01:00", "until": "2026-01-31T13:30:00"}, [4, 2]),
        ({"job": JOB, "level": "info", "service": "billing", "since": "2026-01-31T12:00:00Z"}, [3]),
    ],
)
def test_filters_choose_what_is_listed(client: FlaskClient, query: dict[str, str], found: list[int]) -> None:
    assert lines(client, **query) == found


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def traced(services: Services) -> None:
    """Three events, two of one trace."""
    services.store.events.add(
        [
            event(1, trace_id=TRACE, message="Payment declined"),
            event(2, minutes=1, trace_id="f" * 32, message="payment DECLINED, again"),
            event(3, minutes=2, trace_id=TRACE, message="retried"),
        ]
    )


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"trace_id": TRACE}, [3, 1]),
        ({"trace_id": TRACE.upper()}, [3, 1]),
        ({"trace_id": f"00-{TRACE}-00f067aa0ba902b7-01"}, [3, 1]),
        ({"trace_id": TRACE, "q": "Declined"}, [1]),
        ({"q": "declined"}, [2, 1]),
        ({"q": "declined", "until": "2026-01-31T12:01:00Z"}, [1]),
        ({"q": "nothing of that"}, []),
    ],
)
def test_events_are_found_by_their_trace_and_by_a_text(client: FlaskClient, query: dict[str, str], found: list[int]) -> None:
    assert lines(client, **query) == found


@pytest.mark.usefixtures("traced")
def test_pages_of_a_search_follow_each_other(client: FlaskClient) -> None:
    first = client.get(EVENTS, query_string={"q": "declined", "limit": "1"}).json
    second = client.get(EVENTS, query_string={"q": "declined", "limit": "1", "cursor": first["next_cursor"]}).json
    last = client.get(EVENTS, query_string={"q": "declined", "limit": "1", "cursor": second["next_cursor"]}).json

    assert [[each["line"] for each in page["events"]] for page in (first, second, last)] == [[2], [1], []]
    assert last["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"trace_id": "x"}, "32 hexadecimal digits"),
        ({"trace_id": "0" * 32}, "not all of them 0"),
        ({"q": ""}, "1 to 200 characters"),
        ({"q": "x" * 201}, "1 to 200 characters"),
    ],
)
def test_a_search_that_means_nothing_is_refused_with_the_way_out(
    client: FlaskClient, query: dict[str, str], says: str
) -> None:
    errors = problem(client, EVENTS, **query)

    assert says in errors[next(iter(query))][0]


def test_pages_follow_each_other_while_events_are_written(client: FlaskClient, services: Services) -> None:
    services.store.events.add([event(line, minutes=line // 3) for line in range(1, 11)])  # three of them in each minute
    seen, cursor = [], None
    while True:
        page = client.get(EVENTS, query_string={"limit": "4"} | ({"cursor": cursor} if cursor else {})).json
        seen += [each["line"] for each in page["events"]]
        services.store.events.add([event(100 + len(seen), minutes=60)])
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == list(range(10, 0, -1))


@pytest.mark.usefixtures("few")
def test_statistics_count_by_level_service_and_hour(client: FlaskClient) -> None:
    assert client.get(STATS).json == {
        "total": 5,
        "by_level": {"info": 3, "error": 1, "warning": 1},
        "by_service": {"checkout": 3, "billing": 2},
        "by_hour": {"2026-01-31T13:00:00.000Z": 3, "2026-01-31T12:00:00.000Z": 2},
        "by_hour_and_level": {
            "2026-01-31T13:00:00.000Z": {"info": 2, "warning": 1},
            "2026-01-31T12:00:00.000Z": {"error": 1, "info": 1},
        },
    }


@pytest.mark.usefixtures("few")
def test_statistics_take_the_same_filters(client: FlaskClient) -> None:
    query = {"job": JOB, "since": "2026-01-31T13:00:00Z"}

    assert client.get(STATS, query_string=query).json == {
        "total": 2,
        "by_level": {"info": 1, "warning": 1},
        "by_service": {"billing": 2},
        "by_hour": {"2026-01-31T13:00:00.000Z": 2},
        "by_hour_and_level": {"2026-01-31T13:00:00.000Z": {"info": 1, "warning": 1}},
    }


def test_statistics_of_nothing_are_empty(client: FlaskClient) -> None:
    assert client.get(STATS).json == {"total": 0, "by_level": {}, "by_service": {}, "by_hour": {}, "by_hour_and_level": {}}


def test_statistics_name_at_most_a_week_of_hours(client: FlaskClient, services: Services) -> None:
    services.store.events.add([event(line, minutes=60 * line) for line in range(1, MAX_HOURS + 11)])

    stats = client.get(STATS).json

    assert stats["total"] == MAX_HOURS + 10
    assert len(stats["by_hour"]) == MAX_HOURS
    assert next(iter(stats["by_hour"])) == "2026-02-07T22:00:00.000Z"


@pytest.mark.parametrize("path", [EVENTS, STATS])
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"level": "loud"}, "Send one of trace, debug, info, warning, error, critical."),
        ({"job": "1"}, "Send its 32 hexadecimal digits."),
        ({"since": "yesterday"}, "Send RFC 3339"),
        ({"until": "2026-01-31T13:00:00 01:00"}, "a plus is %2B in a query"),
        ({"since": "2026-01-31T13:00:00Z", "until": "2026-01-31T13:00:00Z"}, "Send a later instant."),
        ({"color": "red"}, "Unknown"),
    ],
)
def test_a_query_that_means_nothing_is_refused_with_the_way_out(
    client: FlaskClient, path: str, query: dict[str, str], says: str
) -> None:
    errors = problem(client, path, **query)

    assert list(errors) == [list(query)[-1]]
    assert says in errors[list(query)[-1]][0]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"cursor": "?"}])
def test_a_page_that_cannot_be_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    assert list(problem(client, **query)) == list(query)


@pytest.mark.usefixtures("few")
def test_answers_are_as_documented(client: FlaskClient) -> None:
    assert schemas.EventsPage().validate(client.get(EVENTS, query_string={"limit": "2"}).json) == {}
    assert schemas.StatsSchema().validate(client.get(STATS).json) == {}


@pytest.mark.parametrize(
    ("schema", "name"), [(schemas.EventsPage(), "events/events"), (schemas.StatsSchema(), "events/stats")]
)
def test_examples_are_as_documented(schema: Schema, name: str) -> None:
    assert schema.validate(example(name)) == {}


def test_a_store_that_is_away_is_503(client: FlaskClient, services: Services, tmp_path: Any) -> None:
    client.get(EVENTS)
    services.store.close()
    for file in tmp_path.glob("inventory.sqlite3*"):
        file.rename(tmp_path / f"away-{file.name}")

    answer = client.get(EVENTS)

    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
