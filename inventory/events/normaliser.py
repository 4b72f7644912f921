"""What a document of a log says of an event: the fields that any logger has, and as attributes all else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.events import instants, levels, names, requests_made, traces
from inventory.events.names import MISSING, Member

MAX_MESSAGE = 65_536
"""Characters of a message. All of a longer one is an attribute too."""
TRACE_DEPTH = 3
"""Levels of objects below the top in which a trace id is looked for."""
MAX_LISTED = 16
"""Objects of a list in which it is looked for, such as the spans of an event."""
UNKNOWN = "unknown"
"""The service of a line that names none."""
SEND_TIMESTAMP = (
    "Send RFC 3339, such as 2026-01-31T12:00:00.123Z, or a number since 1970; or name the member that has the time, such as"
    " map=timestamp:fields.when."
)
SEND_MESSAGE = "Send a message or a level; or name the member that has the text, such as map=message:fields.text."
OTHER_SIGNALS = {
    "resourceSpans": "spans", "scopeSpans": "spans", "resourceMetrics": "metrics", "scopeMetrics": "metrics",
}  # fmt: skip
"""What OpenTelemetry's exporters write beside logs."""

Path = tuple[str, ...]


class NoEvent(ValueError):
    """A document that is not an event; the text says why, and what to send."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, and values for fields that it may lack: of each the field, its name outside of the document, and itself.

    A value without a name is derived from the document. One that has a name and is not used becomes an attribute.
    """

    document: dict[str, Any]
    defaults: Sequence[tuple[str, str | None, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an import says of its lines: the service of all, and members that have a field. `now` dates what has no year."""

    now: datetime
    service: str | None = None
    mapped: Mapping[str, Member] = field(default_factory=dict)


def normalised(prepared: Prepared, text: str, choices: Choices) -> dict[str, Any]:
    """The members of an `Event` that a document has; `NoEvent` without a time, or with neither message nor level."""
    return _FieldReader(prepared, text, choices).event()


class _FieldReader:
    """One document while its fields are looked for; `_used` are the members that became fields."""

    def __init__(self, prepared: Prepared, text: str, choices: Choices) -> None:
        self._document, self._defaults = prepared.document, list(prepared.defaults)
        self._text, self._choices = text, choices
        self._exact: Mapping[float, str] | None = None
        self._used: list[Path] = []
        self._unread: tuple[str, Any] | None = None

    def event(self) -> dict[str, Any]:
        instant = self._field("timestamp", [(member, self._instant) for member in names.TIMESTAMP])
        if instant is None:
            instant = self._in_other_case("timestamp", self._instant)
        if instant is None:
            raise NoEvent(self._without_time())
        message = self._field("message", names.MESSAGE)
        if message is None:
            message = self._in_other_case("message")
        level = self._field("level", names.LEVEL) or self._in_other_case("level")
        if (not message or level is None) and (request := requests_made.described(self._document)):
            message, level = message or request[0], level or request[1]
        if message is None and level is None:
            message = self._field("message", names.LAST_RESORT) or self._default("line", None)
        if message is None and level is None:
            raise NoEvent(f"message: Missing. {SEND_MESSAGE}")
        service = self._choices.service or self._field("service", names.SERVICE) or self._in_other_case("service")
        trace_id = self._field("trace_id", names.TRACE_ID) or self._trace_below(self._document, (), TRACE_DEPTH)
        attributes = self._attributes()
        if message is not None and len(message) > MAX_MESSAGE:
            add(attributes, "message", message)
        return {
            "timestamp": instant,
            "level": level or "info",
            "service": service or UNKNOWN,
            "message": (message or "")[:MAX_MESSAGE],
            "attributes": attributes,
            "trace_id": trace_id,
        }

    def _field(self, name: str, known: names.Names) -> Any:
        """The value of a field: of the member that the import maps to it, else of the first known one that fits."""
        mapped = self._choices.mapped.get(name)
        if mapped is not None:
            known = [(mapped, traces.of_datadog if name == "trace_id" else known[0][1]), *known]
        blank = None
        for member, reader in known:
            found, path = member.find(self._document)
            if found is MISSING or found is None:
                continue
            value = reader(found)
            if value is None:
                if name == "timestamp" and self._unread is None:
                    self._unread = member.name, found
                continue
            if value == "":
                blank = blank or path
                continue
            self._use(name, path, found, value)
            return value
        value = self._default(name, {"timestamp": self._instant, "message": names.text}.get(name))
        if value is None and blank is not None:
            self._used.append(blank)
            return ""
        return value

    def _default(self, name: str, reader: names.Reader | None) -> Any:
        """The first default for a field that fits; it is not an attribute then."""
        for default in self._defaults:
            if default[0] == name:
                known = {"level": levels.of, "service": names.service}.get(name)
                value = (reader or known or names.text)(default[2])
                if value is not None:
                    self._defaults.remove(default)
                    return value
        return None

    def _use(self, name: str, path: Path, found: Any, value: Any) -> None:
        """Take a member out of the attributes, unless more is in it than in the field."""
        if name == "trace_id" and (type(found) is not str or found.lower() != value):
            return
        self._used.append(path)

    def _instant(self, value: Any) -> datetime | None:
        if type(value) is float and self._exact is None:
            self._exact = instants.exact_numbers(self._text)
        try:
            return instants.read(value, self._choices.now, self._exact)
        except (ValueError, OverflowError):  # the 30th of February, or an offset that leads out of the calendar
            return None

    def _in_other_case(self, field: str, reader: names.Reader | None = None) -> Any:
        """The value of a field in a member whose name differs from a known one in case only."""
        known = names.OTHER_CASE[field]
        others = [
            (Member(name, (name,)), reader or known[lower])
            for name in self._document
            if (lower := name.lower()) != name and lower in known
        ]
        return self._field(field, others) if others else None

    def _without_time(self) -> str:
        if self._unread is not None:
            name, value = self._unread
            return f"{name}: {shown(value)} is not a time. {SEND_TIMESTAMP}"
        for name, signal in OTHER_SIGNALS.items():
            if name in self._document:
                return f"{name}: These are {signal} of OpenTelemetry and no log records. Send resourceLogs."
        return f"timestamp: Missing. {SEND_TIMESTAMP}"

    def _trace_below(self, node: Mapping[str, Any], path: Path, depth: int, in_list: bool = False) -> str | None:
        """A trace id below a known name in any case, in the objects of the document."""
        below = []
        for name, value in node.items():
            if (reader := names.TRACE_READERS.get(name.lower())) and (trace_id := reader(value)):
                if not in_list:
                    self._use("trace_id", (*path, name), value, trace_id)
                return str(trace_id)
            if name == "trace" and type(value) is dict and (trace_id := traces.of(value.get("id"))):
                return trace_id
            if depth and type(value) in (dict, list):
                below.append((name, value))
        for name, value in below:
            is_list = type(value) is list
            for each in value[:MAX_LISTED] if is_list else (value,):
                if type(each) is dict and (
                    trace_id := self._trace_below(each, (*path, name), depth - 1, in_list or is_list)
                ):
                    return trace_id
        return None

    def _attributes(self) -> dict[str, Any]:
        """All that did not become a field. The members of an object `attributes` come first."""
        rest = dict(self._document)
        for path in self._used:
            _remove(rest, path)
        sent = rest.get("attributes")
        if type(sent) is dict:
            del rest["attributes"]
            attributes: dict[str, Any] = dict(sent)
            for name, value in rest.items():
                add(attributes, name, value)
        else:
            attributes = rest
            if sent is None:
                rest.pop("attributes", None)
        for _, outer, value in self._defaults:
            if outer is not None:
                add(attributes, outer, value)
        return attributes


def add(attributes: dict[str, Any], name: str, value: Any) -> None:
    """Add a member; if one of this name is there with another value, under the name with a number."""
    if name in attributes and attributes[name] != value:
        number = 2
        while f"{name}_{number}" in attributes:
            number += 1
        name = f"{name}_{number}"
    attributes[name] = value


def shown(value: Any) -> str:
    """A value as a message quotes it, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _remove(document: dict[str, Any], path: Path) -> None:
    """Remove what is at a path from a document whose inner objects are shared: those on the way are copied."""
    *way, last = path
    node, parents = document, []
    for name in way:
        inner = dict(node[name])
        node[name] = inner
        parents.append((node, name))
        node = inner
    node.pop(last, None)
    for parent, name in reversed(parents):
        if parent[name]:
            break
        del parent[name]
