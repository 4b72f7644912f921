"""Reads the lines of a log file, of any shape: each is an event, or says why it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inventory.events import (
    colours,
    late_times,
    levels,
    logfmt,
    served_lines,
    shapes,
    stores,
    text_lines,
    traces,
    unwrapping,
)
from inventory.events.access_lines import LogFormat
from inventory.events.normaliser import Choices, NoEvent, Prepared, normalised
from inventory.events.parsing import parse, read

MAX_WRAPPERS = 4
"""Lines within lines that are read: Docker's in CloudWatch, say, and in that one the logger's."""
NO_OBJECT = "Not an object. Send one JSON object per line, with timestamp, level, service and message."
NO_LINE = (
    "Not JSON, nor a line with a time at its beginning. Send JSON, logfmt, syslog or access log lines, or describe the"
    " lines with format=, nginx's log_format or Apache's LogFormat."
)
NO_DATE = (
    "The line has no date. Have the logger write one, as Python's does with"
    " format='%(asctime)s %(levelname)s %(name)s %(message)s', or have it write JSON with a time."
)
NO_DATE_OF_COMPOSE = "The line has no date. Have them written: docker compose logs --timestamps."


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads lines as an import chose: of a format of its own, with members mapped to fields, or as they are recognised."""

    choices: Choices
    log_format: LogFormat | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the import chose nothing."""
        return not (self.choices.service or self.choices.mapped or self.log_format)

    def event(self, text: str) -> Mapping[str, Any]:
        """The members of an `Event` that a line has; `NoEvent` says why it has none, and another `ValueError` that a line
        which begins like JSON is none."""
        text = text.strip()
        if text.startswith("{") and self.is_plain:
            document = _object(text)
            if type(document) is dict:
                return normalised(self._prepared(document, 0), text, self.choices)
        _, prepared = self.recognised(text)
        return normalised(prepared, text, self.choices)

    def recognised(self, text: str, depth: int = 0) -> tuple[str, Prepared]:
        """The name of a line's shape, and the document that it is; raises as `event` does."""
        if not text.startswith("{"):
            text = colours.without(text)
        if self.log_format and not depth and (values := self.log_format.read(text)):
            return self.log_format.server, Prepared(values, [("service", None, self.log_format.server)])
        found = self._structured(text, depth)
        if found is None:
            found = self._text(text, depth)
        if found is None:
            raise _no_line(text)
        return found

    def _inner(self, depth: int) -> unwrapping.Inner:
        """What reads a line that is within another one."""

        def read_inner(text: str) -> Prepared | None:
            if depth >= MAX_WRAPPERS:
                return None
            try:
                _, prepared = self.recognised(text, depth + 1)
            except ValueError:
                return None
            return prepared

        return read_inner

    def _prepared(self, document: dict[str, Any], depth: int) -> Prepared:
        return shapes.prepared(document, self._inner(depth))

    def _structured(self, text: str, depth: int) -> tuple[str, Prepared] | None:
        """A line of JSON or logfmt."""
        if _QUERIED.match(text) and (row := unwrapping.insights_row(parse(text))):
            return "cloudwatch", unwrapping.cloudwatch(row, self._inner(depth))
        if audited := text_lines.audited(text):
            return "auditd", Prepared(audited, [("service", None, "auditd")])
        if text.startswith("{"):
            document = _object(text)
            if type(document) is dict:
                return shapes.name_of(document), self._prepared(document, depth)
        if logfmt.BEGINNING.match(text) and (pairs := logfmt.read(text)):
            return logfmt.shape_of(pairs, text), Prepared(pairs)
        return None

    def _text(self, text: str, depth: int) -> tuple[str, Prepared] | None:
        """A line of an access log, or one that begins with its time."""
        if container := text_lines.container(text):
            return container[0], unwrapping.docker(container[1], self._inner(depth))
        if queried := text_lines.queried(text):
            return "loki", stores.loki(queried, self._inner(depth))
        if access := served_lines.read(text):
            return access[0], _requested(*access)
        if found := text_lines.read(text, self.choices.now):
            return self._unwrapped(*found, depth)
        if composed := text_lines.composed(text) or text_lines.of_container(text):
            service, line = composed
            inner = self._inner(depth)(line)
            if inner is not None:
                return "docker", Prepared(inner.document, [*inner.defaults, ("service", "container", service)])
        return None

    def _unwrapped(self, shape: str, members: dict[str, Any], depth: int) -> tuple[str, Prepared]:
        """A line of text whose message may be JSON or logfmt again."""
        message = members["message"].removeprefix("@cee: ")
        if shape == "syslog" and (served := self._served(message, depth)):
            return shape, unwrapping.wrapped(members, "message", lambda _: served, {"timestamp": "timestamp", "level": ""})
        if shape == "text" and (tagged := _TAG.match(message)):
            message = message[tagged.end() :]
            members = members | {"tag": tagged[1], "message": message}
        if depth < MAX_WRAPPERS and (message.startswith("{") or logfmt.is_of_logger(message)):
            members = members | {"message": message}
            try:
                inner = self._structured(message, depth + 1)
            except ValueError:
                inner = None
            if inner is not None:
                shape, prepared = inner
                outer = {name: name for name in members if name in ("timestamp", "level")}
                return shape, unwrapping.wrapped(members, "message", lambda _: prepared, outer)
        return shape, Prepared(members, [*(_BY_NGINX if shape == "nginx" else ()), *_traced(message)])

    def _served(self, message: str, depth: int) -> Prepared | None:
        """A request that a server wrote to syslog."""
        if access := served_lines.read(message):
            return Prepared(access[1])
        members = late_times.read(message, self.choices.now)
        return Prepared(members) if members else None


def _traced(message: str) -> list[tuple[str, str | None, Any]]:
    """The trace id that a line of text names, as OpenTelemetry's patterns do."""
    found = _TRACED.search(message, 0, MAX_SEARCHED) if "race" in message else None
    return [("trace_id", None, traces.of(found[1]))] if found else []


def _object(text: str) -> Any:
    """The value of a line of JSON, which may be one out of the middle of an array, with a comma after it."""
    try:
        return read(text)
    except ValueError:
        if not text.endswith("},"):
            raise
        return read(text[:-1])


def _requested(name: str, values: dict[str, Any]) -> Prepared:
    """A line of an access log. What S3 does itself, such as `S3.EXPIRE.OBJECT`, answers no request."""
    operation = [("line", None, values["operation"])] if "operation" in values else []
    return Prepared(values, _BY_TRAEFIK if name == "traefik" else operation)


_BY_NGINX, _BY_TRAEFIK = ([("service", None, name)] for name in ("nginx", "traefik"))
_JSON = re.compile(r'[\["\d]|true|false|null')


_QUERIED = re.compile(r'\[\s*\{\s*"(?:field|value)"')
"""How a result of CloudWatch Logs Insights begins."""
_TRACED = re.compile(r"\b[Tt]race_?[Ii][Dd][=:] ?\"?([0-9a-f]{32})\b", re.ASCII)
MAX_SEARCHED = 4_096
"""Characters of a line of text in which a trace id is looked for."""
_TAG = re.compile(r"([\w.*/-]{1,200})\t(?=\{)")
"""What Fluentd writes between the time and the record."""
_CLOCK = re.compile(
    r"\[?\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AP]M)?[\s|\]]|[A-Z]{4,5}\[\d{4,9}\]|\[ {0,9}\d{1,9}\.\d{6}\]"
)
"""A time of day, or seconds since a start as logrus and the kernel count them."""


def _no_line(text: str) -> ValueError:
    """Why a line is none that is known."""
    if _is_json(text):
        return NoEvent(NO_OBJECT)
    if _CLOCK.match(text) or levels.of_beginning(text):
        return NoEvent(NO_DATE)
    return NoEvent(NO_DATE_OF_COMPOSE) if text_lines.composed(text) else ValueError(NO_LINE)


def _is_json(text: str) -> bool:
    if not _JSON.match(text):
        return False
    try:
        parse(text)
    except ValueError:
        return False
    return True
