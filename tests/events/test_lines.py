"""What a line of a log becomes: the fields of an event, and as attributes all else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InvalidRequest
from inventory.events.options import reader_of

LINE = {"timestamp": "2026-01-31T12:00:00.123Z", "level": "info", "service": "checkout", "message": "hello"}
INSTANT = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
NOW = datetime(2026, 2, 3, tzinfo=UTC)
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PLAIN = {
    "timestamp": INSTANT,
    "level": "info",
    "service": "checkout",
    "message": "hello",
    "attributes": {},
    "trace_id": None,
}


def event(text: str, **options: str) -> dict[str, Any]:
    return dict(reader_of(options, NOW).event(text))


def load(**members: Any) -> dict[str, Any]:
    return event(json.dumps(LINE | members))


def refused(text: str, **options: str) -> str:
    with pytest.raises(ValueError, match=r"\.$") as error:
        event(text, **options)
    return str(error.value)


def test_a_line_with_the_four_fields_is_an_event() -> None:
    assert load() == PLAIN


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"level": "loud"}, {"level": "info", "attributes": {"level": "loud"}}),
        ({"level": None}, {"level": "info", "attributes": {"level": None}}),
        ({"level": {"a": 1}}, {"level": "info", "attributes": {"level": {"a": 1}}}),
        ({"service": 7}, {"service": "unknown", "attributes": {"service": 7}}),
        ({"service": "a" * 201}, {"service": "unknown", "attributes": {"service": "a" * 201}}),
        ({"service": "two\nlines"}, {"service": "unknown", "attributes": {"service": "two\nlines"}}),
        ({"service": " "}, {"service": "unknown", "attributes": {"service": " "}}),
        ({"message": {"a": 1}}, {"message": "", "attributes": {"message": {"a": 1}}}),
        ({"message": 7}, {"message": "7"}),
        ({"message": None, "error": "boom"}, {"message": "boom", "attributes": {"message": None}}),
        ({"message": "", "msg": ""}, {"message": "", "attributes": {"msg": ""}}),
        ({"message": "", "msg": "hi"}, {"message": "hi", "attributes": {"message": ""}}),
        ({"trace_id": "none"}, {"attributes": {"trace_id": "none"}}),
        ({"trace_id": "0" * 32}, {"attributes": {"trace_id": "0" * 32}}),
        ({"attributes": [1]}, {"attributes": {"attributes": [1]}}),
        ({"attributes": None}, {}),
        ({"timestamp": "yesterday", "time": 1769860800.123}, {"attributes": {"timestamp": "yesterday"}}),
    ],
)
def test_a_field_that_does_not_fit_costs_that_field(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert load(**sent) == PLAIN | kept


@pytest.mark.parametrize("message", ["", "a\0b", "two\nlines", "😀", "a" * 65_536])
def test_a_message_is_any_text_of_up_to_65536_characters(message: str) -> None:
    assert load(message=message)["message"] == message


def test_a_longer_message_is_cut_and_kept_whole_as_an_attribute() -> None:
    found = load(message="a" * 70_000)

    assert found["message"] == "a" * 65_536
    assert found["attributes"] == {"message": "a" * 70_000}


def test_members_that_no_field_takes_are_attributes_and_none_hides_another() -> None:
    found = load(attributes={"status": 200, "host": "a2"}, host="a1", user={"id": 7}, status=200)

    assert found["attributes"] == {"status": 200, "host": "a2", "host_2": "a1", "user": {"id": 7}}


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ('"n": NaN, "m": -Infinity', {"n": "NaN", "m": "-Infinity"}),
        ('"n": 1e400', {"n": "1e400"}),
        ('"n": ' + "9" * 4_301, {"n": "9" * 4_301}),
        ('"a": 1, "a": 2, "a": 2, "a": 3', {"a": 1, "a_2": 2, "a_3": 2, "a_4": 3}),
        ('"a": "\\ud83d"', {"a": "\\ud83d"}),
        ('"level": "loud", "level": "error"', {"level_2": "loud", "level_3": "error"}),
    ],
)
def test_what_python_go_and_javascript_write_beyond_json_is_kept(text: str, attributes: dict[str, Any]) -> None:
    found = event(json.dumps(LINE)[:-1] + f", {text}}}")

    assert found["message"] == "hello"
    assert found["level"] == "info"
    assert found["attributes"] == attributes


def test_what_is_nested_too_deep_is_kept_as_text() -> None:
    deep: Any = 1
    for _ in range(60):
        deep = {"a": deep}
    kept = load(deep=deep)["attributes"]["deep"]
    for _ in range(30):
        kept = kept["a"]

    assert json.loads(kept["a"]) == {"a": json.loads('{"a":' * 28 + "1" + "}" * 28)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "timestamp: Missing. Send RFC 3339"),
        ('{"timestamp": "yesterday", "message": "m"}', "timestamp: 'yesterday' is not a time. Send RFC 3339"),
        ('{"when": "2026-01-31T12:00:00Z", "message": "m"}', "map=timestamp:fields.when"),
        ('{"time": "2026-01-31T12:00:00Z", "a": 1}', "message: Missing. Send a message or a level"),
        ("[1, 2]", "Not an object. Send one JSON object per line"),
        ("7", "Not an object."),
        ("hello", "Not JSON, nor a line with a time"),
        ('{"a": 1', "Not JSON: Expecting ',' delimiter"),
    ],
)
def test_what_is_no_event_says_why_and_what_to_send(text: str, says: str) -> None:
    assert says in refused(text)


@pytest.mark.parametrize(
    "place",
    [
        {"traceId": TRACE_ID}, {"trace.id": TRACE_ID}, {"trace": {"id": TRACE_ID}}, {"traceID": TRACE_ID.upper()},
        {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}, {"dd": {"trace_id": TRACE_ID}}, {"dd.trace_id": TRACE_ID},
        {"attributes": {"trace_id": TRACE_ID}}, {"span": {"trace_id": TRACE_ID}}, {"contextMap": {"traceId": TRACE_ID}},
        {"logging.googleapis.com/trace": f"projects/p/traces/{TRACE_ID}"}, {"otelTraceID": TRACE_ID}, {"@tr": TRACE_ID},
        {"request": {"headers": {"Traceparent": [f"00-{TRACE_ID}-00f067aa0ba902b7-01"]}}}, {"mdc": {"TRACE_ID": TRACE_ID}},
        {"a": {"b": {"c": {"trace_id": TRACE_ID}}}}, {"trace_id": TRACE_ID},
    ],
)  # fmt: skip
def test_a_trace_id_is_found_in_all_its_places(place: dict[str, Any]) -> None:
    assert load(**place)["trace_id"] == TRACE_ID


def test_a_trace_id_that_says_more_is_an_attribute_too() -> None:
    header = f"00-{TRACE_ID}-00f067aa0ba902b7-01"

    assert load(traceparent=header)["attributes"] == {"traceparent": header}
    assert load(traceId=TRACE_ID.upper())["attributes"] == {}


def test_names_are_known_in_another_case() -> None:
    found = event('{"TIMESTAMP": "2026-01-31T12:00:00.123Z", "Level": "Warning", "Message": "hello", "Service": "checkout"}')

    assert (found["timestamp"], found["level"], found["message"]) == (INSTANT, "warning", "hello")


def test_a_service_may_be_said_for_all_lines() -> None:
    assert event(json.dumps(LINE), service="billing") == PLAIN | {
        "service": "billing",
        "attributes": {"service": "checkout"},
    }


def test_members_may_be_mapped_to_fields() -> None:
    line = {
        "fields": {"when": 1769860800123, "sev": "hot"},
        "sev": "WARN",
        "by": "checkout",
        "what": "hello",
        "t.id": TRACE_ID,
    }
    mapped = "timestamp:fields.when,level:sev, service:by,message:what,trace_id:t.id"

    assert event(json.dumps(line), map=mapped) == PLAIN | {
        "level": "warning",
        "attributes": {"fields": {"sev": "hot"}},
        "trace_id": TRACE_ID,
    }


def test_a_mapped_member_comes_before_the_known_ones_which_are_used_where_it_is_missing() -> None:
    line = LINE | {"real": "2026-01-31T12:00:05Z"}

    assert event(json.dumps(line), map="timestamp:real")["timestamp"] == INSTANT.replace(second=5, microsecond=0)
    assert event(json.dumps(LINE), map="timestamp:real")["timestamp"] == INSTANT


def test_a_mapped_member_that_is_missing_or_no_time_is_said() -> None:
    assert "timestamp: Missing." in refused('{"message": "m"}', map="timestamp:when")
    assert "when: 'soon' is not a time." in refused('{"message": "m", "when": "soon"}', map="timestamp:when")


@pytest.mark.parametrize("text", ['{"when": "yesterday", "msg": "x"}', '{"msg": "x"}', "a=1 b=2", '{"WHEN": 7}'])
def test_a_line_without_the_time_that_the_import_names_is_none(text: str) -> None:
    assert "timestamp: Missing" in refused(text, map="timestamp:fields.when")


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("\x1b[2m2026-01-31 12:00:00.123\x1b[0m [\x1b[32m\x1b[1merror    \x1b[0m] \x1b[1mboom\x1b[0m", "error", "boom"),
        ("\x1b[2m2026-01-31T12:00:00.123Z\x1b[0m \x1b[33m WARN\x1b[0m \x1b[2mpay\x1b[0m: slow", "warning", "pay: slow"),
        ("\x1b[32m2026-01-31 12:00:00.123\x1b[0m | \x1b[31m\x1b[1mERROR   \x1b[0m | m:f:1 - x", "error", "x"),
        ("2026-01-31T12:00:00.123Z\t\x1b[31mERROR\x1b[0m\tmain.go:1\tboom", "error", "boom"),
        ("\x1b[36mtime\x1b[0m=2026-01-31T12:00:00.123Z \x1b[36mlevel\x1b[0m=warn msg=slow", "warning", "slow"),
    ],
)  # fmt: skip
def test_the_colours_of_a_terminal_are_no_part_of_a_line(line: str, level: str, message: str) -> None:
    kept = event(line)

    assert (kept["timestamp"], kept["level"], kept["message"]) == (INSTANT, level, message)


@pytest.mark.parametrize(
    ("options", "name", "says"),
    [
        ({"map": "when:a"}, "map", "timestamp, level, service, message, trace_id"),
        ({"map": "timestamp"}, "map", "timestamp:fields.when"),
        ({"map": ""}, "map", "timestamp:fields.when"),
        ({"map": "level:a,level:b"}, "map", "twice"),
        ({"service": "a\nb"}, "service", "1 to 200 printable characters"),
        ({"format": "no variable"}, "format", "log_format"),
        ({"format": "$a$b"}, "format", "without a text between them"),
    ],
)
def test_an_option_that_means_nothing_is_refused_with_the_way_out(options: dict[str, str], name: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        reader_of(options, NOW)

    assert refusal.value.errors is not None
    assert list(refusal.value.errors) == [name]
    assert says in refusal.value.errors[name][0]


def test_a_message_template_is_filled_up_to_the_longest_message() -> None:
    line = {"@t": "2026-01-31T12:00:00Z", "@mt": "{a}" * 50_000, "a": "x" * 50_000}

    found = event(json.dumps(line))

    assert found["message"] == "x" * 65_536
    assert len(found["attributes"]["a"]) == 50_000


def test_lines_within_lines_are_read_up_to_some_depth() -> None:
    line = json.dumps(LINE)
    for _ in range(9):
        line = json.dumps({"log": line + "\n", "time": "2026-01-31T12:00:01Z"})

    found = event(line)

    assert found["timestamp"] == INSTANT.replace(second=1, microsecond=0)
    assert found["message"].startswith('{"log":')


@pytest.mark.parametrize("name", ["2026-01-31 12:00:00.123 ", "Jan 31 12:00:00.123 ", "time=2026-01-31T12:00:00.123Z msg="])
def test_text_of_any_length_is_read(name: str) -> None:
    assert event(name + "x" * 5_000)["timestamp"] == INSTANT


@pytest.mark.parametrize(
    ("line", "level", "service", "message"),
    [
        ('{"L":"WARN","T":"2026-01-31T12:00:00.123Z","N":"pay","M":"zap in development"}',
         "warning", "pay", "zap in development"),
        ('{"@level":"info","@message":"hclog","@module":"vault","@timestamp":"2026-01-31T12:00:00.123Z"}',
         "info", "vault", "hclog"),
        ('{"MESSAGE":"m","PRIORITY":["3","6"],"__REALTIME_TIMESTAMP":"1769860800123456","_COMM":"a"}', "error", "a", "m"),
        ('{"Timestamp":"1769860800123456789","SeverityText":"WARN","Body":"b","Resource":{"service.name":"s"}}',
         "warning", "s", "b"),
        ('{"timeUnixNano":"1769860800123456789","severityNumber":9,"body":{"stringValue":"b"},"resource":{"attributes":[{"key":'
         '"service.name","value":{"stringValue":"s"}}]}}', "info", "s", "b"),
        ('{"eventTime":1769860800.123,"eventSource":"s3.amazonaws.com","eventName":"GetObject"}', "info", "s3.amazonaws.com",
         "GetObject"),
        ('{"time":1769860800.123,"method":"GET","path":"/x","status":503}', "error", "unknown", "GET /x 503"),
        ('{"timestamp":{"$date":{"$numberLong":"1769860800123"}},"level":"W","message":"m"}', "warning", "unknown", "m"),
        ("[Sat Jan 31 12:00:00.123456 2026] [core:error] [pid 7:tid 9] File does not exist", "error", "core",
         "File does not exist"),
        ("2026-01-31 12:00:00.123 UTC [1234] LOG:  ready", "info", "unknown", "ready"),
        ("[2026-01-31 12:00:00.123 +0000] [7] [WARNING] Starting", "warning", "unknown", "Starting"),
        ('2026-01-31T12:00:00.123Z {"level":"warn","msg":"timestamps of kubectl"}',
         "warning", "unknown", "timestamps of kubectl"),
        ('2026-01-31T12:00:00.123Z stdout F {"level":"warn","msg":"m"}', "warning", "unknown", "m"),
        ("2026-01-31 12:00:00.123 | ERROR    | __main__:main:5 - boom", "error", "__main__", "boom"),
        ("Jan 31 12:00:00.123 web-1 kernel: [12.5] eth0 up", "info", "kernel", "[12.5] eth0 up"),
        ("[2026-01-31 12:00:00,123: ERROR/MainProcess] Task a.b failed", "error", "unknown", "Task a.b failed"),
        ("2026-01-31T12:00:00.123Z [checkout] error: boom", "error", "checkout", "boom"),
        ("2026-01-31T12:00:00.123Z pid=1 tid=x class=W jid=j elapsed=0.1 ERROR: fail", "error", "unknown", "fail"),
        ("[31-Jan-2026 12:00:00.123 UTC] PHP Fatal error:  Oh", "critical", "unknown", "PHP Fatal error:  Oh"),
        ("[31-Jan-2026 12:00:00.123 UTC] PHP Parse error:  x", "error", "unknown", "PHP Parse error:  x"),
        ("2026-01-31 12:00:00.123 +00:00 [VRB] low", "trace", "unknown", "low"),
        ('{"timestamp":"2026-01-31T12:00:00.123Z","level":"emg","message":"m"}', "critical", "unknown", "m"),
        ('{"start_time":"2026-01-31T12:00:00.123Z","method":"GET","path":"/a","response_code":503}', "error", "unknown",
         "GET /a 503"),
        ('{"EdgeStartTimestamp":"2026-01-31T12:00:00.123Z","ClientRequestMethod":"GET","ClientRequestURI":"/a",'
         '"EdgeResponseStatus":404}', "warning", "unknown", "GET /a 404"),
        ('{"timestamp":"2026-01-31T12:00:00.123Z","message":"x","severityLevel":3,"cloud_RoleName":"pay"}',
         "error", "pay", "x"),
        ('{"eventTime":"2026-01-31T12:00:00.123Z","eventSource":"s3","eventName":"GetObject","errorCode":"AccessDenied"}',
         "error", "s3", "GetObject"),
        ('{"log":"ERROR boom\\n","stream":"stderr","time":"2026-01-31T12:00:00.123Z"}', "error", "unknown", "ERROR boom"),
        ("2026-01-31T12:00:00.123Z stderr F WARNING:root:careful", "warning", "unknown", "WARNING:root:careful"),
        ("2026-01-31 12:00:00.123  WARN 42 --- [           main] c.e.Pay     : slow", "warning", "c.e.Pay", "slow"),
        ("[2026-01-31T12:00:00.123Z ERROR checkout::pay] boom", "error", "checkout::pay", "boom"),
        ("2026-01-31 12:00:00,123 [main] ERROR a.B boom", "error", "a.B", "boom"),
        ("2026-01-31 12:00:00,123 [pool-1-thread-2] WARN  a.B.Pay - slow", "warning", "a.B.Pay", "slow"),
        ("2026-01-31 12:00:00,123 [scrapy.core] INFO: opened", "info", "scrapy.core", "opened"),
        ("2026-01-31 12:00:00,123 [main] INFO ready", "info", "unknown", "ready"),
        ("2026-01-31T12:00:00.123456+00:00 app[web.1]: hello", "info", "app", "hello"),
        ("2026-01-31T12:00:00.123Z START RequestId: 8f Version: 1", "info", "unknown", "START RequestId: 8f Version: 1"),
        ("2026-01-31T12:00:09.123Z 2026-01-31T12:00:00.123Z\t8f507cfc\tERROR\tboom", "error", "8f507cfc", "boom"),
        ("2026-01-31T12:00:09.123Z 2026-01-31 12:00:00,123 - pay - ERROR - boom", "error", "pay", "boom"),
        ("2026-01-31T12:00:00.123456+00:00 app[web.1]: ERROR boom", "error", "app", "ERROR boom"),
        ("<165>1 2026-01-31T12:00:00.123Z web-1 pay 7 - - -", "info", "pay", "-"),
        ("1769860800.123456 web-1 sshd[311]: Accepted", "info", "sshd", "Accepted"),
        ("Sat 2026-01-31 13:00:00.123 CET web-1 ssh.service[311]: Accepted", "info", "ssh.service", "Accepted"),
        ("2026/01/31 12:00:00.123 http: panic serving", "info", "unknown", "http: panic serving"),
        ("2026/01/31 12:00:00.123 log rotated", "info", "unknown", "log rotated"),
        ("2026/01/31 12:00:00.123 fail: Shop.Pay[7]", "error", "unknown", "Shop.Pay[7]"),
        ("2026-01-31 12:00:00.123 [ 7 ] {x} <Error> boom", "error", "unknown", "[ 7 ] {x} <Error> boom"),
        ("31-Jan-2026 12:00:00.123 queries: error: boom", "error", "queries", "boom"),
        ("2026-01-31 12:00:00,123 - util.py[WARNING]: slow", "warning", "util.py", "slow"),
        ("ERROR [main] 2026-01-31 12:00:00,123 Pay.java:1 - boom", "error", "unknown", "Pay.java:1 - boom"),
        ("2026-01-31T12:00:00,123 ERROR [main] server.Pay: boom", "error", "server.Pay", "boom"),
        ("26/01/31 12:00:00.123 ERROR SparkContext: boom", "error", "unknown", "SparkContext: boom"),
        ("2026-01-31T12:00:00.123456+00:00\nORA-00600: boom", "info", "unknown", "ORA-00600: boom"),
        ('{"time":"2026-01-31T12:00:00.123Z","level":"error","msg":"boom"},', "error", "unknown", "boom"),
        ("1769860800123 ERROR boom", "error", "unknown", "boom"),
        ("1.769860800123e+09\terror\tpay/pay.go:41\tboom", "error", "unknown", "boom"),
        ("42:M 31 Jan 2026 12:00:00.123 * Ready to accept connections", "info", "redis", "Ready to accept connections"),
        ("1:C 31 Jan 2026 12:00:00.123 # low memory", "warning", "redis", "low memory"),
        ("E, [2026-01-31T12:00:00.123456 #42] ERROR -- checkout: boom", "error", "checkout", "boom"),
        ("I, [2026-01-31T12:00:00.123456 #42]  INFO -- : [req] GET", "info", "unknown", "[req] GET"),
        ("app: 2026/01/31 12:00:00.123456 main.go:12: hello", "info", "app", "main.go:12: hello"),
        ("[GIN] 2026/01/31 - 12:00:00.123 | 200 | GET", "info", "GIN", "200 | GET"),
        ('[GIN] 2026/01/31 - 12:00:00.123 | 503 | 1.2ms |   192.0.2.1 | GET      "/a"', "error", "GIN", 'GET "/a" 503'),
        ("[31-Jan-2026 13:00:00.123 Europe/Berlin] PHP Warning:  low", "warning", "unknown", "PHP Warning:  low"),
        ("[31-Jan-2026 09:00:00.123 America/Argentina/Salta] PHP Notice:  n", "info", "unknown", "PHP Notice:  n"),
        ('pay-5d web {"time":"2026-01-31T12:00:00.123Z","level":"error","msg":"boom"}', "error", "web", "boom"),
        ('1769860801000\t2026-01-31T12:00:00.123Z\tlevel=error msg=boom', "error", "unknown", "boom"),
        ("[pod/checkout-5d/pay] 2026-01-31T12:00:00.123456789Z ERROR hello", "error", "pod/checkout-5d/pay", "hello"),
        ("[Nest] 42  - 01/31/2026, 12:00:00.123 PM   ERROR [Pay] boom", "error", "Pay", "boom"),
        ('192.0.2.1:5 [31/Jan/2026:12:00:00.123] fe be/srv 0/0/1/2/3 503 2750 - - ---- 1/1/1/1/0 0/0 "GET /a HTTP/1.1"',
         "error", "haproxy", "GET /a HTTP/1.1 503"),
        ('Started GET "/a" for 127.0.0.1 at 2026-01-31 12:00:00.123 +0000', "info", "unknown", "Started GET /a"),
        ('127.0.0.1 - - [31/Jan/2026 12:00:00.123] "GET / HTTP/1.1" 404 -', "warning", "unknown", "GET / HTTP/1.1 404"),
        ("W20260131 12:00:00.123456  1234 a.cc:1] low", "warning", "unknown", "low"),
        ("01/31/2026 12:00:00.123 PM ERROR boom", "error", "unknown", "boom"),
        ("31.01.2026 12:00:00.123 ERROR boom", "error", "unknown", "boom"),
        ('{"log":"{broken\\n","stream":"stdout","time":"2026-01-31T12:00:00.123Z"}', "info", "unknown", "{broken"),
    ],
)  # fmt: skip
def test_lines_of_other_programs(line: str, level: str, service: str, message: str) -> None:
    found = event(line)

    assert (found["timestamp"], found["level"], found["service"], found["message"]) == (INSTANT, level, service, message)


@pytest.mark.parametrize(
    "line",
    [
        f"2026-01-31T13:00:00.123+01:00  INFO 42 --- [pay] [main] [{TRACE_ID}-00f067aa0ba902b7] c.e.Pay : m",
        f"2026-01-31 12:00:00.123  INFO [pay,{TRACE_ID},00f067aa0ba902b7] 42 --- [main] c.e.Pay : m",
    ],
)
def test_the_line_of_spring_boot_is_taken_apart(line: str) -> None:
    assert event(line) == {
        "timestamp": INSTANT, "level": "info", "service": "pay", "message": "m", "trace_id": TRACE_ID,
        "attributes": {"pid": "42", "thread": "main", "logger": "c.e.Pay", "span_id": "00f067aa0ba902b7"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "log_format",
    [
        """log_format main '$remote_addr [$time_local] '
                        '"$request" it\\'s $status';""",
        """log_format  main  escape=json  "$remote_addr [$time_local] \\"$request\\" it's $status";\n""",
        """'$remote_addr [$time_local] ' '"$request" it\\'s $status'""",
        """$remote_addr [$time_local] "$request" it's $status""",
    ],
)
def test_a_log_format_is_read_as_it_stands_in_the_configuration(log_format: str) -> None:
    kept = event('192.0.2.1 [31/Jan/2026:12:00:00 +0000] "GET /a HTTP/2" it\'s 503', format=log_format)

    assert (kept["level"], kept["message"]) == ("error", "GET /a HTTP/2 503")


APACHE = '%v %h %t "%r" %>s %{User-Agent}i %D'


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        (APACHE, 'a.example 192.0.2.1 [31/Jan/2026:13:00:00 +0100] "GET /a HTTP/2" 503 curl/8 12'),
        (f"LogFormat {json.dumps(APACHE)} mine",
         'a.example 192.0.2.1 [31/Jan/2026:13:00:00 +0100] "GET /a HTTP/2" 503 curl/8 12'),
        ("%v %a %{%Y-%m-%dT%H:%M:%S%z}t %m %U %H %s %{User-Agent}i %D",
         "a.example 192.0.2.1 2026-01-31T13:00:00+0100 GET /a HTTP/2 503 curl/8 12"),
    ],
)  # fmt: skip
def test_a_log_format_of_apache_is_read_too(log_format: str, line: str) -> None:
    kept = event(line, format=log_format)

    assert (kept["timestamp"], kept["level"], kept["service"]) == (INSTANT.replace(microsecond=0), "error", "apache")
    assert kept["message"] in ("GET /a HTTP/2 503", "GET /a 503")
    expected = {"host": "a.example", "remote_addr": "192.0.2.1", "http_user_agent": "curl/8", "duration_us": "12"}
    assert {name: kept["attributes"][name] for name in expected} == expected


def test_a_log_format_may_write_json() -> None:
    log_format = '{"at":"$time_iso8601","req":"$request","code":$status}'
    kept = event('{"at":"2026-01-31T12:00:00+00:00","req":"GET /a","code":503}', format=log_format)

    assert (kept["level"], kept["message"]) == ("error", "GET /a 503")


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        (f"2026-01-31 12:00:00,123 WARNING [pay] [trace_id={TRACE_ID} span_id=00f067aa0ba902b7] - slow", "warning", None),
        (f'2026-01-31T12:00:00.123Z level=warn msg="it is slow" traceID={TRACE_ID}', "warning", "it is slow"),
        (f'Jan 31 12:00:00.123 web-1 pay[7]: level=warn msg="it is slow" trace_id={TRACE_ID}', "warning", "it is slow"),
    ],
)
def test_the_pairs_in_a_line_of_text_are_read(line: str, level: str, message: str | None) -> None:
    kept = event(line)

    assert (kept["timestamp"], kept["level"], kept["trace_id"]) == (INSTANT, level, TRACE_ID)
    assert message in (None, kept["message"])


@pytest.mark.parametrize(
    ("line", "host", "message"),
    [
        ('192.0.2.1 - - [31/Jan/2026:13:00:00 +0100] "-" 408 - "-" "-"', None, "- 408"),
        ('a.example:443 192.0.2.1 - - [31/Jan/2026:13:00:00 +0100] "GET / HTTP/2" 200 5 "-" "x"',
         "a.example:443", "GET / HTTP/2 200"),
        ('192.0.2.1 - - [31/Jan/2026:13:00:00 +0100] "GET / HTTP/2" 200 5 "-" "x" 0.012 pool', None, "GET / HTTP/2 200"),
    ],
)  # fmt: skip
def test_access_logs_with_more_or_less_than_usual(line: str, host: str | None, message: str) -> None:
    found = event(line)

    assert (found["attributes"]["remote_addr"], found["attributes"].get("host")) == ("192.0.2.1", host)
    assert found["message"] == message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "timestamp", "time", "level", "msg", "message", "log", "service", "attributes", "@t", "@mt", "trace_id", "body",
        "resource", "record", "fields", "MESSAGE", "__REALTIME_TIMESTAMP", "short_message", "timeUnixNano", "t", "s", "c",
        "request", "status", "eventId", "events", "resourceLogs", "auditID", "stage", "dd", "trace", "Properties",
    ]
)  # fmt: skip


def outcome(text: str, **options: str) -> dict[str, Any] | str:
    """The event in a line, or why it is none."""
    try:
        return event(text, **options)
    except ValueError as error:
        return str(error)


@given(st.dictionaries(NAMES, JSON | st.just("2026-01-31T12:00:00Z"), max_size=8))
def test_any_document_is_an_event_that_can_be_kept_or_says_why_not(document: dict[str, Any]) -> None:
    found = outcome(json.dumps(document))

    if isinstance(found, str):
        assert found.endswith(".")
    else:
        json.dumps([found["attributes"], found["message"], found["service"]], allow_nan=False).encode()


@given(st.text())
def test_any_text_is_an_event_or_says_why_not(text: str) -> None:
    for line in (text, f"2026-01-31 12:00:00 {text}", f"<34>{text}", f"a={text}", f"Jan 31 12:00:00 {text}", f"{{{text}"):
        found = outcome(line, format='$a "$b" $c')
        assert isinstance(found, dict) or found.endswith(".")


@pytest.mark.parametrize(
    "attributes",
    [{"span": {"trace_id": TRACE_ID}}, {"a": {"headers": {"Traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}}},
     {"spans": [{"trace_id": TRACE_ID}]}, {"TraceId": TRACE_ID}],
)  # fmt: skip
def test_a_trace_id_is_found_within_the_attributes_of_our_own_format(attributes: dict[str, Any]) -> None:
    assert load(attributes=attributes)["trace_id"] == TRACE_ID
