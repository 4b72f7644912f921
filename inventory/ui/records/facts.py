"""The facts of a webpage in pairs of a name and values: of its connection, certificate, page and body."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.html_pages.loading import KINDS
from inventory.observations.fields import GRADE, GRADED, POLICY
from inventory.ui.formats import instant, number
from inventory.ui.records.shown_values import Part, Presenter, Shown

Document = Mapping[str, Any]

KIND_TITLES = dict(zip(KINDS, ("Scripts from", "Links from", "Images from", "Frames from", "Forms sent to"), strict=True))
MAX_GRADES = 10
SOON = 30
"""Days before the end of a certificate at which the page warns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and values. `note` is said beside these, as a warning if it is one. `file` is a path below that of the API."""

    name: str
    values: Part[Shown]
    note: str = ""
    warns: bool = False
    file: str = ""


def connection(document: Document, presenter: Presenter) -> list[Fact]:
    """Of the final response, how it was sent."""
    response = document["response"]
    tls = response["tls"] or {}
    facts = [
        _fact("HTTP version", presenter, "http_version", response["http_version"]),
        _fact("Address", presenter, "ip", response["remote_address"]),
        _fact("TLS version", presenter, "tls.version", tls.get("version")),
        _fact("Cipher", presenter, "tls.cipher", tls.get("cipher")),
        *(_fact(f"Refresh ({each['source']})", presenter, None, _refresh(each)) for each in response.get("refresh", ())[:5]),
    ]
    return [fact for fact in facts if fact.values.items]


def certificate(document: Document, presenter: Presenter, now: datetime) -> list[Fact]:
    """Of the certificate; none without TLS."""
    tls = document["response"]["tls"]
    if tls is None:
        return []
    end = tls["not_after"]
    left = None if end is None else (datetime.fromisoformat(end) - now).days
    facts = [
        _fact("Issuer", presenter, "tls.issuer", tls["issuer"]),
        _fact("Subject", presenter, "tls.subject", tls["subject"]),
        Fact(name="Names", values=presenter.some("tls.name", tls["names"])),
        _fact("Valid from", presenter, None, None if tls["not_before"] is None else instant(tls["not_before"])),
        _fact("Valid until", presenter, "tls.not_after", end, note=_left(left), warns=left is not None and left < SOON),
        _fact("SHA-256", presenter, "tls.sha256", tls.get("sha256"), file=_certificate_file(tls)),
    ]
    return [fact for fact in facts if fact.values.items]


def page(document: Document, presenter: Presenter) -> list[Fact]:
    """What the HTML says of itself; none if the body is not HTML."""
    found = document.get("page")
    if not found:
        return []
    facts = [
        _fact("Title", presenter, "title", found["title"]),
        Fact(name="Generators", values=presenter.some("generator", found["generators"])),
        _fact("Inline scripts", presenter, "script.inline", found["inline_scripts"]),
        *(Fact(name=KIND_TITLES[kind], values=some) for kind, some in _hosts(found["hosts"], presenter)),
        Fact(name="Defects", values=presenter.some("defect", found["defects"])),
    ]
    return [fact for fact in facts if fact.values.items or fact.values.more]


def body(document: Document, presenter: Presenter) -> list[Fact]:
    """Of the bytes that were received."""
    found = document["body"]
    wire = found.get("wire")
    notes = ["the rest was not read"] if found["truncated"] else []
    notes += [f"{found['undecoded']} is not decoded"] if found["undecoded"] else []
    facts = [
        _fact("Media type", presenter, "media_type", found["media_type"]),
        _fact("Encoding", presenter, "charset", found["charset"]),
        _fact("Size", presenter, None, f"{number(found['size'])} bytes", note=", ".join(notes)),
        _fact("SHA-256", presenter, "body.sha256", found["sha256"]),
        *([] if wire is None else [_fact("As sent", presenter, None, _wire(wire), file=f"/bodies/{wire['sha256']}")]),
    ]
    return [fact for fact in facts if fact.values.items]


def policies(verdicts: Sequence[tuple[str, str]], presenter: Presenter) -> list[Fact]:
    """What the indexed policies say of it, by the verdict: rules that hold say nothing."""
    grades, rules = {}, defaultdict[str, list[tuple[str, str, str]]](list)
    for field, value in verdicts:
        if field.startswith(POLICY):
            rules[value].append((field, value, field.removeprefix(POLICY)))
        else:
            grades[field] = value
    facts = [
        _fact(f"Grade by {field.removeprefix(GRADE).removeprefix('.') or GRADED}", presenter, field, value)
        for field, value in sorted(grades.items())[:MAX_GRADES]
    ]
    by_verdict = sorted(rules.items())
    return [*facts, *(Fact(name=name.capitalize(), values=presenter.named(some)) for name, some in by_verdict)]


def _fact(
    name: str, presenter: Presenter, field: str | None, value: object, *, note: str = "", warns: bool = False, file: str = ""
) -> Fact:
    values = [] if value is None or value == "" else [presenter.one(field, value)]
    return Fact(name=name, values=Part(items=values, more=0), note=note, warns=warns, file=file)


def _hosts(hosts: Mapping[str, Any], presenter: Presenter) -> Iterator[tuple[str, Part[Shown]]]:
    return ((kind, presenter.some(f"{kind}.host", hosts[kind])) for kind in KINDS if hosts.get(kind))


def _left(days: int | None) -> str:
    if days is None:
        return ""
    return f"{days:,} days left" if days >= 0 else f"expired {-days:,} days ago"


def _wire(wire: Document) -> str:
    return f"{number(wire['size'])} bytes{', the beginning' if wire['truncated'] else ''}"


def _certificate_file(tls: Document) -> str:
    """Old versions kept no certificate."""
    return f"/certificates/{tls['sha256']}?format=pem" if tls.get("size") else ""


def _refresh(refresh: Document) -> str:
    return f"after {refresh['seconds']:,} s to {refresh['url']}"
