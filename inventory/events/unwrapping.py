"""Documents that carry a line or fields of another logger, or that need more than other names to be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inventory.events import colours, levels
from inventory.events.normaliser import MAX_MESSAGE, Prepared, add
from inventory.events.parsing import united

Inner = Callable[[str], Prepared | None]
"""Reads a line that is inside of a document; None if it is only text."""
Default = tuple[str, str | None, Any]
LINES = ("message", "log", "MESSAGE", "msg", "Log_s", "LogMessage", "LogEntry")
"""Members in which shippers have the line that they ship."""
SHIPPED_AT = ("@timestamp", "timestamp", "time", "date", "ts", "TimeGenerated")

_HOLE = re.compile(r"\{\{|\}\}|\{[@$]?([\w.]{1,200})(?:,-?\d{1,9})?(?::[^{}]{0,200})?\}")


def wrapped(
    document: Mapping[str, Any], name: str, inner: Inner, outer: Mapping[str, str], derived: Sequence[Default] = ()
) -> Prepared:
    """The line that is in a member, read again, with the other members beside its own.

    `outer` are members that stand for fields which that line does not have.
    """
    text = document[name]
    text = text.rstrip("\r\n") if type(text) is str else ""
    taken = {name, *outer}
    found = inner(text)
    defaults: list[Default] = [(field, each, document[each]) for each, field in outer.items() if each in document]
    if found is None:
        rest = {each: value for each, value in document.items() if each not in taken}
        kept: Any = text if type(document[name]) in (str, type(None)) else document[name]
        own: list[Default] = [("level", None, level)] if (level := levels.of_beginning(colours.without(text))) else []
        return Prepared(rest, [("message", name, kept), *defaults, *derived, *own])
    derived = [*derived, ("line", None, text)]
    members = dict(found.document)
    for each, value in document.items():
        if each not in taken:
            add(members, each, value)
    return Prepared(members, [*found.defaults, *defaults, *derived])


def docker(document: dict[str, Any], inner: Inner) -> Prepared:
    """A line of Docker's `json-file` driver."""
    return wrapped(document, "log", inner, {"time": "timestamp"})


def shipped(document: dict[str, Any], inner: Inner) -> Prepared:
    """A line that a shipper found in a file or a container: Filebeat, Vector, Fluent Bit, Fluentd, Logstash."""
    name = next(each for each in LINES if type(document.get(each)) is str)
    time = next((each for each in SHIPPED_AT if each in document), None)
    return wrapped(document, name, inner, {time: "timestamp"} if time else {})


def journald(document: dict[str, Any], inner: Inner) -> Prepared:
    """An entry of `journalctl -o json`: a value may be an array of bytes, or an array of values."""
    members = {name: _journal_value(value) for name, value in document.items()}
    message = members.get("MESSAGE")
    members["MESSAGE"] = "\n".join(map(str, message)) if type(message) is list else message
    priority = members.get("PRIORITY")
    first: list[Default] = [("level", None, priority[0])] if type(priority) is list and priority else []
    named = [name for name in ("SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_COMM") if members.get(name)]
    outer = {"__REALTIME_TIMESTAMP": "timestamp", "PRIORITY": "level"} | dict.fromkeys(named, "service")
    return wrapped(members, "MESSAGE", inner, outer, first)


def cloudwatch(document: dict[str, Any], inner: Inner) -> Prepared:
    """An event of CloudWatch Logs, of its API, a subscription or a query."""
    name, time = ("message", "timestamp") if "message" in document else ("@message", "@timestamp")
    group = document.get("logGroup") or document.get("@log")
    return wrapped(document, name, inner, {time: "timestamp"}, [("service", None, group)])


def insights_row(pairs: Any) -> dict[str, Any] | None:
    """The row of a query of CloudWatch Logs Insights, from its fields and values; None if it has no time or message."""
    if type(pairs) is not list or not all(type(pair) is dict and type(pair.get("field")) is str for pair in pairs):
        return None
    row = {pair["field"]: pair.get("value") for pair in pairs}
    return row if {"@timestamp", "@message"} <= row.keys() else None


def clef(document: dict[str, Any]) -> Prepared:
    """An event of Serilog, in its compact format or the older one: the message may be a template."""
    template = document.get("@mt", document.get("MessageTemplate"))
    properties = document.get("Properties")
    values = properties if type(properties) is dict else document
    defaults: list[Default] = []
    if type(template) is str:
        defaults.append(("message", None, _rendered(template, values)))
    return Prepared(document, defaults)


def gelf(document: dict[str, Any]) -> Prepared:
    """A message of Graylog, whose `host` is what sent it."""
    return Prepared(document, [("service", None, document.get("host"))])


def monolog(document: dict[str, Any]) -> Prepared:
    """A record of Monolog, whose channel is the name of the logger."""
    return Prepared(
        {name: each for name, each in document.items() if name != "channel"}, [("service", "channel", document["channel"])]
    )


def gcp(document: dict[str, Any]) -> Prepared:
    """A line for Google Cloud's agents that has its time in two members."""
    rest = {name: value for name, value in document.items() if name not in ("timestampSeconds", "timestampNanos")}
    parts = {"seconds": document["timestampSeconds"], "nanos": document.get("timestampNanos")}
    return Prepared(rest, [("timestamp", "timestampSeconds", parts)])


def mongodb(document: dict[str, Any]) -> Prepared:
    """A line of MongoDB's server."""
    rest = {name: value for name, value in document.items() if name != "s"}
    return Prepared(rest, [("level", "s", document["s"]), ("service", None, "mongod")])


def cloudtrail(document: dict[str, Any]) -> Prepared:
    """A call of an API of AWS, which has no level: one that failed says with which error."""
    failed: list[Default] = [("level", None, "error")] if document.get("errorCode") else []
    return Prepared(document, failed)


def cluster_event(document: dict[str, Any]) -> Prepared:
    """An event of Kubernetes, whose time may be that of its series or of its creation, and whose type is its level."""
    source = document.get("source")
    metadata = document.get("metadata")
    times = [document.get(name) for name in ("lastTimestamp", "eventTime", "firstTimestamp")]
    times.append(metadata.get("creationTimestamp") if type(metadata) is dict else None)
    component = source.get("component") if type(source) is dict else document.get("reportingComponent")
    defaults: list[Default] = [("timestamp", None, each) for each in times if each]
    return Prepared(document, [*defaults, ("level", None, document.get("type")), ("service", None, component)])


def audit(document: dict[str, Any]) -> Prepared:
    """An entry of Kubernetes' audit log, whose `level` is what is recorded and no severity."""
    return Prepared(document, [("service", None, "kube-apiserver")])


def telemetry(document: dict[str, Any], inner: Inner) -> Prepared:
    """An event of AWS Lambda's Telemetry API: what Lambda says itself, or a line or an object that a function logged."""
    record = document["record"]
    if type(record) is str:
        return wrapped(document, "record", inner, {"time": "timestamp"})
    if type(record) is dict and document["type"] in ("function", "extension"):
        others = {name: value for name, value in document.items() if name not in ("record", "time")}
        return Prepared(record | others, [("timestamp", "time", document["time"])])
    return Prepared(document, [("message", None, document["type"])])


def otlp(document: dict[str, Any]) -> Prepared:
    """A log record of OpenTelemetry, with its resource and scope beside it."""
    members = {name: each for name, each in document.items() if name != "timeUnixNano" or each not in ("0", 0)}
    body = members.pop("body", None)
    value = any_value(body)
    if "attributes" in members:
        members["attributes"] = key_values(members["attributes"])
    if "resource" in members:
        members["resource"] = with_attributes(members["resource"])
    if type(value) not in (str, int, float, bool):
        found = value if type(value) is dict else None
        if value is not None:
            members["body"] = value
        event = members.get("eventName")
        text = found.get("message") if found else None
        return Prepared(members, [("message", None, text if text is not None else event)])
    return Prepared(members, [("message", "body", value)])


def any_value(value: Any) -> Any:
    """What an `AnyValue` of OTLP stands for; a value that is none stays as it is."""
    if type(value) is not dict or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    match kind:
        case "stringValue" | "boolValue" | "doubleValue" | "bytesValue":
            return inner
        case "intValue":
            return int(inner) if type(inner) is str and re.fullmatch(r"-?[0-9]{1,19}", inner) else inner
        case "arrayValue":
            values = inner.get("values") if type(inner) is dict else None
            return [any_value(each) for each in values] if type(values) is list else []
        case "kvlistValue":
            return key_values(inner.get("values") if type(inner) is dict else None)
    return value


def key_values(pairs: Any) -> Any:
    """The object that a list of OTLP's keys and values stands for; what is no such list stays as it is."""
    if type(pairs) is not list:
        return {} if pairs is None else pairs
    if not all(type(pair) is dict and type(pair.get("key")) is str for pair in pairs):
        return pairs
    return united((pair["key"], any_value(pair.get("value"))) for pair in pairs)


def with_attributes(described: Any) -> Any:
    """A resource or scope of OTLP as one object: its attributes, and its other members beside them."""
    if type(described) is not dict or "attributes" not in described:
        return described
    attributes = key_values(described["attributes"])
    others = {name: value for name, value in described.items() if name != "attributes"}
    return attributes | others if type(attributes) is dict else described


def _journal_value(value: Any) -> Any:
    if type(value) is not list:
        return value
    if value and all(type(each) is int and 0 <= each < 256 for each in value):
        return bytes(value).decode("utf-8", "backslashreplace")
    return [_journal_value(each) for each in value]


def _rendered(template: str, values: Mapping[str, Any]) -> str:
    """A message template with its holes filled, up to about the longest message."""
    parts, length, done = list[str](), 0, 0
    for hole in _HOLE.finditer(template):
        filled = _filled(hole, values)[: MAX_MESSAGE + 1]
        parts += [template[done : hole.start()], filled]
        length += hole.start() - done + len(filled)
        done = hole.end()
        if length > MAX_MESSAGE:
            break
    return "".join([*parts, template[done:]])


def _filled(hole: re.Match[str], values: Mapping[str, Any]) -> str:
    """A hole with its value; as it stands if there is none."""
    if hole[0] in ("{{", "}}"):
        return hole[0][0]
    value = values.get(hole[1])
    return hole[0] if value is None or type(value) in (dict, list) else str(value)
