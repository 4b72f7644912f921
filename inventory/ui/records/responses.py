"""The responses, cookies and times of a record, as its page shows them: no more than there is room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.observations.cookies import statements_of
from inventory.ui.records.shown_values import HeaderLine, Part, Presenter, Shown

Document = Mapping[str, Any]

MAX_NOTES = 20
"""Defects of one answer that are shown, and interim responses before it."""
MAX_REASON, MAX_TARGET = 100, 80
"""Characters of a reason phrase, and of the target of a request."""
MARKUP_OF_HOP, MARKUP_OF_ANSWER, MARKUP_OF_COOKIE = 1_500, 900, 700
"""Characters of HTML around a redirect, an interim response and a cookie."""
PHASES = (
    ("dns_ms", "Name resolution"),
    ("connect_ms", "Connection"),
    ("tls_ms", "TLS"),
    ("first_byte_ms", "Until the first byte"),
    ("body_ms", "Body"),
)
"""Members of a response, in the order in which they take time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An interim response, or the answer to conditions."""

    status: int
    reason: str
    lines: Part[HeaderLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A request, and the response to it: `number` is None for the final one."""

    number: int | None
    url: Shown
    status: Shown
    reason: str
    lines: Part[HeaderLine]
    request: Part[HeaderLine] | None
    target: str
    interim: Sequence[Answer]
    defects: Part[Shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCookie:
    """A cookie: its attributes in one line, which a search finds, and the verdict of a browser on it."""

    name: str
    value: Shown
    attributes: Shown
    lifetime: str
    set_by: str
    accepted: Shown
    reason: Shown | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of the time that a collection took, in milliseconds, and where it is in a bar of 100 units."""

    name: str
    took: float
    begin: float
    width: float


def final_response(document: Document, presenter: Presenter) -> Hop:
    """The final response and its request."""
    response = document["response"]
    return Hop(
        number=None,
        url=presenter.one("final.url", response["final_url"]),
        status=presenter.one("status", response["status"]),
        reason=response["reason"][:MAX_REASON],
        lines=presenter.lines("header.", document["headers"]),
        request=_request(response, presenter),
        target=_target(response),
        interim=_interim(response, presenter),
        defects=presenter.some("defect", response["defects"][:MAX_NOTES]),
    )


def redirects(seen: Sequence[Document], presenter: Presenter) -> Part[Hop]:
    """Redirects, also those that a failure has; as many as there is room for."""
    found = []
    for number, hop in enumerate(seen, 1):
        if not presenter.room.take(MARKUP_OF_HOP):
            break
        found.append(
            Hop(
                number=number,
                url=presenter.one("redirect.url", hop["url"]),
                status=presenter.one("redirect.status", hop["status"]),
                reason=hop.get("reason", "")[:MAX_REASON],
                lines=presenter.lines("redirect.header.", hop["headers"]),
                request=_request(hop, presenter),
                target=_target(hop),
                interim=_interim(hop, presenter),
                defects=presenter.some("defect", hop["defects"][:MAX_NOTES]),
            )
        )
    return Part(items=found, more=len(seen) - len(found))


def revalidation(document: Document, presenter: Presenter) -> Answer | None:
    """The answer to conditions, if there was one."""
    found = document["response"]["revalidation"]
    return None if found is None else _answer(found, presenter)


def trailers(document: Document, presenter: Presenter) -> Part[HeaderLine]:
    """The fields after a chunked body."""
    return presenter.lines(None, document["response"].get("trailers", ()))


def shown_cookies(document: Document, presenter: Presenter) -> Part[ShownCookie]:
    """The cookies, as many as there is room for."""
    every: Sequence[Document] = document["cookies"]
    found = []
    for cookie in every:
        if not presenter.room.take(MARKUP_OF_COOKIE):
            break
        found.append(_cookie(cookie, presenter))
    return Part(items=found, more=len(every) - len(found))


def phases(document: Document) -> list[Phase]:
    """The phases of the time that all hops took, one after the other, and what else the collection took."""
    response = document["response"]
    took = [(title, float(response[name])) for name, title in PHASES if response[name] is not None]
    rest = float(response["elapsed_ms"] or 0) - sum(each for _, each in took)
    if rest > 0.05:
        took.append(("Everything else", rest))
    whole, begin, found = max(sum(each for _, each in took), 0.001), 0.0, []
    for title, each in took:
        begin_at, width = 100 * begin / whole, 100 * each / whole
        found.append(Phase(name=title, took=each, begin=round(begin_at, 2), width=round(width, 2)))
        begin += each
    return found


def _cookie(cookie: Document, presenter: Presenter) -> ShownCookie:
    attributes, *others = statements_of(cookie)
    named = {field.removeprefix(attributes.field): (field, value) for field, value, _ in others}
    reason = named.get(".reason")
    return ShownCookie(
        name=cookie["name"][:200],
        value=presenter.one(None, cookie["value"]),
        attributes=presenter.one(attributes.field, attributes.value),
        lifetime=_lifetime(cookie),
        set_by=cookie["set_by"],
        accepted=presenter.one(*named[".accepted"]),
        reason=None if reason is None else presenter.one(*reason),
    )


def _lifetime(cookie: Document) -> str:
    """`Max-Age` counts before `Expires` (RFC 6265, 5.3)."""
    if cookie["max_age"] is not None:
        return f"{cookie['max_age']:,} s"
    return cookie["expires"] or "session"


def _request(hop: Document, presenter: Presenter) -> Part[HeaderLine] | None:
    return presenter.lines(None, hop["request"]["headers"]) if "request" in hop else None


def _target(hop: Document) -> str:
    return str(hop["request"]["target"])[:MAX_TARGET] if "request" in hop else ""


def _interim(hop: Document, presenter: Presenter) -> list[Answer]:
    seen = hop.get("interim", ())[:MAX_NOTES]
    return [_answer(each, presenter) for each in seen if presenter.room.take(MARKUP_OF_ANSWER)]


def _answer(found: Document, presenter: Presenter) -> Answer:
    return Answer(status=found["status"], reason=found["reason"][:MAX_REASON], lines=presenter.lines(None, found["headers"]))
