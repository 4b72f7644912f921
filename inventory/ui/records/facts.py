"""The facts of a webpage in pairs of a name and values: of its connection, certificate, page and body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.html_pages.loading import KINDS
from inventory.ui.formats import instant, number
from inventory.ui.records.shown_values import Part, Shower, Shown

Document = Mapping[str, Any]

KIND_TITLES = dict(zip(KINDS, ("Scripts from", "Links from", "Images from", "Frames from", "Forms sent to"), strict=True))
SOON = 30
"""Days before the end of a certificate at which the page warns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and values. `note` is said beside these, as a warning if it is one."""

    name: str
    values: Part[Shown]
    note: str = ""
    warns: bool = False


def connection(document: Document, shower: Shower) -> list[Fact]:
    """Of the final response, how it was sent."""
    response = document["response"]
    tls = response["tls"] or {}
    facts = [
        _fact("HTTP version", shower, "http_version", response["http_version"]),
        _fact("Address", shower, "ip", response["remote_address"]),
        _fact("TLS version", shower, "tls.version", tls.get("version")),
        _fact("Cipher", shower, "tls.cipher", tls.get("cipher")),
        *(_fact(f"Refresh ({each['source']})", shower, None, _refresh(each)) for each in response.get("refresh", ())[:5]),
    ]
    return [fact for fact in facts if fact.values.items]


def certificate(document: Document, shower: Shower, now: datetime) -> list[Fact]:
    """Of the certificate; none without TLS."""
    tls = document["response"]["tls"]
    if tls is None:
        return []
    end = tls["not_after"]
    left = None if end is None else (datetime.fromisoformat(end) - now).days
    facts = [
        _fact("Issuer", shower, "tls.issuer", tls["issuer"]),
        _fact("Subject", shower, "tls.subject", tls["subject"]),
        Fact(name="Names", values=shower.some("tls.name", tls["names"])),
        _fact("Valid from", shower, None, None if tls["not_before"] is None else instant(tls["not_before"])),
        _fact("Valid until", shower, "tls.not_after", end, note=_left(left), warns=left is not None and left < SOON),
        _fact("SHA-256", shower, "tls.sha256", tls.get("sha256")),
    ]
    return [fact for fact in facts if fact.values.items]


def page(document: Document, shower: Shower) -> list[Fact]:
    """What the HTML says of itself; none if the body is not HTML."""
    found = document.get("page")
    if not found:
        return []
    facts = [
        _fact("Title", shower, "title", found["title"]),
        Fact(name="Generators", values=shower.some("generator", found["generators"])),
        _fact("Inline scripts", shower, "script.inline", found["inline_scripts"]),
        *(Fact(name=KIND_TITLES[kind], values=some) for kind, some in _hosts(found["hosts"], shower)),
        Fact(name="Defects", values=shower.some("defect", found["defects"])),
    ]
    return [fact for fact in facts if fact.values.items or fact.values.more]


def body(document: Document, shower: Shower) -> list[Fact]:
    """Of the bytes that were received."""
    found = document["body"]
    notes = ["the rest was not read"] if found["truncated"] else []
    notes += [f"{found['undecoded']} is not decoded"] if found["undecoded"] else []
    facts = [
        _fact("Media type", shower, "media_type", found["media_type"]),
        _fact("Encoding", shower, "charset", found["charset"]),
        _fact("Size", shower, None, f"{number(found['size'])} bytes", note=", ".join(notes)),
        _fact("SHA-256", shower, "body.sha256", found["sha256"]),
    ]
    return [fact for fact in facts if fact.values.items]


def _fact(name: str, shower: Shower, field: str | None, value: object, *, note: str = "", warns: bool = False) -> Fact:
    values = [] if value is None or value == "" else [shower.one(field, value)]
    return Fact(name=name, values=Part(items=values, more=0), note=note, warns=warns)


def _hosts(hosts: Mapping[str, Any], shower: Shower) -> Iterator[tuple[str, Part[Shown]]]:
    return ((kind, shower.some(f"{kind}.host", hosts[kind])) for kind in KINDS if hosts.get(kind))


def _left(days: int | None) -> str:
    if days is None:
        return ""
    return f"{days:,} days left" if days >= 0 else f"expired {-days:,} days ago"


def _refresh(refresh: Document) -> str:
    return f"after {refresh['seconds']:,} s to {refresh['url']}"
