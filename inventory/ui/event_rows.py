"""What a page shows of log events: of each as much as there is room for, whatever their lines have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from markupsafe import escape

from inventory import json_bytes
from inventory.ui.formats import cut
from inventory.ui.page_room import PageRoom
from inventory.ui.pages import same_page

ROOM, MARKUP, MARKUP_OF_PAIR = 84_000, 650, 40
"""Bytes of a page for its events, and what the markup of one takes, and of one attribute."""
SHORT, MAX_PATH, MAX_SERVICE = 240, 120, 60
"""Bytes of a message in the list and of an attribute's path, and characters of a service that is a link."""
MAX_ATTRIBUTES = 60
REST = ("…", "The rest is in the answer of the API.")
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A log event on a page. `more` are names and texts; `after` are milliseconds since the first event of the page."""

    event: Mapping[str, Any]
    message: str
    service: str
    service_url: str | None
    more: Sequence[Pair]
    after: int


def event_rows(events: Sequence[Mapping[str, Any]]) -> Sequence[EventRow]:
    """The rows of these events. Each may take its share of the room that the events before it have left."""
    first = min((_instant(each) for each in events), default=None)
    room, rows = PageRoom(ROOM - MARKUP * len(events)), list[EventRow]()
    for number, event in enumerate(events):
        url = same_page(service=event["service"]) if len(event["service"]) <= MAX_SERVICE else None
        message, service = cut(event["message"], SHORT, lines=True), cut(event["service"], MAX_SERVICE)
        share = PageRoom(room.left // (len(events) - number))
        room.left -= share.left
        share.left -= sum(_weight(each) for each in (message, service, url or ""))
        more = _more(event, share)
        room.left += share.left
        after = 0 if first is None else round((_instant(event) - first).total_seconds() * 1000)
        rows.append(EventRow(event=event, message=message, service=service, service_url=url, more=more, after=after))
    return rows


def _instant(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def _more(event: Mapping[str, Any], room: PageRoom) -> Sequence[Pair]:
    """The whole message, if the list has not all of it, and the attributes: as many as there is room for."""
    message = event["message"]
    found: Iterator[Pair] = _paths(event["attributes"])
    shown = list[Pair]()
    if len(cut(message, SHORT + 1, lines=True)) > len(cut(message, SHORT, lines=True)):
        shown.append(_taken("Message", message, room))
    for path, text in islice(found, MAX_ATTRIBUTES):
        name = cut(path, MAX_PATH)
        if room.left - MARKUP_OF_PAIR - _weight(name) < len(text[:MAX_PATH]):
            return [*shown, REST]
        shown.append(_taken(name, text, room))
    return shown if next(found, None) is None else [*shown, REST]


def _taken(name: str, text: str, room: PageRoom) -> Pair:
    """As much of a text as there is room for, with its name; it takes that."""
    room.left -= MARKUP_OF_PAIR + _weight(name)
    shown = cut(text, max(room.left, 0), lines=True)
    room.left -= _weight(shown)
    return name, shown


def _weight(text: str) -> int:
    return len(escape(text).encode())


def _paths(attributes: Mapping[str, Any]) -> Iterator[Pair]:
    """What is in objects and arrays, in order, by names and positions with dots between."""
    left: list[tuple[str, Any]] = [("", attributes)]
    while left:
        path, value = left.pop()
        within: list[tuple[str, Any]] = []
        if isinstance(value, Mapping):
            within = [(str(name), each) for name, each in islice(value.items(), MAX_ATTRIBUTES + 1)]
        elif isinstance(value, list):
            within = [(str(number), each) for number, each in enumerate(value[: MAX_ATTRIBUTES + 1])]
        if within:
            prefix = f"{path}." if path else ""
            left.extend((f"{prefix}{name}"[: MAX_PATH + 1], each) for name, each in reversed(within))
        elif path:
            yield path, value if isinstance(value, str) else json_bytes.dumps(value).decode()
