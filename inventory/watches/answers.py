"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from inventory.errors import NotFound
from inventory.limits import within
from inventory.listing import Key, keyset_page, sifted_page
from inventory.services import services
from inventory.watches import documents
from inventory.watches.documents import Document
from inventory.watches.members import Members, settings_from, with_members
from inventory.watches.model import Finding, Watch
from inventory.watches.service import Made

IN_ORDER = attrgetter("created_at", "id")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def watches(query: dict[str, Any]) -> Document:
    """One page of the watches, as a `PageQuery` asks."""
    find = services().watches.listing
    if services().limits.of("watch") is None:
        return keyset_page("watches", query, find, shown, IN_ORDER)
    return sifted_page("watches", query, find, shown, IN_ORDER, _seen_watches)


def watch(watch_id: str, *, counted: bool = True) -> Document:
    """One watch; with how many targets are collected for it, if these are to be counted."""
    found = seen_watch(watch_id)
    return shown(found, scheduled=services().watches.scheduled([found]).get(found.id, 0) if counted else None)


def messages(watch_id: str, query: dict[str, Any]) -> Document:
    """One page of the messages of a watch, as a `PageQuery` asks."""
    find = partial(services().watches.messages, seen_watch(watch_id).id)
    return keyset_page("messages", query, find, documents.listed_message, IN_ORDER)


def message(watch_id: str, number: str) -> Document:
    """One message, with what its receivers get, and how each delivery went."""
    found = services().watches.message(seen_watch(watch_id).id, message_number(number))
    return documents.message_document(found, services().watches.deliveries(found))


def findings(watch_id: str, number: str, query: dict[str, Any]) -> Document:
    """One page of what a message tells, target by target, as a `PageQuery` asks."""
    find = partial(_findings, seen_watch(watch_id).id, message_number(number))
    return keyset_page("findings", query, find, lambda row: documents.finding_document(*row), _position)


def create(members: Members) -> Made:
    """Make the watch of a `WatchRequest`, within the caller's limits."""
    return services().watches.create(settings_from(members), services().limits.of("watch"))


def change(watch_id: str, members: Members) -> Made:
    """Change what a `WatchChange` says of a watch."""
    return services().watches.change(
        seen_watch(watch_id).id, partial(with_members, members=members), services().limits.of("watch")
    )


def delete(watch_id: str) -> None:
    """Remove a watch."""
    services().watches.delete(seen_watch(watch_id).id)


def pause(watch_id: str) -> Document:
    """Pause a watch."""
    return shown(services().watches.pause(seen_watch(watch_id).id))


def resume(watch_id: str) -> Document:
    """Let it go on."""
    return shown(services().watches.resume(seen_watch(watch_id).id))


def test(watch_id: str, query: dict[str, Any]) -> Document:
    """What a watch would have told of the days of a `WatchTestRequest`. Nothing is sent."""
    return documents.rehearsal_document(services().watches.test(seen_watch(watch_id).id, days=query["days"]))


def again(watch_id: str, number: str, delivery_id: str) -> Document:
    """Send a message to one of its destinations again: the delivery."""
    delivery = services().watches.again(seen_watch(watch_id).id, message_number(number), delivery_id)
    return documents.delivery_document(delivery)


def shown(watch: Watch, **more: Any) -> Document:
    """A watch as the caller sees it: admins see whose it is."""
    return documents.watch_document(watch, with_owner=services().limits.of("admin") is None, **more)


def seen_watch(watch_id: str) -> Watch:
    """The watch, if its limits lie within those of the caller; else `UnknownWatch`."""
    return services().watches.find(watch_id, services().limits.of("watch"))


def message_number(text: str) -> int:
    """The number of a message; `NotFound` if no message has such a number."""
    if not _NUMBER.fullmatch(text):
        raise NotFound(f"{text[:50]} is not the number of a message; /api/v1/watches/ID/messages lists all.")
    return int(text)


def _seen_watches(watches: Sequence[Watch]) -> Sequence[Watch]:
    limits = services().limits.of("watch")
    return [each for each in watches if within(each.limits, limits)]


def _findings(watch_id: str, number: int, *, limit: int, after: Key | None) -> Sequence[tuple[Finding, str | None]]:
    """Findings, each with the URL of its target."""
    found = services().watches.findings(watch_id, number, limit=limit, after=after)
    records = services().records.find_all(list({each.record_id for each in found}))
    keys = {record_id: record.target.key for record_id, record in records.items()}
    return [(each, keys.get(each.record_id)) for each in found]


def _position(row: tuple[Finding, str | None]) -> Key:
    return row[0].at, row[0].id
