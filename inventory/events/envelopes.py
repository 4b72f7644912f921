"""Lines that hold many events: OTLP's requests, and the lists in which the APIs of log stores answer.

Each is taken apart before its file is split into batches, so that each event is a row with a number of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inventory.events.parsing import read
from inventory.events.unwrapping import with_attributes

MAX_REPEATED, MAX_GROWTH, FREE = 4_096, 16, 65_536
"""What is said once for many events is repeated with each of them if it has so few characters, until the line has grown so
many times. More is kept with the first event alone."""
OTLP, LOKI = "otlp", "loki"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A list of events at the path `events` of an object that has all of `members`.

    The first event has one of `needed`, if any are, or is a list itself: a list of that name is often something else.
    """

    name: str
    events: str
    members: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    of_lists: bool = False

    def list_in(self, document: Mapping[str, Any]) -> list[Any] | None:
        """The list of events in a document; None if it is no such envelope."""
        value: Any = document
        for name in self.events.split("."):
            value = value.get(name) if type(value) is dict else None
        if type(value) is not list or not self.members <= document.keys():
            return None
        first = value[0] if value else None
        if self.of_lists:
            return value if type(first) is list else None
        return value if not self.needed or (type(first) is dict and self.needed & first.keys()) else None


ENVELOPES = (
    Envelope(OTLP, "resourceLogs"),
    Envelope(OTLP, "scopeLogs"),
    Envelope("cloudwatch", "logEvents", frozenset({"logGroup"})),
    Envelope("cloudwatch", "events"),
    Envelope("cloudwatch", "results", frozenset({"status"}), of_lists=True),
    Envelope("kubernetes-audit", "items", frozenset({"kind"}), frozenset({"auditID"})),
    Envelope("kubernetes", "items", frozenset({"kind"}), frozenset({"involvedObject", "regarding"})),
    Envelope("cloudtrail", "Records"),
    Envelope("gcp", "entries"),
    Envelope("azure", "records", needed=frozenset({"time", "timestamp", "TimeGenerated"})),
    Envelope("elasticsearch", "hits.hits", needed=frozenset({"_source"})),
    Envelope("datadog", "data", needed=frozenset({"attributes"})),
    Envelope(LOKI, "data.result", needed=frozenset({"stream"})),
    Envelope(LOKI, "streams", needed=frozenset({"stream"})),
)
NAMES = frozenset(each.name for each in ENVELOPES)
"""The shapes whose lines may be envelopes."""
_MARKS = tuple({f'"{each.events.partition(".")[0]}"' for each in ENVELOPES})


def shape_of(text: str) -> str | None:
    """The name of the envelope that a line is; None if it is none, or has no event."""
    document = _document(text)
    envelope = _envelope(document) if document else None
    return envelope.name if document and envelope and any(envelope.list_in(document) or ()) else None


def opened(text: str) -> Iterator[str]:
    """The events in a line, each as a line; the line itself if it is not an envelope, or empty."""
    document = _document(text)
    envelope = _envelope(document) if document else None
    allowance = _Allowance(MAX_GROWTH * len(text) + FREE)
    events = _events(document, envelope, allowance) if document and envelope else iter(())
    first = next(events, None)
    if first is None:
        yield text
        return
    yield json.dumps(first, ensure_ascii=False)
    for each in events:
        yield json.dumps(each, ensure_ascii=False)


def _document(text: str) -> dict[str, Any] | None:
    if not any(mark in text for mark in _MARKS):
        return None
    try:
        document = read(text)
    except ValueError:
        return None
    return document if type(document) is dict else None


def _envelope(document: Mapping[str, Any]) -> Envelope | None:
    return next((each for each in ENVELOPES if each.list_in(document) is not None), None)


class _Allowance:
    """Characters that may still be repeated."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, cost: int) -> bool:
        """Whether so many may be repeated; they are counted then."""
        self._left -= cost
        return self._left >= 0


class _Said:
    """What is said once for many events: the first has all of it, and each other one as much as may be repeated."""

    def __init__(self, whole: Mapping[str, Any], allowance: _Allowance, short: Mapping[str, Any] | None = None) -> None:
        self._next = whole
        self._allowance = allowance
        self._repeated = whole if len(json.dumps(whole)) <= MAX_REPEATED else short or {}
        self._cost = len(json.dumps(self._repeated))

    def __call__(self) -> Mapping[str, Any]:
        """What the next event has of it."""
        told = self._next
        self._next = self._repeated if self._repeated and self._allowance.take(self._cost) else {}
        return told


def _events(document: Mapping[str, Any], envelope: Envelope, allowance: _Allowance) -> Iterator[Any]:
    if envelope.name == OTLP:
        yield from _records(document if "resourceLogs" in document else {"resourceLogs": [document]}, allowance)
        return
    events = envelope.list_in(document) or []
    if envelope.name == LOKI:
        yield from _lines(events, allowance)
        return
    outermost = envelope.events.partition(".")[0]
    around = _Said({name: value for name, value in document.items() if name != outermost}, allowance)
    for each in events:
        yield _beside(each, around()) if type(each) is dict else each


def _lines(streams: list[Any], allowance: _Allowance) -> Iterator[Any]:
    """The lines of Loki's streams, each with the labels of its stream."""
    for stream in streams:
        values = stream.get("values") if type(stream) is dict else None
        labels = stream.get("stream") if type(stream) is dict else None
        around = _Said({"labels": labels} if type(labels) is dict else {}, allowance)
        for value in values if type(values) is list else ():
            if type(value) is list and len(value) > 1:
                more = {"metadata": value[2]} if len(value) > 2 else {}
                yield {"timestamp": value[0], "line": value[1], "labels": {}, **around(), **more}


def _beside(event: dict[str, Any], around: Mapping[str, Any]) -> dict[str, Any]:
    """An event with what is said around it. What the event says itself stays."""
    return event | {name: value for name, value in around.items() if name not in event}


def _records(document: Mapping[str, Any], allowance: _Allowance) -> Iterator[Any]:
    """The log records of OTLP, each with its resource and its scope."""
    for resource_logs in _objects(document, "resourceLogs"):
        resource = with_attributes(resource_logs.get("resource"))
        of_resource = _Said({"resource": resource} if resource else {}, allowance, _service(resource))
        for scope_logs in _objects(resource_logs, "scopeLogs", "instrumentationLibraryLogs"):
            scope = with_attributes(scope_logs.get("scope", scope_logs.get("instrumentationLibrary")))
            of_scope = _Said({"scope": scope} if scope else {}, allowance)
            for record in _objects(scope_logs, "logRecords", "logs"):
                yield _beside(record, {**of_resource(), **of_scope()})


def _service(resource: Any) -> Mapping[str, Any]:
    """Of a resource the name of the service alone."""
    name = resource.get("service.name") if type(resource) is dict else None
    return {"resource": {"service.name": name}} if type(name) is str and len(name) <= MAX_REPEATED // 8 else {}


def _objects(document: Mapping[str, Any], *names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        values = document.get(name)
        if type(values) is list:
            yield from (value for value in values if type(value) is dict)
