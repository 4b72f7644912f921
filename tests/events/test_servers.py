"""The logs of servers and systems, as they are copied from disks and buckets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.events.model import Event
from tests.events.uploading import imported

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
INSTANT = NOON.replace(microsecond=123_000)
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def events(content: str, file_name: str = "a.log") -> tuple[str | None, list[Event]]:
    file_format, found, rejected = imported(content.encode(), file_name, {})
    assert [(row.input, row.detail) for row in rejected] == []
    return file_format.shape, list(found)


IIS = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-01-31 12:00:00\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query cs-username c-ip cs(User-Agent) sc-status time-taken\n"
    "2026-01-31 12:00:00 10.0.0.1 GET /a x=1 - 192.0.2.1 Mozilla/5.0+(Windows) 503 15\n"
)
CLOUDFRONT = (
    "#Version: 1.0\n#Fields: date time x-edge-location c-ip cs-method cs-uri-stem sc-status cs(User-Agent) cs-uri-query\n"
    "2026-01-31\t12:00:00\tLAX1\t192.0.2.1\tGET\t/a\t503\tMozilla/4.0%20(compatible;%20MSIE)\tx=1\n"
)


@pytest.mark.parametrize(("content", "first_line"), [(IIS, 5), (CLOUDFRONT, 3)])
def test_a_line_is_read_by_the_fields_that_are_named_before_it(content: str, first_line: int) -> None:
    more = "#Fields: time cs-method cs-uri sc-status\n#Date: 2026-01-31\n12:00:00 GET /b 200\n"
    shape, (first, second) = events(content + more)

    assert shape == "w3c"
    assert (first.line, second.line) == (first_line, first_line + 3)
    assert (first.timestamp, first.level, first.message) == (NOON, "error", "GET /a?x=1 503")
    assert first.attributes["c-ip"] == "192.0.2.1"
    assert "cs-username" not in first.attributes
    assert (second.timestamp, second.level, second.message) == (NOON, "info", "GET /b 200")


def test_names_of_fields_are_not_repeated_if_they_are_long() -> None:
    line = "2026-01-31 12:00:00 GET /a 200"
    _, (event,) = events(f"#Fields: date time {'x' * 101} cs-uri sc-status\n{line}\n")

    assert (event.message, event.attributes) == ("GET /a 200", {})


def test_a_directive_within_another_log_is_a_part_of_it() -> None:
    shape, found = events("2026-01-31 12:00:00 INFO written:\n#Fields: a b\n2026-01-31 12:00:00 INFO done\n")

    assert shape == "text"
    assert [event.message for event in found] == ["written:\n#Fields: a b", "done"]


def test_values_with_blanks_are_in_quotes_and_a_line_of_another_length_is_text() -> None:
    _, (quoted, shorter) = events(
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)\n"
        '2026-01-31 12:00:00 - GET /a 200 "a ""b"" c"\n'
        "2026-01-31 12:00:00 GET\n"
    )

    assert quoted.attributes["cs(User-Agent)"] == 'a "b" c'
    assert (shorter.timestamp, shorter.message) == (NOON, "GET")


REQUEST = '"GET https://example.com:443/a HTTP/2.0"'
OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
BUCKET = f"{OWNER} my-bucket [31/Jan/2026:12:00:00 +0000]"
CSV = (
    '2026-01-31 12:00:00.123 UTC,"user","db",1234,"[local]",65ba.4d2,1,"SELECT",2026-01-31 11:59:00 UTC,3/5,0,ERROR,42P01,'
    '"relation ""x"" does not exist",,,,,,"select * from x",15,,"psql","client backend",,0'
)
PG_JSON = {"timestamp": "2026-01-31 12:00:00.123 UTC", "pid": 1, "error_severity": "LOG", "message": "ready",
           "backend_type": "postmaster"}  # fmt: skip
HAPROXY = '192.0.2.1:5 [31/Jan/2026:12:00:00.123] fe be/srv 0/0/1/2/3 503 2750 - - ---- 1/1/1/1/0 0/0 "GET /a HTTP/1.1"'
ACCESS = '192.0.2.1 - - [31/Jan/2026:12:00:00 +0000] "GET /a HTTP/1.1" 503 5 "-" "curl"'
LINE = json.dumps({"level": "error", "time": "2026-01-31T12:00:00.123Z", "msg": "boom"})
MACOS = {"timestamp": "2026-01-31 12:00:00.123456+0000", "eventMessage": "up", "messageType": "Error"}


@pytest.mark.parametrize(
    ("line", "shape", "level", "service", "message"),
    [
        (f"h2 2026-01-31T12:00:00.123456Z app/lb/50 192.0.2.1:2817 10.0.0.66:9000 0.0 0.001 0.0 503 200 34 366 {REQUEST} "
         f'"curl/7" ECDHE TLSv1.2 arn:aws:x "Root=1-{TRACE_ID[:8]}-{TRACE_ID[8:]}" "example.com" "arn:aws:y" 0'
         ' 2026-01-31T11:59:59.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1',
         "alb", "error", "unknown", "GET https://example.com:443/a HTTP/2.0 503"),
        (f'http 2026-01-31T12:00:00.123456Z app/lb/5 192.0.2.1:2 - -1 -1 -1 460 - 34 0 {REQUEST} "x" - - - "-" "-" "-"',
         "alb", "warning", "unknown", "GET https://example.com:443/a HTTP/2.0 460"),
        (f'2026-01-31T12:00:00.123456Z lb 192.0.2.1:2 10.0.0.1:80 0.0 0.1 0.0 502 502 0 29 {REQUEST} "x" - -',
         "elb", "error", "unknown", "GET https://example.com:443/a HTTP/2.0 502"),
        (f"Jan 31 12:00:00 lb haproxy[123]: {HAPROXY}", "syslog", "error", "haproxy", "GET /a HTTP/1.1 503"),
        (f"<134>Jan 31 12:00:00 haproxy[123]: {HAPROXY}", "syslog", "error", "haproxy", "GET /a HTTP/1.1 503"),
        ("1769860800.123    345 192.0.2.1 TCP_MISS/503 1234 GET http://a.example/ - HIER_DIRECT/192.0.2.2 text/html",
         "squid", "error", "unknown", "GET http://a.example/ 503"),
        (CSV, "postgresql", "error", "unknown", 'relation "x" does not exist'),
        (json.dumps(PG_JSON), "postgresql", "info", "unknown", "ready"),
        (json.dumps(MACOS), "json", "error", "unknown", "up"),
        ("2026-01-31 12:00:00.123456+0000  localhost kernel[0]: (AppleFoo) up", "syslog", "info", "kernel", "(AppleFoo) up"),
        ("84 <34>1 2026-01-31T12:00:00.123Z h su - ID47 - 'su root' failed", "syslog", "critical", "su", "'su root' failed"),
        (f"Jan 31 12:00:09 h app[7]: @cee: {LINE}", "zerolog", "error", "app", "boom"),
        ("[2026-01-31T12:00:00,123][WARN ][o.e.n.Node               ] [node-1] up", "text", "warning", "o.e.n.Node",
         "[node-1] up"),
        ('[2026-01-31T12:00:00.123Z] "GET /a HTTP/1.1" 503 UF 0 91 0 - "-" "curl/8"', "text", "error", "unknown",
         "GET /a HTTP/1.1 503"),
        ("2026-01-31 12:00:00.1234|ERROR|Checkout.Pay|boom", "text", "error", "Checkout.Pay", "boom"),
        ("01-31 12:00:00.123  1234  5678 E ActivityManager: boom", "logcat", "error", "ActivityManager", "boom"),
        ('2026/01/31 12:00:00.123\tWARN\tslow\t{"a": 1}', "zap", "warning", "unknown", "slow"),
        ('2026/01/31 12:00:00.123\tWARN\thttp.log\tslow\t{"a": 1}', "zap", "warning", "http.log", "slow"),
    ],
)  # fmt: skip
def test_lines_of_servers(line: str, shape: str, level: str, service: str, message: str) -> None:
    found, (event,) = events(f"{line}\n")

    assert (event.timestamp, event.level, event.service, event.message) == (INSTANT, level, service, message)
    assert found == shape or shape == "zerolog"


@pytest.mark.parametrize(
    ("line", "level", "service", "message"),
    [
        (f'{BUCKET} 192.0.2.3 {OWNER} 3E REST.GET.OBJECT a.jpg "GET /a.jpg?x=1 HTTP/1.1" 403 AccessDenied 113 - 7 - "-" "S3"'
         " - host= SigV4 ECDHE AuthHeader a.example TLSv1.2 - -", "warning", "unknown", "GET /a.jpg?x=1 HTTP/1.1 403"),
        (f'{BUCKET} - AmazonS3 7B S3.EXPIRE.OBJECT a.jpg "-" - - - 113 - - "-" "-" - host= SigV4 - -', "info", "unknown",
         "S3.EXPIRE.OBJECT"),
        (f"<190>Jan 31 12:00:00 web nginx: {ACCESS}", "error", "nginx", "GET /a HTTP/1.1 503"),
        ("<6>Jan 31 12:00:00 h kernel: [12.345] usb 1-1: new device", "info", "kernel", "[12.345] usb 1-1: new device"),
        ("<13>Jan 31 12:00:00 app[7]: hello", "info", "app", "hello"),
        ("Jan 31 12:00:00 mac com.apple.xpc.launchd[1] (com.apple.x[7]): exited", "info", "com.apple.xpc.launchd",
         "(com.apple.x[7]): exited"),
        ("2026-01-31T12:00:00,000456+00:00 usb 1-1: new device", "info", "unknown", "usb 1-1: new device"),
        ('[31/Jan/2026 12:00:00] "GET /a HTTP/1.1" 500 5', "error", "unknown", "GET /a HTTP/1.1 500"),
        ("[pid: 7|app: 0|req: 1/1] 192.0.2.1 () {30 vars in 400 bytes} [Sat Jan 31 12:00:00 2026] GET /a => generated 5"
         " bytes in 2 msecs (HTTP/1.1 500) 2 headers in 78 bytes (1 switches on core 0)", "error", "unknown", "GET /a 500"),
        ("[2026-01-31][12:00:00][pay][WARN] slow", "warning", "pay", "slow"),
    ],
)  # fmt: skip
def test_lines_of_servers_that_write_whole_seconds(line: str, level: str, service: str, message: str) -> None:
    _, (event,) = events(f"{line}\n")

    assert (event.timestamp, event.level, event.service, event.message) == (NOON, level, service, message)


def test_a_query_that_spans_lines_belongs_to_its_row() -> None:
    _, found = events(f"{CSV}\n{CSV.replace('select *', 'select')}\n".replace("select * from", "select *\n  from"))

    assert [event.attributes["query"] for event in found] == ["select *\n  from x", "select from x"]


def test_the_level_of_java_s_own_logging_is_on_its_second_line() -> None:
    _, found = events(
        "Jan 31, 2026 12:00:00 PM c.e.Pay charge\nSEVERE: boom\nJan 31, 2026 12:00:00 PM c.e.Pay ok\nINFO: fine\n"
    )

    assert [(event.level, event.message) for event in found] == [
        ("error", "c.e.Pay charge\nSEVERE: boom"), ("info", "c.e.Pay ok\nINFO: fine"),
    ]  # fmt: skip


def test_the_trace_of_a_load_balancer_is_found() -> None:
    trace = f"Root=1-{TRACE_ID[:8]}-{TRACE_ID[8:]}"
    _, (event,) = events(
        f"https 2026-01-31T12:00:00.123456Z app/lb/50 192.0.2.1:2817 - -1 -1 -1 503 - 34 366 {REQUEST} "
        f'"curl/7" - - arn:aws:x "{trace}" "-" "-"\n'
    )
    expected: dict[str, Any] = {"client": "192.0.2.1:2817", "trace_id": trace, "elb_status_code": 503}

    assert event.trace_id == TRACE_ID
    assert {name: event.attributes.get(name) for name in expected} == expected
