"""Pulls a feed of the demo as `feeds.yaml` describes it, with the simplest reader possible, to show that it is right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import yaml

from inventory.demo import addresses
from inventory.demo.exchange import Response
from inventory.demo.upstream import Upstream
from tests.demo.served import AUTHORITY, Time, ask

Feed = Mapping[str, Any]
FEEDS: Mapping[str, Feed] = {
    feed["name"]: feed
    for feed in yaml.safe_load(addresses.feeds(dict.fromkeys(addresses.NAMES, int(AUTHORITY.partition(":")[2]))))
}


def pull(upstream: Upstream, clock: Time, tries: int = 20) -> Iterator[Response]:
    """The pages of a feed in order, each asked for until it is answered with 200; a broken page is asked for once more."""
    feed = FEEDS[upstream.name]
    target: str | None = _target(feed["url"])
    while target is not None:
        answers = (_ask_later(upstream, target, clock) for _ in range(tries))
        answer = next(answer for answer in answers if answer.status == 200 and not answer.disconnect)
        if page_of(answer) is None:
            answer = next(answer for answer in answers if answer.status == 200 and not answer.disconnect)
        yield answer
        target = _next(feed, target, answer)


def page_of(answer: Response) -> Any:
    """The document, None if it is not JSON."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def products(feed: Feed, page: Any) -> list[Any]:
    found = at(page, feed["items"])
    assert isinstance(found, list)
    return found


def normal(feed: Feed, described: Any) -> dict[str, Any]:
    """A product in the catalogue's own words and numbers; `LookupError`, `TypeError` or `ValueError` if it has a flaw."""
    product = {name: _field(how, described) for name, how in feed["fields"].items()}
    return product | {"price": round(float(product["price"]), 2)}


def at(document: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        document = document[name]
    return document


def _field(how: Any, described: Any) -> Any:
    if isinstance(how, str):
        return at(described, how)
    if "value" in how:
        return how["value"]
    value = at(described, how["path"])
    return how["names"][value] if "names" in how else value * how["scale"]


def _ask_later(upstream: Upstream, target: str, clock: Time) -> Response:
    clock.now += 0.25
    return ask(upstream, target)


def _next(feed: Feed, target: str, answer: Response) -> str | None:
    paginator, start = feed["paginator"], _target(feed["url"])
    match paginator["kind"]:
        case "page":
            page = int(target.rpartition("=")[2]) if "?" in target else paginator["first"]
            document = page_of(answer)
            last = page + 1 if document is None else at(document, paginator["pages"])
            return f"{start}?{paginator['parameter']}={page + 1}" if page < last else None
        case "cursor":
            cursor = at(page_of(answer), paginator["next"])
            return f"{start}?{paginator['parameter']}={quote(cursor)}" if cursor else None
        case _:
            found = re.search(r'<([^>]*)>; rel="next"', dict(answer.headers)["Link"])
            return _target(found[1]) if found else None


def _target(url: str) -> str:
    return "/" + url.split("/", 3)[3]
