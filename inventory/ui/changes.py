"""`/changes`: what changed in the fleet, in groups that open, and one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from marshmallow import Schema

from inventory.changes import answers, fleet_schemas
from inventory.changes.documents import Document
from inventory.changes.parameters import field_parameter
from inventory.clock import MILLISECOND, rfc3339
from inventory.errors import InventoryError
from inventory.instants import instant_of
from inventory.ui.elsewhere import Ways, same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint, page_with, problem_of
from inventory.ui.pages import fragment, wants_fragment
from inventory.web_api import needs

blueprint = page_blueprint("change_pages")
blueprint.add_app_template_global(field_parameter)

GROUPS_QUERY = fleet_schemas.ChangeGroupsQuery()
CHANGES_QUERY = fleet_schemas.ChangesQuery()
MAX_ROWS = 30
"""Changes, and groups, of one page."""
PRESETS = (("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"))
"""Values of `since`, and their names."""


@blueprint.app_template_filter()
def just_after(instant: str) -> str:
    """The end of a time that an instant is still in."""
    at = instant_of(instant)
    assert at is not None
    return rfc3339(at + MILLISECOND)


@blueprint.get("/changes")
@needs.needs("read", limited=True)
def changes() -> Response:
    """The page, into which its groups are loaded after it: to group the changes of a day may take two seconds."""
    return _shown("coming", GROUPS_QUERY)


@blueprint.get("/changes/groups")
@needs.needs("read", limited=True)
def groups() -> Response:
    """The groups; the page with them in it, without script."""
    return _shown("groups", GROUPS_QUERY, _groups)


@blueprint.get("/changes/list")
@needs.needs("read", limited=True)
def one_by_one() -> Response:
    """The changes, newest first."""
    return _shown("list", CHANGES_QUERY, answers.changes)


def _shown(part: str, schema: Schema, answer: Callable[[dict[str, Any]], Document] | None = None) -> Response:
    """A part of the page, by itself if htmx asks for it, or what is wrong with the question in its place."""
    found, error = None, None
    ways: Ways = ()
    try:
        query = load_query(schema, MAX_ROWS)
        ways = _ways(query, part)
        found = {} if answer is None else answer(query)
    except InventoryError as raised:
        error = raised
    members: dict[str, Any] = {"found": found, "part": part, "q": request.args.get("q", "")}
    if wants_fragment():
        return fragment(f"_changes_{part}.html", is_part=True, problem=problem_of(error) if error else None, **members)
    return page_with("changes.html", error, presets=PRESETS, ways=ways, fields=request.args.getlist("field"), **members)


def _groups(query: dict[str, Any]) -> Document:
    document = answers.groups(query, "")
    return document | {"groups": [_with_links(each) for each in document["groups"]]}


def _with_links(group: Document) -> Document:
    """A group with the query of its changes, the instant before it, and whether its values are exact, and no shapes."""
    first = instant_of(group["first_seen"])
    assert first is not None
    return group | {
        "query": urlsplit(group["changes"]).query,
        "before": rfc3339(first - MILLISECOND),
        "is_exact": all((each["old"], each["new"]) == (group["old"], group["new"]) for each in group["samples"]),
    }


def _ways(query: Mapping[str, Any], part: str) -> Ways:
    """The same as requests and as a command."""
    in_groups = part != "list"
    given = {name: query[name] for name in ("q", "since", "until", "volatile")} | {"field": list(query["fields"])}
    command = ["changes", *(["--group"] if in_groups else [])]
    for name in ("since", "until"):
        command += [f"--{name}", query[name]] if query[name] else []
    command += [option for field in query["fields"] for option in ("--field", field)]
    command += ["--volatile"] if query["volatile"] else []
    command += ["--", query["q"]] if query["q"].startswith("-") else [query["q"]] if query["q"] else []
    return same_elsewhere(f"/api/v1/changes{'/groups' if in_groups else ''}", given, *command)
