"""How to get what a page shows without it: requests of the API and commands, for `same_as` of `_macros.html`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from inventory.ui.pages import service_url
from inventory.ui.shell import command
from inventory.ui.visitors import keys_count

Ways = Sequence[tuple[str, str]]
"""Names of ways to the same, each with a text to copy."""
MAX_WAY = 3_000
"""Characters of such a text: the page has the question anyway, and would repeat it three times."""
KEY = ("-H", "Authorization: Bearer inv_live_…")


def same_elsewhere(path: str, query: Mapping[str, Any], *inventory: str) -> Ways:
    """The request of the API that answers the same as a page, also as curl sends it, and a command if there is one.

    Parameters of the query that are empty are not sent; `inventory` are the arguments of the command of that name. What is
    longer than `MAX_WAY` is left out.
    """
    given = list(_parameters(query))
    url = f"{service_url()}{path}"
    asks = f"?{urlencode(given, quote_via=quote, safe=':*')}" if given else ""
    sent = [word for name, value in given for word in ("--data-urlencode", f"{name}={value}")]
    curl = ["curl", *(["-G"] if sent else []), url, *(KEY if keys_count() else ()), *sent]
    ways = [("API", f"{url}{asks}"), ("curl", command(curl))]
    if inventory:
        ways.append(("Terminal", command(["inventory", *inventory])))
    return [(name, text) for name, text in ways if len(text) <= MAX_WAY]


def _parameters(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for each in value if isinstance(value, list) else [value]:
            if each not in ("", None, False):
                yield name, "true" if each is True else str(each)
