"""Loggers with options that are not their defaults, and stores as their exports have the lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.events.uploading import imported

INSTANT = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TIME, MILLIS, NANOS = "2026-01-31T12:00:00.123Z", 1_769_860_800_123, "1769860800123456789"
XRAY = f"Root=1-{TRACE_ID[:8]}-{TRACE_ID[8:]}"
OTEL = {"resource": {"attributes": {"service.name": "pay"}}}
RECORD = {"timestamp": TIME, "level": "ERROR", "requestId": "r", "message": "m"}
SAYS_ERROR = {"level": "error", "message": "m", "timestamp": TIME}
MS_LOGGER = {"LogLevel": "Error", "Category": "pay", "Message": "m", "Timestamp": TIME, "Scopes": [{"TraceId": TRACE_ID}]}
LOKI = {"line": '{"level":"error","msg":"m"}', "timestamp": NANOS, "date": TIME, "fields": {"app": "pay"}}
CLOUDWATCH = {"messageType": "DATA_MESSAGE", "logGroup": "pay", "logStream": "s"}
EVENTS = {"logEvents": [{"id": "1", "timestamp": MILLIS, "message": "ERROR m"}]}
INSIGHTS = [{"field": "@timestamp", "value": "2026-01-31 12:00:00.123"}, {"field": "@message", "value": "ERROR m"}]
PHP_TIME = {"date": "2026-01-31 13:00:00.123456", "timezone_type": 3, "timezone": "Europe/Berlin"}
MONOLOG = {"message": "m", "level": 400, "level_name": "ERROR", "channel": "pay", "context": {}}


@pytest.mark.parametrize(
    ("document", "shape", "kept"),
    [
        ({"level": "error", "time": MILLIS, "pid": 1, "hostname": "h", "msg": "m"}, "pino", {}),
        ({**SAYS_ERROR, "level": "\x1b[31mERROR\x1b[39m"}, "winston", {}),
        ({**SAYS_ERROR, "metadata": {"service": "pay"}}, "winston", {"service": "pay"}),
        ({"SEVERITY": "ERROR", "MSG": "m", "TIMESTAMP": TIME, "Service": "pay"}, "json", {"service": "pay"}),
        ({"startTime": TIME, "categoryName": "pay", "level": {"levelStr": "ERROR"}, "message": "m"}, "json",
         {"service": "pay"}),
        ({**SAYS_ERROR, "app": {"name": "pay"}, "ctx": {"trace": {"id": TRACE_ID}}}, "winston",
         {"service": "pay", "trace_id": TRACE_ID}),
        ({"@timestamp": "2026-01-31T12:00:09Z", "json": SAYS_ERROR, "message": "", "agent": {}}, "filebeat", {}),
        ({"ISODATE": TIME, "LEVEL": "err", "MESSAGE": "m", "PROGRAM": "pay"}, "json", {"service": "pay"}),
        ({"timereported": TIME, "syslogseverity": "3", "msg": "m", "programname": "pay"}, "json", {"service": "pay"}),
        ({"TimeCreated": f"/Date({MILLIS})/", "Level": 2, "LevelDisplayName": "Error", "Message": "m"}, "json", {}),
        ({"timestamp": MILLIS, "action": "BLOCK", "httpRequest": {"httpMethod": "GET", "uri": "/"}}, "json",
         {"level": "info", "message": "GET /"}),
        ({"timestamp": TIME, "request_method": "GET", "url": "/", "response_status": 503}, "json", {"message": "GET / 503"}),
        ({"published": TIME, "severity": "ERROR", "displayMessage": "m"}, "json", {}),
        ({**SAYS_ERROR, "log": "/var/log/a.log"}, "winston", {}),
        ({**SAYS_ERROR, "fields": {"a": 1}, "line": 41}, "winston", {}),
        ({**SAYS_ERROR, "label": "pay"}, "winston", {"service": "pay"}),
        ({**SAYS_ERROR, "dd": {"service": "pay", "trace_id": "1"}}, "winston", {"service": "pay", "trace_id": f"{1:032x}"}),
        ({**SAYS_ERROR, "dd.service": "pay"}, "winston", {"service": "pay"}),
        ({**SAYS_ERROR, "otelServiceName": "pay"}, "winston", {"service": "pay"}),
        ({**SAYS_ERROR, "fields": {"SourceContext": "pay"}}, "winston", {"service": "pay"}),
        ({**SAYS_ERROR, "fly": {"app": {"name": "pay"}}, "event": {"provider": "app"}}, "winston", {"service": "pay"}),
        ({**SAYS_ERROR, "target": "pay", "spans": [{"name": "x"}, {"trace_id": TRACE_ID}]}, "tracing",
         {"service": "pay", "trace_id": TRACE_ID}),
        (MS_LOGGER, "json", {"service": "pay", "trace_id": TRACE_ID}),
        ({"time": TIME, "type": "function", "record": RECORD}, "lambda", {}),
        ({"time": TIME, "type": "extension", "record": "[ERROR] m\n"}, "lambda", {"message": "[ERROR] m"}),
        ({"time": TIME, "type": "platform.start", "record": {"tracing": {"value": XRAY}}}, "lambda",
         {"level": "info", "message": "platform.start", "trace_id": TRACE_ID}),
        ({"timestamp": TIME, "level": "ERROR", "requestId": "r", "errorMessage": "m"}, "json", {}),
        ({**OTEL, "timestamp": 1_769_860_800_123_456, "severityText": "error", "body": "m"}, "json", {"service": "pay"}),
        ({**OTEL, "timestamp": TIME, "severity_text": "ERROR", "body": "m", "trace_id": f"0x{TRACE_ID}"}, "json",
         {"service": "pay", "trace_id": TRACE_ID}),
        ({"timeUnixNano": NANOS, "severityNumber": 17, "body": {"stringValue": "m"}, "traceId": "S/kvNXezTaajzpKdDg5HNg=="},
         "otlp", {"trace_id": TRACE_ID}),
        ([LOKI], "loki", {"service": "pay"}),
        ({"container_id": "c", "container_name": "/pay", "source": "stdout", "log": json.dumps(SAYS_ERROR)}, "fluent-bit",
         {"service": "/pay"}),
        ({"info": {"level": "error", "msg": "m", "name": "N", "ts": TIME}, "data": {"node": 1}}, "json", {}),
        ({"timestampSeconds": MILLIS // 1000, "timestampNanos": 123_999_999, "severity": "ERROR", "message": "m"},
         "gcp", {}),
        ({"@timestamp": TIME, "@version": "1", "method": "GET", "path": "/", "status": 503, "message": "m"}, "logstash", {}),
        ({**MONOLOG, "datetime": "2026-01-31T12:00:00.123456+00:00"}, "monolog", {"service": "pay"}),
        ({**MONOLOG, "datetime": PHP_TIME}, "monolog", {"service": "pay"}),
        ({**MONOLOG, "datetime": PHP_TIME | {"timezone": "+01:00"}}, "monolog", {"service": "pay"}),
        ({"time": TIME, "type": "request", "request": {"operation": "read", "path": "a"}}, "json",
         {"level": "info", "message": "read a"}),
        ({"started_at": MILLIS, "request": {"method": "GET", "uri": "/"}, "response": {"status": 503},
          "service": {"name": "pay"}}, "json", {"service": "pay", "message": "GET / 503"}),
        ({"timestamp": TIME, "event_type": "alert", "alert": {"signature": "m"}}, "json", {"level": "info"}),
        ({"results": [INSIGHTS], "status": "Complete"}, "cloudwatch", {"message": "ERROR m"}),
        ({"__REALTIME_TIMESTAMP": "1769860800123456", "MESSAGE": "m", "PRIORITY": "3", "SYSLOG_IDENTIFIER": "pay",
          "_SYSTEMD_UNIT": "pay.service", "_COMM": "p"}, "journald", {"service": "pay"}),
        ({"logName": "l", "timestamp": TIME, "severity": "ERROR", "textPayload": "m",
          "protoPayload": {"serviceName": "pay"}},
         "gcp", {"service": "pay"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_documents_of_loggers_and_stores(document: Any, shape: str, kept: dict[str, Any], indent: int | None) -> None:
    file_format, found, rejected = imported(json.dumps(document, indent=indent).encode(), "a.json", {})

    assert [(row.input, row.detail) for row in rejected] == []
    assert file_format.shape == shape
    (event,) = found
    expected = {"level": "error", "service": "unknown", "message": "m", "trace_id": None} | kept
    assert event.timestamp == INSTANT
    assert {name: getattr(event, name) for name in expected} == expected


@pytest.mark.parametrize("between", ["", " ", "\n"])
def test_objects_may_follow_each_other_without_an_end_of_line(between: str) -> None:
    content = between.join(json.dumps(CLOUDWATCH | EVENTS) for _ in range(3))
    file_format, found, _ = imported(content.encode(), "a.log", {})

    assert file_format.shape == "cloudwatch"
    assert [(event.line, event.service, event.message) for event in found] == [(n, "pay", "ERROR m") for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("line", "service", "message", "attributes"),
    [
        (
            "timestamp='2026-01-31T12:00:00.123456Z' level='error' event='it\\'s m' order=7",
            "unknown",
            "it's m",
            {"order": "7"},
        ),
        ("time=2026-01-31T12:00:00.123Z level=error msg='tis order=7", "unknown", "'tis", {"order": "7"}),
        ("\x1b[31mERRO\x1b[0m[2026-01-31T12:00:00.123Z] m", "unknown", "m", {}),
        ('{"time":1769860800123.9999,"level":"error","msg":"m"}', "unknown", "m", {}),
        ('{"time":1769860800123999.9,"level":"error","msg":"m"}', "unknown", "m", {}),
        ('{"time":1.769860800123999e9,"level":"error","msg":"m"}', "unknown", "m", {}),
        ('{"time":"2026-01-31T12:00:00.123Z","level":"error","msg":"\\x22m\\xD0"}', "unknown", '"m\\xD0', {}),
        (
            '{"time":"2026-01-31T12:00:00.123Z","level":"error","msg":"m","path":"C:\\\\x22"}',
            "unknown",
            "m",
            {"path": "C:\\x22"},
        ),
    ],
)
def test_lines_of_loggers(line: str, service: str, message: str, attributes: dict[str, Any]) -> None:
    _, (event,), _ = imported(line.encode(), "a.log", {})

    assert (event.timestamp, event.level, event.service, event.message) == (INSTANT, "error", service, message)
    assert event.attributes == attributes


def test_a_record_of_the_audit_daemon_is_read() -> None:
    line = 'node=web-1 type=SYSCALL msg=audit(1769860800.123:461): arch=c000003e success=yes comm="cat"'
    file_format, (event,), _ = imported(line.encode(), "audit.log", {})

    assert (file_format.shape, event.timestamp, event.service) == ("auditd", INSTANT, "auditd")
    assert event.message == 'SYSCALL arch=c000003e success=yes comm="cat"'
    assert event.attributes == {"host": "web-1", "type": "SYSCALL", "serial": "461"}
