"""One small file of each logger: what it is taken for, how many events it has, and what the first of them says.

The files are `tests/samples/events/`. Most say the same: a payment was declined at noon.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.events.uploading import imported

SAMPLES = Path(__file__).parents[1] / "samples" / "events"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
DECLINED = "payment declined"


@dataclass(frozen=True)
class Sample:
    """A file, its shape, the number of its events, and of the first its level, service, message, trace and attributes.

    Its `millis` are those after noon; `attributes` are some of them.
    """

    file: str
    shape: str
    count: int
    level: str
    service: str
    message: str = DECLINED
    trace_id: str | None = None
    millis: int = 123
    attributes: dict[str, Any] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.file


TABLE = [
    Sample("events.jsonl", "events", 1, "error", "checkout", trace_id=TRACE_ID, attributes={"order": 90417}),
    Sample("pino.jsonl", "pino", 2, "error", "checkout", trace_id=TRACE_ID, attributes={"pid": 7, "reqId": "req-1"}),
    Sample("bunyan.log", "bunyan", 1, "warning", "checkout", "slow answer", attributes={"v": 0, "ms": 812}),
    Sample("winston.log", "winston", 3, "warning", "checkout", "slow answer", attributes={"ms": 812}),
    Sample("zap.log", "zap", 2, "error", "unknown", attributes={"caller": "pay/pay.go:41"}),
    Sample("zap-console.log", "zap", 2, "error", "pay", trace_id=TRACE_ID, attributes={"order": 90417}),
    Sample("zerolog.jsonl", "zerolog", 3, "error", "unknown", millis=0, attributes={"error": "card expired"}),
    Sample("slog.jsonl", "slog", 2, "error", "unknown", attributes={"order": 90417}),
    Sample("slog-text.log", "slog", 2, "error", "unknown", attributes={"order": "90417", "user": 'a "b"'}),
    Sample("logrus.log", "logrus", 1, "critical", "unknown", millis=0, attributes={"order": 90417}),
    Sample("logrus-text.log", "logrus", 1, "warning", "unknown", millis=0, attributes={"order": "90417"}),
    Sample("structlog.jsonl", "structlog", 1, "error", "checkout.pay", "payment_declined", attributes={"order": 90417}),
    Sample(
        "python-json-logger.log",
        "python-json-logger",
        1,
        "warning",
        "checkout.pay",
        trace_id=TRACE_ID,
        attributes={"amount": "NaN", "taskName": None},
    ),
    Sample("loguru.jsonl", "loguru", 1, "info", "checkout.pay", "charged"),
    Sample("ecs.json", "ecs", 1, "error", "checkout", trace_id=TRACE_ID, attributes={"ecs.version": "1.6.0"}),
    Sample("ecs-nested.json", "ecs", 1, "error", "checkout", trace_id=TRACE_ID, attributes={"service": {"version": "1"}}),
    Sample("logstash.log", "logstash", 1, "error", "com.example.Pay", trace_id=TRACE_ID, attributes={"level_value": 40000}),
    Sample("log4j.json", "log4j", 1, "critical", "com.example.Pay", trace_id=TRACE_ID, attributes={"thread": "main"}),
    Sample("tracing.jsonl", "tracing", 1, "warning", "checkout::pay", trace_id=TRACE_ID,
           attributes={"fields": {"order": 90417}}),
    Sample(
        "clef.jsonl",
        "clef",
        3,
        "warning",
        "Checkout.Pay",
        "Order 90417 of {@Customer} 24.5 declined {so}",
        trace_id=TRACE_ID,
        attributes={"OrderId": 90417},
    ),
    Sample("serilog.jsonl", "serilog", 1, "error", "Checkout", "Order 90417 declined"),
    Sample("gelf.jsonl", "gelf", 1, "error", "checkout", trace_id=TRACE_ID, attributes={"host": "web-1", "_order": 90417}),
    Sample("journald.json", "journald", 3, "warning", "checkout", "caf\\xe9 \x1b[1mbold", attributes={"CODE": ["a", "b"]}),
    Sample("docker.log", "docker", 4, "error", "checkout", trace_id=TRACE_ID, attributes={"stream": "stdout"}),
    Sample("cri.log", "cri", 2, "error", "checkout", attributes={"stream": "stdout"}),
    Sample("compose.log", "docker", 1, "error", "checkout-1"),
    Sample("cloudwatch.json", "cloudwatch", 2, "error", "checkout", attributes={"eventId": "1"}),
    Sample(
        "cloudwatch-subscription.jsonl",
        "cloudwatch",
        2,
        "info",
        "/aws/lambda/checkout",
        attributes={"id": "1", "logStream": "2026/01/31/x"},
    ),
    Sample("lambda.jsonl", "lambda", 3, "error", "unknown", attributes={"requestId": "8f507cfc"}),
    Sample("lambda-text.log", "lambda", 2, "error", "unknown"),
    Sample("gcp.json", "gcp", 3, "error", "checkout", trace_id=TRACE_ID, attributes={"jsonPayload": {"order": 90417}}),
    Sample("gcp-stdout.jsonl", "gcp", 2, "warning", "unknown", "slow", trace_id=TRACE_ID),
    Sample(
        "otlp.json",
        "otlp",
        3,
        "error",
        "checkout",
        "payment 0 declined",
        trace_id=TRACE_ID,
        attributes={"order": 90417, "tags": ["a", True], "resource": {"host.name": "web-1"}},
    ),
    Sample(
        "kubernetes-audit.log",
        "kubernetes-audit",
        1,
        "warning",
        "kube-apiserver",
        "create /api/v1/namespaces/default/pods 403",
        attributes={"level": "Metadata", "verb": "create"},
    ),
    Sample("klog.log", "klog", 2, "error", "unknown", "watch failed: EOF", attributes={"caller": "reflector.go:147"}),
    Sample("caddy.log", "caddy", 1, "info", "http.log.access.log0", "handled request", trace_id=TRACE_ID),
    Sample("traefik.json", "traefik", 1, "info", "checkout@docker", "GET /a 502", attributes={"DownstreamStatus": 502}),
    Sample("traefik-clf.log", "traefik", 1, "error", "traefik", "GET /a HTTP/1.1 502", millis=0,
           attributes={"duration_ms": 12}),
    Sample(
        "combined.log",
        "combined",
        3,
        "warning",
        "unknown",
        "GET /a?b=%20c HTTP/1.1 404",
        millis=0,
        attributes={"remote_user": "alice", "status": 404, "http_user_agent": 'Mozilla/5.0 (X11; "odd")'},
    ),
    Sample("common.log", "common", 1, "error", "unknown", "GET /a HTTP/1.0 500", millis=0, attributes={"status": 500}),
    Sample("nginx-error.log", "nginx", 1, "error", "nginx", "connect() failed (111: Connection refused) while connecting to"
           " upstream, client: 10.0.0.1", millis=0, attributes={"connection": "9"}),
    Sample("nginx-json.log", "json", 1, "warning", "unknown", "GET /a HTTP/1.1 404", millis=0),
    Sample(
        "nginx.log",
        "nginx",
        1,
        "error",
        "nginx",
        "GET /a 503",
        trace_id=TRACE_ID,
        options={"format": "$msec|$remote_addr|$request_method|$uri|$status|$request_time|$trace_id"},
    ),
    Sample("logfmt.log", "logfmt", 2, "warning", "tsdb", 'slow "block"', trace_id=TRACE_ID, attributes={"duration": "1.5s"}),
    Sample("syslog.log", "syslog", 4, "critical", "checkout", attributes={"host": "web-1", "pid": "7"}),
    Sample("text.log", "text", 7, "error", "checkout.pay"),
    Sample("inventory.log", "inventory", 1, "info", "inventory.ops.request_log", "request", attributes={"status": 200}),
    Sample("mongodb.log", "mongodb", 1, "warning", "mongod", "Connection lost", attributes={"c": "NETWORK", "ctx": "conn9"}),
    Sample("datadog.jsonl", "json", 1, "error", "checkout", trace_id=f"{1234567890123456789:032x}"),
    Sample("monolog.jsonl", "monolog", 1, "error", "checkout", attributes={"context": {"order": 90417}}),
    Sample("filebeat.jsonl", "filebeat", 1, "error", "checkout", attributes={"input": {"type": "filestream"}}),
    Sample("vector.jsonl", "vector", 1, "error", "checkout.Pay", attributes={"host": "web-1"}),
    Sample("fluent-bit.jsonl", "fluent-bit", 1, "error", "checkout", attributes={"stream": "stdout"}),
    Sample("w3c.log", "w3c", 1, "error", "unknown", "GET /a?x=1 503", millis=0, attributes={"c-ip": "192.0.2.1"}),
    Sample("alb.log", "alb", 1, "error", "unknown", "GET https://example.com:443/a HTTP/2.0 503", trace_id=TRACE_ID,
           attributes={"client": "192.0.2.1:2817"}),
    Sample("s3.log", "s3", 1, "warning", "unknown", "GET /a.jpg HTTP/1.1 403", millis=0, attributes={"bucket": "pictures"}),
    Sample("squid.log", "squid", 1, "error", "unknown", "GET http://example.com/a 503", attributes={"elapsed": "345"}),
    Sample("uwsgi.log", "uwsgi", 1, "error", "unknown", "GET /a 500", millis=0, attributes={"msecs": "2"}),
    Sample("postgresql.log", "postgresql", 2, "error", "unknown", 'relation "x" does not exist',
           attributes={"database_name": "shop", "query": "select * from x"}),
    Sample("auditd.log", "auditd", 1, "info", "auditd",
           'SYSCALL arch=c000003e syscall=59 success=yes exe="/bin/cat"', attributes={"serial": "461"}),
    Sample("logcat.log", "logcat", 1, "error", "Checkout", attributes={"pid": "1234"}),
    Sample("array.json", "slog", 2, "error", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=str)
def test_a_sample_of_each_logger_is_recognised_and_read(sample: Sample) -> None:
    file_format, events, rejected = imported((SAMPLES / sample.file).read_bytes(), sample.file, sample.options)

    assert [(row.input, row.detail) for row in rejected] == []
    assert (file_format.shape, len(events)) == (sample.shape, sample.count)
    first = events[0]
    assert first.timestamp == datetime(2026, 1, 31, 12, 0, 0, 1000 * sample.millis, tzinfo=UTC)
    assert (first.level, first.service, first.message) == (sample.level, sample.service, sample.message)
    assert first.trace_id == sample.trace_id
    assert {name: first.attributes.get(name) for name in sample.attributes} == sample.attributes


def test_each_sample_has_its_line_in_the_table() -> None:
    assert sorted(path.name for path in SAMPLES.iterdir()) == sorted(sample.file for sample in TABLE)


def test_the_lines_after_the_first_are_read_as_they_should_be() -> None:
    def said(file: str) -> list[tuple[str, str, str]]:
        _, events, _ = imported((SAMPLES / file).read_bytes(), file, {})
        return [(event.level, event.service, event.message) for event in events]

    assert said("docker.log")[1:] == [
        ("info", "unknown", "listening on 8000"),
        ("warning", "unknown", "slow"),
        ("error", "unknown", "GET /a HTTP/1.1 503"),
    ]
    assert said("journald.json")[1:] == [("error", "pay", "inner"), ("info", "big", "")]
    assert said("gcp.json")[1:] == [("info", "unknown", "plain"), ("error", "unknown", "GET https://example.com/a 502")]
    assert said("winston.log")[1:] == [("debug", "unknown", "more"), ("trace", "unknown", "most")]
    assert said("clef.jsonl")[1:] == [("info", "unknown", "ready"), ("trace", "unknown", "fine")]
    assert said("syslog.log")[1:] == [
        ("info", "checkout", "slow"),
        ("info", "sshd", "Accepted publickey for root"),
        ("info", "systemd", "Started."),
    ]
    assert said("text.log")[1:] == [
        ("warning", "com.example.Pay", "slow"),
        ("error", "unknown", "boom"),
        ("info", "unknown", "ready"),
        ("info", "c.e.App", "Started"),
        ("info", "unknown", "plain Go"),
        (
            "error",
            "checkout.pay",
            'failed\nTraceback (most recent call last):\n  File "pay.py", line 41, in charge\nValueError: 7',
        ),
    ]


def test_zap_s_seconds_are_cut_and_not_rounded() -> None:
    _, events, _ = imported((SAMPLES / "zap.log").read_bytes(), "zap.log", {})

    assert events[1].timestamp == datetime(2026, 1, 31, 12, 0, 0, 999_000, tzinfo=UTC)


def test_a_record_without_a_time_of_its_own_has_that_of_who_observed_it() -> None:
    _, events, _ = imported((SAMPLES / "otlp.json").read_bytes(), "otlp.json", {})

    assert [event.line for event in events] == [1, 2, 3]
    assert events[2].timestamp == datetime.fromtimestamp(1_769_860_809, UTC)
    assert events[2].attributes["body"] == {"a": 1}


HIT = {"@timestamp": "2026-01-31T12:00:00Z", "message": "boom", "log": {"level": "error"}}
DATADOG = {"timestamp": "2026-01-31T12:00:00Z", "message": "boom", "status": "error", "service": "pay"}
STREAM = {"stream": {"app": "pay", "level": "error"}, "values": [["1769860800000000000", "boom"]]}
K8S = {"kind": "Event", "message": "boom", "reason": "BackOff", "type": "Error", "eventTime": None,
       "lastTimestamp": "2026-01-31T12:00:00Z", "involvedObject": {"name": "p"}, "source": {"component": "pay"}}  # fmt: skip
AZURE = {"time": "2026-01-31T12:00:00Z", "level": "Error", "resultDescription": "boom", "operationName": "op"}
HEC = {"time": 1769860800, "host": "h", "sourcetype": "s", "event": {"level": "error", "message": "boom"}}


@pytest.mark.parametrize(
    ("document", "shape", "service"),
    [
        ({"hits": {"total": 1, "hits": [{"_index": "i", "_source": HIT}]}}, "elasticsearch", "unknown"),
        ({"_index": "i", "_source": HIT}, "elasticsearch", "unknown"),
        ({"data": [{"id": "1", "type": "log", "attributes": DATADOG}], "meta": {}}, "datadog", "pay"),
        ({"id": "1", "attributes": DATADOG}, "datadog", "pay"),
        ({"status": "success", "data": {"resultType": "streams", "result": [STREAM]}}, "loki", "pay"),
        ({"streams": [STREAM]}, "loki", "pay"),
        ({"labels": STREAM["stream"], "line": "boom", "timestamp": "2026-01-31T12:00:00Z"}, "loki", "pay"),
        ({"kind": "List", "apiVersion": "v1", "items": [K8S]}, "kubernetes", "pay"),
        ({"records": [AZURE]}, "azure", "unknown"),
        (HEC, "splunk", "unknown"),
        (HEC | {"event": "ERROR:x:boom"}, "splunk", "unknown"),
        ({"preview": False, "result": {"_time": "2026-01-31T12:00:00.000+00:00", "_raw": "ERROR boom"}},
         "splunk", "unknown"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_the_answers_of_log_stores_are_taken_apart(
    document: dict[str, Any], shape: str, service: str, indent: int | None
) -> None:
    file_format, events, rejected = imported(json.dumps(document, indent=indent).encode(), "a.json", {})

    assert [(row.input, row.detail) for row in rejected] == []
    assert file_format.shape == shape
    (event,) = events
    assert (event.timestamp, event.level, event.service) == (datetime(2026, 1, 31, 12, tzinfo=UTC), "error", service)
    assert event.message.endswith("boom")


@pytest.mark.parametrize(
    "member",
    [
        {"results": [1], "status": "ok"},
        {"results": [{"id": 1}], "status": "ok"},
        {"data": [1]},
        {"records": [{"a": 1}]},
        {"kind": "a", "items": [1]},
        {"hits": {"hits": [7]}},
    ],
)
def test_a_list_of_such_a_name_in_an_event_is_no_list_of_events(member: dict[str, Any]) -> None:
    line = {"time": "2026-01-31T12:00:00Z", "level": "info", "msg": "x", **member}
    _, events, _ = imported(json.dumps(line).encode(), "a.log", {})

    assert [event.attributes for event in events] == [member]
