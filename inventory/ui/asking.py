"""What a page asks, as the schema of an API's route loads it; and how the same is asked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Request, request
from marshmallow import Schema

from inventory.ui.shell import command
from inventory.ui.visitors import keys_count
from inventory.web_api import arguments

Ways = Sequence[tuple[str, str]]
"""Names of ways to the same, each with a text to copy (`same_as` of `_macros.html`)."""
KEY = ("-H", "Authorization: Bearer inv_live_…")


def asked(schema: Schema) -> Any:
    """What a schema loads from the query of the page's URL, without the fields that a form left empty."""
    read = arguments.reader("query", schema)

    def chosen(sent: Request) -> dict[str, Any]:
        return {name: value for name, value in read(sent).items() if value not in ("", [""])}

    return arguments.load(schema, chosen, request)


def is_partial() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def same_elsewhere(path: str, query: Mapping[str, Any], *inventory: str) -> Ways:
    """The request of the API that answers the same as a page, also as curl sends it, and a command if there is one."""
    given = {name: value for name, value in query.items() if value not in ("", None, False, [], ())}
    given = {name: "true" if value is True else value for name, value in given.items()}
    asks = f"?{urlencode(given, doseq=True, quote_via=quote, safe=':*', errors='replace')}" if given else ""
    url = f"{request.scheme}://{request.headers['Host']}{request.script_root}{path}{asks}"
    ways = [("API", url), ("curl", command(["curl", url, *(KEY if keys_count() else ())]))]
    return [*ways, ("Terminal", command(["inventory", *inventory]))] if inventory else ways
