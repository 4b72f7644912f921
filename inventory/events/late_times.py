"""Lines of text with something before their time: Redis, Ruby, NestJS, HAProxy, Gin, Rails, and a prefix of Go's log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.events import instants, levels


@dataclass(frozen=True, slots=True)
class ServerLine:
    """What stands before the time and after it; `levels` are marks that mean one, and `service` is the program."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    service: str | None = None
    levels: Mapping[str, str] = field(default_factory=dict)


def _kind(before: str, after: str, service: str | None = None, **marks: str) -> ServerLine:
    return ServerLine(re.compile(before), re.compile(after, re.DOTALL), service, marks)


_KINDS = (
    ServerLine(
        re.compile(r"(?P<pid>\d{1,10}):(?P<role>[CMSXR]) "),
        re.compile(r" (?P<level>[.*#-]) (?P<message>.*)", re.DOTALL),
        "redis",
        {".": "debug", "-": "debug", "*": "info", "#": "warning"},
    ),
    _kind(
        r"[DIWEFAU], \[",
        r" {0,2}(?:#(?P<pid>\d{1,10}))?\] {1,3}(?P<level>[A-Z]{3,7}) -- (?P<program>[^:\n]{0,100}): (?P<message>.*)",
        ANY="info",
        UNKNOWN="info",
    ),
    _kind(
        r"\[(?P<program>Nest|[\w.-]{1,60})\] {1,3}(?P<pid>\d{1,10}) {1,4}- ",
        r" {1,10}(?P<level>[A-Z]{3,7}) (?:\[(?P<logger>[^\[\]]{1,200})\] )?(?P<message>.*)",
    ),
    _kind(
        r"(?P<client>[\w.:\[\]-]{1,100}) \[(?=\d)",
        r"\] (?P<frontend>\S{1,200}) (?P<backend>[^\s/]{1,200}/\S{1,200}) (?P<timers>[\d/+-]{3,100})"
        r" (?:(?P<status>\d{3}|-1) )?(?P<bytes_read>\+?\d{1,20}) (?P<message>.*)",
        "haproxy",
    ),
    _kind(
        r"\[(?P<program>GIN)\] (?=\d)",
        r" \| {1,4}(?P<status>\d{3}) \| {1,20}(?P<latency>\S{1,30}) \| {1,40}(?P<remote_addr>\S{1,100}) \|"
        r' (?P<request>[A-Z]{3,10} {1,10}"[^"]{0,8192}")(?P<message>.*)',
    ),
    _kind(
        r'Started (?P<method>[A-Z]{3,10}) "(?P<path>[^"\s]{0,8192})" for (?P<remote_addr>\S{1,100}) at (?=\d)',
        r"(?P<message>(?:\n.*)?)",
    ),
)
_PREFIX = re.compile(
    r"(?:\[(?P<bracketed>[^\s\[\]]{1,200})\]:?|(?P<bare>[\w./-]{1,100}):) (?=\[?\d{4}[-/]\d\d)"
    r"|(?P<go>[\w.-]{1,60}) (?=\d{4}/\d\d/)"
)
"""One word before a time with its year, with a mark after or around it; Go's log has a prefix without one, too."""
_MAY_BE = re.compile(r"\d{1,10}:[A-Z] |[A-Z], \[|\[|Started |\S{1,205} \[?\d")
"""How all of these begin. The lines of a stack trace seldom do, and there are many."""
_QUOTED = re.compile(r'"([^"]{0,8192})"?\s*$')


def read(text: str, now: datetime) -> dict[str, Any] | None:
    """The members of a line of one of these programs; None if it is none."""
    for kind in _KINDS if _MAY_BE.match(text) else ():
        before = kind.before.match(text)
        began = instants.leading(text[before.end() : before.end() + instants.LONGEST], now) if before else None
        after = kind.after.fullmatch(text, before.end() + began[1]) if before and began else None
        if before and began and after:
            members = _members(kind, {**before.groupdict(), **after.groupdict()}, text)
            return members | {"timestamp": began[0].isoformat()}
    return None


def prefix(text: str) -> tuple[str, int] | None:
    """The word before the time of a line, and where the time begins; None if there is none."""
    found = _PREFIX.match(text) if _MAY_BE.match(text) else None
    return ((found["bracketed"] or found["bare"] or found["go"]).strip("[]:"), found.end()) if found else None


def _members(kind: ServerLine, found: Mapping[str, str | None], text: str) -> dict[str, Any]:
    members: dict[str, Any] = {name: value for name, value in found.items() if value}
    members.setdefault("message", "")
    if kind.service:
        members["service"] = kind.service
    if level := kind.levels.get(members.get("level", "")):
        members["level"] = level
    if "method" in members:
        members["message"] = f"Started {members['method']} {members['path']}{members['message']}"
    if "latency" in members:
        members["message"] = f"{' '.join(members['request'].split(None, 1))} {members['status']}{members['message']}"
        members["level"] = levels.of_status(members["status"])
    if "timers" in members:
        members |= _request(members, text)
    return members


def _request(members: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The request in a line of HAProxy, and the level of its status; of a connection without one the route it took."""
    quoted, status = _QUOTED.search(text, max(0, len(text) - 9_000)), members.get("status")
    request = quoted[1] if quoted else f"{members['frontend']} {members['backend']}"
    described = f"{request} {status}" if status else request
    return {"message": described, "level": levels.of_status(status), "details": members["message"]}
