"""The shapes of documents that loggers write as JSON: the name of each, how it is recognised, and what is special to it.

A new one is a line of `SHAPES`. Most need no more than a name, because `names` knows what they call their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inventory.events import names, stores, unwrapping
from inventory.events.normaliser import Prepared
from inventory.events.unwrapping import Inner

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape: a document with all of `members` that meets the condition.

    `prepare` makes it readable by the names of members alone, and `unwrap` does with the line of another logger in it.
    """

    name: str
    members: frozenset[str]
    condition: Callable[[Document], object] = lambda _: True
    prepare: Callable[[dict[str, Any]], Prepared] | None = None
    unwrap: Callable[[dict[str, Any], Inner], Prepared] | None = None

    def fits(self, document: Document) -> bool:
        """Whether a document has this shape."""
        return self.members <= document.keys() and bool(self.condition(document))


def _has(*names: str) -> Callable[[Document], object]:
    return lambda document: any(name in document for name in names)


def _is(name: str, *types: type) -> Callable[[Document], object]:
    return lambda document: type(document[name]) in types


def _starts(name: str, *prefixes: str) -> Callable[[Document], object]:
    return lambda document: type(document[name]) is str and document[name].startswith(prefixes)


def _upper(document: Document) -> bool:
    return type(document["level"]) is str and document["level"][:1].isupper()


def _audit(document: Document) -> bool:
    return str(document.get("apiVersion", "audit.k8s.io")).startswith("audit.k8s.io")


def _all(*names: str) -> frozenset[str]:
    return frozenset(names)


def _text(*names: str) -> Callable[[Document], object]:
    return lambda document: any(type(document.get(name)) is str for name in names)


def _of_fluent_bit(document: Document) -> bool:
    is_shipped = any(name in document for name in (*unwrapping.SHIPPED_AT, "container_id"))  # Docker's `fluentd` has no time
    return type(document["log"]) is str and is_shipped and "message" not in document and "msg" not in document


def _of_grafana(document: Document) -> bool:
    return type(document["fields"]) is dict and type(document["line"]) is str


def _of_filebeat(document: Document) -> bool:
    if type(document.get("json")) is dict:
        return False
    is_shipped = "@metadata" in document or "beat" in document or ("agent" in document and "input" in document)
    return type(document["message"]) is str and is_shipped


def _of_logstash(document: Document) -> bool:
    return type(document["message"]) is str and not any(name in document for name in ("level", "log.level", "severity"))


def _of_datadog(document: Document) -> bool:
    return type(document["attributes"]) is dict and "timestamp" in document["attributes"] and "timestamp" not in document


def _of_search(document: Document) -> bool:
    return type(document["result"]) is dict and "_time" in document["result"]


SHAPES = (
    Shape("elasticsearch", _all("_source"), _is("_source", dict), stores.elasticsearch),
    Shape("datadog", _all("attributes", "id"), _of_datadog, stores.datadog),
    Shape("loki", _all("labels", "line", "timestamp"), _is("labels", dict), unwrap=stores.loki),
    Shape("loki", _all("fields", "line", "timestamp"), _of_grafana, unwrap=stores.grafana),
    Shape("splunk", _all("event", "sourcetype"), _is("event", dict, str), unwrap=stores.splunk),
    Shape("splunk", _all("event", "time", "host"), _is("event", dict), unwrap=stores.splunk),
    Shape("splunk", _all("result"), _of_search, unwrap=stores.splunk),
    Shape("azure", _all("time", "operationName"), _has("resourceId", "resultDescription", "category", "properties")),
    Shape("kubernetes", _all("involvedObject", "reason"), prepare=unwrapping.cluster_event),
    Shape("docker", _all("log", "time"), _is("log", str), unwrap=unwrapping.docker),
    Shape("fluent-bit", _all("log"), _of_fluent_bit, unwrap=unwrapping.shipped),
    Shape("azure", _all("TimeGenerated"), _text("Log_s", "LogMessage", "LogEntry"), unwrap=unwrapping.shipped),
    Shape("vector", _all("message", "source_type", "timestamp"), _text("message"), unwrap=unwrapping.shipped),
    Shape("filebeat", _all("@timestamp", "message"), _of_filebeat, unwrap=unwrapping.shipped),
    Shape("filebeat", _all("@timestamp", "json"), _is("json", dict), stores.decoded),
    Shape("logstash", _all("@timestamp", "@version", "message"), _of_logstash, unwrap=unwrapping.shipped),
    Shape("journald", _all("__REALTIME_TIMESTAMP"), unwrap=unwrapping.journald),
    Shape("journald", _all("MESSAGE"), _has("PRIORITY", "SYSLOG_IDENTIFIER"), unwrap=unwrapping.journald),
    Shape("cloudtrail", _all("eventName", "eventSource", "eventTime"), prepare=unwrapping.cloudtrail),
    Shape("kubernetes-audit", _all("auditID", "stage"), _audit, unwrapping.audit),
    Shape("gcp", _all("logName"), _has("timestamp", "receiveTimestamp")),
    Shape("gcp", _all("severity", "timestampSeconds"), prepare=unwrapping.gcp),
    Shape("gcp", _all("severity"), _has("logging.googleapis.com/trace", "logging.googleapis.com/labels")),
    Shape("otlp", _all("timeUnixNano"), _has("body", "severityNumber", "severityText", "eventName"), unwrapping.otlp),
    Shape("otlp", _all("observedTimeUnixNano"), prepare=unwrapping.otlp),
    Shape(
        "cloudwatch",
        _all("timestamp", "message"),
        _has("ingestionTime", "eventId", "logStreamName", "logStream"),
        unwrap=unwrapping.cloudwatch,
    ),
    Shape(
        "cloudwatch", _all("@timestamp", "@message"), lambda document: "@level" not in document, unwrap=unwrapping.cloudwatch
    ),
    Shape("clef", _all("@t"), prepare=unwrapping.clef),
    Shape("serilog", _all("Timestamp", "MessageTemplate"), prepare=unwrapping.clef),
    Shape("postgresql", _all("error_severity", "backend_type")),
    Shape("gelf", _all("short_message"), prepare=unwrapping.gelf),
    Shape(
        "lambda",
        _all("time", "type", "record"),
        _starts("type", "platform.", "function", "extension"),
        unwrap=unwrapping.telemetry,
    ),
    Shape("lambda", _all("level", "message"), _has("requestId", "AWSRequestId", "function_request_id", "xray_trace_id")),
    Shape("mongodb", _all("t", "s", "c", "msg"), prepare=unwrapping.mongodb),
    Shape("ecs", _all("@timestamp"), _has("ecs.version", "ecs", "log.level")),
    Shape("logstash", _all("@timestamp", "@version")),
    Shape("loguru", _all("text", "record"), _is("record", dict)),
    Shape("log4j", _all("loggerName"), _has("loggerFqcn", "endOfBatch", "instant", "timeMillis")),
    Shape("traefik", _all("RequestMethod", "DownstreamStatus")),
    Shape("caddy", _all("ts", "logger", "msg"), _starts("logger", "http.", "admin", "tls", "caddy")),
    Shape("inventory", _all("event", "level", "logger", "timestamp"), _starts("logger", "inventory", "workers")),
    Shape("events", _all("timestamp", "level", "service", "message")),
    Shape("tracing", _all("timestamp", "level", "target")),
    Shape("bunyan", _all("v", "name", "level", "time"), _is("level", int)),
    Shape("pino", _all("level", "time"), _is("level", int)),
    Shape("pino", _all("level", "time", "pid", "hostname", "msg")),
    Shape("monolog", _all("channel", "datetime", "level_name"), prepare=unwrapping.monolog),
    Shape("zap", _all("level", "ts"), _has("msg", "message")),
    Shape("python-json-logger", _all("message"), _has("asctime", "levelname")),
    Shape(
        "structlog",
        _all("event"),
        lambda document: type(document["event"]) is str and ("timestamp" in document or "level" in document),
    ),
    Shape("slog", _all("time", "level", "msg"), _upper),
    Shape("logrus", _all("time", "level", "msg"), _is("time", str)),
    Shape("zerolog", _all("time", "level", "message")),
    Shape("winston", _all("timestamp", "level", "message")),
)
"""In this order: a document has the first shape that it fits."""
OTHER = "json"
"""The shape of a document that has none of these."""
_SPECIAL = tuple(shape for shape in SHAPES if shape.prepare or shape.unwrap)
_MARKS = frozenset(name for shape in _SPECIAL for name in sorted(shape.members)[:1])


_LEVELS = frozenset(member.name for member, _ in names.LEVEL)
_OF_EVENTS = frozenset(("timestamp", "@timestamp", "time", "ts", "@t", "level", "levelname", "severity", "@l", "log.level"))
"""Members of which a line of a logger has one."""


def name_of(document: Document) -> str:
    """The name of a document's shape."""
    return next((shape.name for shape in SHAPES if shape.fits(document)), OTHER)


def prepared(document: dict[str, Any], inner: Inner) -> Prepared:
    """The document as it can be read by the names of its members alone."""
    if not _MARKS.isdisjoint(document):
        for shape in _SPECIAL:
            if shape.fits(document):
                return shape.unwrap(document, inner) if shape.unwrap else _as_prepared(shape, document)
    message = document.get("message")
    if type(message) is str and message.startswith("{") and _LEVELS.isdisjoint(document):
        return unwrapping.shipped(document, lambda text: _event_in(text, inner))
    return Prepared(document)


def _event_in(text: str, inner: Inner) -> Prepared | None:
    """The event that a message is as a whole; None if it is another object of JSON."""
    found = inner(text)
    return found if found is not None and not _OF_EVENTS.isdisjoint(found.document) else None


def _as_prepared(shape: Shape, document: dict[str, Any]) -> Prepared:
    return shape.prepare(document) if shape.prepare else Prepared(document)
