"""`/events`: the log events of imported files, as a list and as a trace; how many there are in each hour comes after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from inventory.errors import InvalidRequest
from inventory.events import answers, schemas
from inventory.events.levels import LEVELS
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.event_rows import event_rows
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import fragment, page, wants_fragment
from inventory.web_api import needs

blueprint = page_blueprint("event_pages")

EVENTS_QUERY, FILTER_QUERY = schemas.EventsQuery(), schemas.FilterQuery()
FILTERS = ("job", "level", "service", "since", "until")
API = "/api/v1/events"
TRACE_LIMIT = 100
"""Events of a trace that one page shows."""


@blueprint.get("/events")
@needs.needs("read")
def events() -> Response:
    """A page of the log events that a query means; of a trace in their order."""
    try:
        query = load_query(EVENTS_QUERY)
    except InvalidRequest as error:
        return page_with("events.html", error, levels=LEVELS)
    is_trace = query["trace_id"] is not None
    query["limit"] = TRACE_LIMIT if is_trace and "limit" not in request.args else min(query["limit"], TRACE_LIMIT)
    found = answers.events(query)
    return page(
        "events.html",
        problem=None,
        rows=event_rows(found["events"][::-1] if is_trace else found["events"]),
        next_cursor=found["next_cursor"],
        levels=LEVELS,
        trace=is_trace,
        filters=_filters(),
        ways=same_elsewhere(API, {name: request.args.get(name) for name in (*FILTERS, "trace_id", "q")}),
        counted=not (is_trace or query["q"]),
    )


@blueprint.get("/events/chart")
@needs.needs("read")
def chart() -> Response:
    """How many there are in each hour, of each level and service: a part of the page of events, and a page alone."""
    stats = answers.stats(load_query(FILTER_QUERY))
    columns = [level for level in LEVELS if level in stats["by_level"]]
    hours = [[hour, *(counts.get(level, 0) for level in columns)] for hour, counts in stats["by_hour_and_level"].items()]
    filters = _filters()
    members: dict[str, Any] = {"stats": stats, "columns": columns, "hours": hours, "filters": filters}
    if wants_fragment():
        return fragment("_events_chart.html", **members)
    return page("events_chart.html", ways=same_elsewhere(f"{API}/stats", filters), **members)


def _filters() -> Mapping[str, str]:
    """What was asked for and counts for the chart, too."""
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}
