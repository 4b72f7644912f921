"""What is answered to the caller of the current request; `url` is a webpage, and `root` the address of the application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.clock import http_date
from inventory.errors import NotFound
from inventory.mementos import links
from inventory.mementos.links import Addresses
from inventory.mementos.service import Memento, MementoService, not_followed
from inventory.mementos.stamps import Stamp, hop_stamp, read_datetime, read_stamp, second_of, stamp_of
from inventory.records.model import Target
from inventory.services import services
from inventory.web_api import security_headers
from inventory.webpages.answers import target as target_of

_MEDIA_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
UNKNOWN = "application/octet-stream"
FINAL = 200
"""The first status that can be answered. One below it ended a collection, such as that of a WebSocket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def timemap(url: str, stamp: str | None, root: str) -> str:
    """When a webpage was seen, or when before a stamp, in link format."""
    target = target_of("read", url)
    before = None if stamp is None else _read(stamp).first
    seen = _mementos().seen(target, before)
    addresses = Addresses(root=root, url=target.key)
    itself = addresses.timemap if before is None else addresses.timemap_before(before)
    return links.timemap(addresses, itself, seen.instants, is_newest=before is None, is_oldest=not seen.has_more)


def timegate(url: str, accept_datetime: str | None, root: str) -> Answer:
    """Where the memento is that was current at the instant of an `Accept-Datetime`; without one, the latest.

    A blank one is none, which is what the Memento Validator of RFC 7089's authors asks for.
    """
    target = target_of("read", url)
    instant = read_datetime(accept_datetime) if accept_datetime and not accept_datetime.isspace() else None
    addresses = Addresses(root=root, url=target.key)
    chosen = _mementos().nearest(target, instant)
    leads_to = _to_memento(addresses, target, chosen)
    return replace(leads_to, headers={**leads_to.headers, "Vary": "accept-datetime"})


def memento(url: str, stamp: str, root: str) -> Answer:
    """A response as it was then: its status, and its body where that is kept; of a second, the way to what was current."""
    asked = _read(stamp)
    if asked.is_a_second:
        target = target_of("read", url)
        return _to_memento(Addresses(root=root, url=target.key), target, _mementos().nearest(target, asked.first))
    found = _found(url, asked)
    if found.status < FINAL:
        raise NotFound(f"{found.url} answered {found.status}, which HTTP cannot answer here.")
    addresses, at = Addresses(root=root, url=found.url), found.snapshot.collected_at
    headers = {
        "Memento-Datetime": http_date(at),
        "Link": links.header(addresses, _mementos().around(found.target, at) if found.hop == 0 else None),
        "Content-Type": _content_type(found),
        "Content-Disposition": "attachment",
        security_headers.POLICY: security_headers.BODY,
    }
    if found.location is not None:
        next_stamp = hop_stamp(at, found.snapshot.id, found.hop + 1)
        headers["Location"] = Addresses(root=root, url=found.location).memento(next_stamp)
    elif (following := not_followed(found)) is not None:
        headers["Location"] = Addresses(root=root, url=following).memento(second_of(at))
    return Answer(status=found.status, headers=headers, body=_mementos().body(found))


def _to_memento(addresses: Addresses, target: Target, at: datetime) -> Answer:
    """The way to the memento of an instant. It is no memento itself."""
    link = links.header(addresses, _mementos().around(target, at))
    return Answer(status=302, headers={"Location": addresses.memento(stamp_of(at)), "Link": link})


def _found(url: str, asked: Stamp) -> Memento:
    if asked.snapshot_id is None:
        return _mementos().memento(asked, target_of("read", url))
    found = _mementos().memento(asked, None)
    if found.url != url or not services().limits.admit("read", found.target):
        raise NotFound(f"There is no snapshot {asked.snapshot_id} of a webpage with this hop.")
    return found


def _content_type(found: Memento) -> str:
    """The media type of a body and its charset, as its snapshot has them; nothing else of them is sent."""
    described = found.snapshot.content["body"]
    media_type = described["media_type"] or ""
    if found.location is not None or not _MEDIA_TYPE.fullmatch(media_type):
        return UNKNOWN
    return media_type if described["charset"] is None else f"{media_type}; charset={described['charset']}"


def _read(text: str) -> Stamp:
    stamp = read_stamp(text)
    if stamp is None:
        raise NotFound(f"{text[:60]!r} names no instant. Send 17 digits, such as 20260131120000123, or 14 without the last.")
    return stamp


def _mementos() -> MementoService:
    return services().mementos
