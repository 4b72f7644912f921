"""What loggers call the fields of an event: for each field the members that may have it, the surest first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.events import levels, traces

MISSING = object()
FIELDS = ("timestamp", "level", "service", "message", "trace_id")
"""The fields that a member can be mapped to."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a value is in a document: a member of that name, or below it, part by part between the dots."""

    name: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, name: str) -> Member:
        """The member with this name or path."""
        return cls(name, tuple(name.split(".")))

    def find(self, document: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
        """The value, and the names that lead to it; `MISSING` if there is none."""
        value = document.get(self.name, MISSING)
        if value is not MISSING or len(self.parts) == 1 or self.parts[0] not in document:
            return value, (self.name,)
        return _below(document, self.parts)


def _below(document: Mapping[str, Any], parts: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """The value at a path, whose last parts may be one name with dots, as ECS has them."""
    node: Any = document
    for depth, part in enumerate(parts):
        if type(node) is not dict:
            break
        rest = ".".join(parts[depth:])
        if rest in node:
            return node[rest], (*parts[:depth], rest)
        node = node.get(part)
    return MISSING, ()


Reader = Callable[[Any], Any]
Names = Sequence[tuple[Member, Reader]]
"""Members, and what reads the value of each: it returns None for a value that does not fit."""


def _names(reader: Reader, *names: str) -> Names:
    return [(Member.of(name), reader) for name in names]


TIMESTAMP = [
    Member.of(name)
    for name in (
        "StartUTC", "timestamp", "@timestamp", "time", "ts", "@t", "t", "timeUnixNano", "stageTimestamp",
        "requestReceivedTimestamp", "asctime", "datetime", "instant", "timeMillis", "record.time", "__REALTIME_TIMESTAMP",
        "_SOURCE_REALTIME_TIMESTAMP", "T", "Timestamp", "TimeStamp", "Time", "eventTime", "event_time", "eventTimestamp",
        "log_time", "logTime", "time_iso8601", "time_local", "msec", "date", "dt", "epoch", "unixtime", "created",
        "created_at", "observedTimeUnixNano", "receiveTimestamp", "@fields.timestamp", "fields.timestamp",
        "event.created", "start_time", "TimeGenerated", "TimeCreated", "EdgeStartTimestamp", "EdgeEndTimestamp", "_time",
        "started_at", "startTime", "ISODATE", "timereported", "timegenerated", "requestTime", "published", "info.ts",
    )
]  # fmt: skip

LEVEL = [
    *_names(levels.of, "level", "log.level", "severity", "levelname", "level.name", "record.level.name", "severityText"),
    *_names(levels.of, "LevelDisplayName"),
    *_names(levels.of_serilog, "@l", "Level"),
    *_names(levels.of, "SeverityText"),
    *_names(levels.of_otlp, "severityNumber", "severity_number", "SeverityNumber"),
    *_names(levels.of, "lvl", "loglevel", "log_level", "logLevel", "LogLevel", "@level", "levelName", "level_name", "L"),
    *_names(levels.of, "severity_text", "Severity", "error_severity", "PRIORITY", "@fields.level"),
    *_names(levels.of_python, "levelno", "level_number", "level.no", "record.level.no"),
    *_names(levels.of_azure, "severityLevel", "SeverityLevel"),
    *_names(levels.of_status_word, "status", "priority"),
    *_names(
        levels.of,
        "level.levelStr",
        "syslog.severity",
        "log.syslog.severity.code",
        "syslog_severity",
        "fields.level",
        "jsonPayload.level",
        "messageType",
        "syslogseverity",
        "info.level",
    ),
]


def service(value: Any) -> str | None:
    """The name of a program: 1 to 200 printable characters."""
    fits = type(value) is str and len(value) <= MAX_SERVICE and value.isprintable() and value.strip()
    return value.strip() if fits else None


MAX_SERVICE = 200
SERVICE = _names(
    service,
    "service.name", "service", "serviceName", "service_name", "ServiceName", "app", "application", "appname", "app_name",
    "appName", "Application", "resource.service.name", "Resource.service.name", "serviceContext.service",
    "resource.labels.service_name", "resource.labels.container_name", "resource.labels.function_name",
    "resource.labels.module_id", "name", "logger", "logger_name", "loggerName", "log.logger", "Logger", "SourceContext",
    "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_service", "_app", "_application", "record.name", "@module", "module",
    "target", "component", "program", "N", "Properties.Application", "Properties.SourceContext", "eventSource",
    "kubernetes.container_name", "container_name", "jsonPayload.service", "programname", "facility",
    "dd.service", "otelServiceName", "resource.attributes.service.name", "metadata.service", "fields.SourceContext",
    "app.name", "application.name", "svc", "kubernetes.container.name", "container.name", "labels.app",
    "categoryName", "process.name", "_logger", "protoPayload.serviceName", "fly.app.name", "label", "cloud_RoleName",
    "AppRoleName",
    "ProviderName", "Category",
)  # fmt: skip


def text(value: Any) -> str | None:
    """A message: a text, or a number or a truth value as JSON writes it."""
    if type(value) is str:
        return value
    return json.dumps(value) if type(value) in (int, float, bool) else None


MESSAGE = [
    (Member.of(name), text)
    for name in (
        "message", "msg", "event", "short_message", "body", "@m", "MESSAGE", "Body", "M", "@message", "log",
        "fields.message", "record.message", "Message", "RenderedMessage", "textPayload", "jsonPayload.message",
        "jsonPayload.msg", "log.message", "text", "full_message", "fields.msg", "error.message", "err.message",
        "exception.message", "status.message", "error", "err", "exception", "eventName", "protoPayload.status.message",
        "protoPayload.methodName", "description", "resultDescription", "properties.message", "operationName", "_raw",
        "eventMessage", "errorMessage", "alert.signature", "displayMessage", "info.msg",
    )
]  # fmt: skip

LAST_RESORT = [(Member.of(name), text) for name in ("event_type", "detail-type", "action")]
"""What happened, in a document that has neither a message nor a level, nor tells of a request."""

TRACE_ID = [
    *_names(
        traces.of,
        "trace_id", "traceId", "trace.id", "traceID", "TraceId", "traceid", "@tr", "otelTraceID", "otel.trace_id",
        "logging.googleapis.com/trace", "trace", "traceparent", "Traceparent", "TRACE_ID", "_trace_id", "_traceId",
        "operation_Id", "OperationId",
    ),
    *_names(traces.of_datadog, "dd.trace_id", "dd.traceId", "dd_trace_id"),
    *_names(traces.of, "xray_trace_id", "XRayTraceId", "AWS-XRAY-TRACE-ID", "x-b3-traceid", "X-B3-TraceId", "b3",
           "record.tracing.value", "uber-trace-id", "elasticapm_trace_id"),
]  # fmt: skip
TRACE_NAMES = frozenset(member.name for member, _ in TRACE_ID)
TRACE_READERS = {member.name.lower(): reader for member, reader in TRACE_ID} | {
    "x-amzn-trace-id": traces.of, "x-cloud-trace-context": traces.of, "trace-id": traces.of,
}  # fmt: skip
"""The same names in lower case: they are looked for below the top, too, in contexts, spans, fields and headers."""


def _lower(known: Names) -> Mapping[str, Reader]:
    """The readers of names without a dot and of more than a letter, in lower case."""
    found = [(member.name.lower(), reader) for member, reader in known if len(member.parts) == 1 and len(member.name) > 1]
    return dict(reversed(found))


OTHER_CASE = {
    "timestamp": _lower([(member, text) for member in TIMESTAMP]),
    "level": _lower(LEVEL),
    "service": _lower(SERVICE),
    "message": _lower(MESSAGE),
}
"""Names that are known in any case, where no member has one of them as it stands."""
