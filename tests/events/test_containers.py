"""Lines that a container's driver took apart, or that was shipped, become what the program wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.events.model import Event
from tests.events.uploading import imported

INSTANT = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
LATER = "2026-01-31T12:00:09.500000000Z"
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    x()\nValueError: 7'
JAVA = (
    "java.lang.IllegalStateException: bad\n\tat c.e.Pay.charge(Pay.java:41)\nCaused by: java.io.IOException: eof\n"
    "\tat c.e.Io.read(Io.java:1)\n\t... 2 more"
)
LINE = json.dumps({"level": "error", "ts": 1_769_860_800.123, "msg": "boom", "logger": "pay", "order": 7})
LONG = json.dumps({"level": "error", "ts": 1_769_860_800.123, "msg": "boom", "blob": "b" * 40_000}) + "\n"


def docker(log: str, stream: str = "stdout", time: str = LATER) -> str:
    return json.dumps({"log": log, "stream": stream, "time": time}) + "\n"


def cri(log: str, tag: str = "F", stream: str = "stdout") -> str:
    return f"{LATER} {stream} {tag} {log}\n"


def events(content: str | bytes, file_name: str = "a.log") -> list[Event]:
    content = content.encode() if isinstance(content, str) else content
    _, found, rejected = imported(content, file_name, {})
    assert [(row.input, row.detail) for row in rejected] == []
    return list(found)


def messages(content: str) -> list[str]:
    return [event.message for event in events(content)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (docker("one, ") + docker("two\n") + docker("next\n"), ["one, two", "next"]),
        (docker("x" * 16_384) + docker("y" * 16_384) + docker("z\n"), ["x" * 16_384 + "y" * 16_384 + "z"]),
        (docker("one ") + docker("err\n", "stderr") + docker("two\n"), ["one two", "err"]),
        (docker("a\n") + docker("never ends"), ["a", "never ends"]),
        (docker("one") + docker("two") + docker("three"), ["one", "two", "three"]),
        (cri("one, ", "P") + cri("two") + cri("next"), ["one, two", "next"]),
        (cri("one ", "P") + cri("err", stream="stderr") + cri("two"), ["one two", "err"]),
        (cri("a") + cri("never ends", "P"), ["a", "never ends"]),
    ],
)
def test_the_pieces_of_a_line_are_one_line(content: str, said: list[str]) -> None:
    assert messages(content) == said


@pytest.mark.parametrize(
    "content",
    [
        "".join(docker(LONG[start : start + 16_384]) for start in range(0, len(LONG), 16_384)),
        cri(LONG[:16_384], "P") + cri(LONG[16_384:32_768], "P") + cri(LONG[32_768:].strip()),
    ],
    ids=["docker", "cri"],
)
def test_a_long_line_is_read_as_what_it_is(content: str) -> None:
    (event,) = events(content)

    assert (event.timestamp, event.level, event.message) == (INSTANT, "error", "boom")
    assert len(event.attributes["blob"]) == 40_000


def test_no_line_grows_beyond_a_megabyte() -> None:
    found = events(docker("a\n") + docker("x" * 400_000) * 5 + docker("y\n"))

    assert [event.line for event in found] == [1, 2, 4, 6]


GO = "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:7 +0x1\ncreated by main.x\n\t/a.go:9"
PHP = "PHP Fatal error:  Uncaught X in /a.php:1\nStack trace:\n#0 /a.php(1): f()\n#1 {main}\n  thrown in /a.php on line 1"
RUBY = "ERROR boom (RuntimeError)\napp/x.rb:1:in `y'\napp/x.rb:2:in `z'"
NODE = "Error: boom\n    at f (/a.js:1:2)"
OBJECT = '{\n  "a": 1\n}'


@pytest.mark.parametrize("trace", [GO, PHP, RUBY, NODE, OBJECT])
def test_a_trace_that_begins_without_a_time_is_one_event(trace: str) -> None:
    lines = ["before", *trace.split("\n"), "after"]

    assert messages("".join(docker(f"{line}\n") for line in lines)) == ["before", trace, "after"]


def test_the_level_of_a_coloured_line_in_a_container_counts() -> None:
    (event,) = events(docker("\x1b[31mERROR\x1b[0m boom\n"))

    assert event.level == "error"


@pytest.mark.parametrize(
    "trace", [TRACEBACK, JAVA, f"{TRACEBACK}\n\nDuring handling of the above exception:\n\n{TRACEBACK}"]
)
@pytest.mark.parametrize("prefix", ["docker", "cri", "compose", "docker logs -t"])
def test_a_stack_trace_belongs_to_the_event_before_it(trace: str, prefix: str) -> None:
    wrap = {
        "docker": lambda line: docker(f"{line}\n"),
        "cri": cri,
        "compose": lambda line: f"web-1  | {line}\n",
        "docker logs -t": lambda line: f"{LATER} {line}\n",
    }[prefix]
    lines = ["2026-01-31 12:00:00,123 ERROR pay boom", *trace.split("\n"), "2026-01-31 12:00:00,123 INFO next"]

    first, second = events("".join(map(wrap, lines)))

    assert (first.timestamp, first.level, first.message) == (INSTANT, "error", f"pay boom\n{trace}")
    assert (second.level, second.message) == ("info", "next")


def test_what_no_stack_trace_is_stays_apart() -> None:
    lines = ["starting", *TRACEBACK.split("\n"), "bye", LINE, *TRACEBACK.split("\n"), "2026-01-31 12:00:00 INFO up", "ready"]

    assert messages("".join(docker(f"{line}\n") for line in lines)) == [
        "starting", TRACEBACK, "bye", "boom", TRACEBACK, "up", "ready",
    ]  # fmt: skip


FILE = {"log": {"offset": 0, "file": {"path": "/var/log/app.log"}}, "input": {"type": "log"}, "agent": {"type": "filebeat"}}


@pytest.mark.parametrize(
    ("document", "shape"),
    [
        ({"@timestamp": LATER, "@metadata": {"beat": "filebeat"}, "message": LINE, **FILE}, "filebeat"),
        ({"@timestamp": LATER, "message": LINE, **FILE}, "filebeat"),
        ({"file": "/x", "host": "web-1", "message": LINE, "source_type": "file", "timestamp": LATER}, "vector"),
        ({"date": 1_769_860_809.5, "log": LINE}, "fluent-bit"),
        ({"date": 1_769_860_809.5, "log": LINE, "stream": "stdout", "kubernetes": {"container_name": "c"}}, "fluent-bit"),
        ({"@timestamp": LATER, "log": LINE + "\n", "stream": "stdout", "tag": "kube.x"}, "fluent-bit"),
        ({"@timestamp": LATER, "@version": "1", "message": LINE, "host": "a", "path": "/x"}, "logstash"),
        ({"TimeGenerated": LATER, "ContainerAppName_s": "app", "Log_s": LINE}, "azure"),
        ({"time": LATER, "message": LINE}, "json"),
        (f"2026-01-31T12:00:09+00:00\tapp.log\t{json.dumps({'message': LINE})}", "json"),
        (f'2026-01-31T12:00:09Z {{app="shop"}} {LINE}', "loki"),
    ],
)
def test_a_line_that_an_agent_shipped_is_read_again(document: dict[str, Any] | str, shape: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    file_format, (event,), _ = imported(f"{text}\n".encode(), "a.log", {})

    assert file_format.shape == shape
    assert (event.timestamp, event.level, event.service, event.message) == (INSTANT, "error", "pay", "boom")
    assert event.attributes["order"] == 7


@pytest.mark.parametrize(
    "line", ["2026-01-31 12:00:00,123 ERROR [main] pay - boom", "2026-01-31 12:00:00,123 [main] ERROR pay - boom"]
)
def test_a_shipped_line_of_text_has_its_own_time(line: str) -> None:
    (event,) = events(json.dumps({"@timestamp": LATER, "message": line, **FILE}))

    assert (event.timestamp, event.level, event.service, event.message) == (INSTANT, "error", "pay", "boom")


@pytest.mark.parametrize(
    "said", [{"id": 5, "name": "Bob", "message": "hi"}, {"time": "2020-01-01T00:00:00Z", "message": "hi"}]
)
def test_a_message_that_is_json_is_no_line_of_another_logger(said: dict[str, Any]) -> None:
    line = {"level": 30, "time": 1_769_860_800_123, "msg": json.dumps(said)}
    (event,) = events(json.dumps(line))

    assert (event.timestamp, event.service, event.message) == (INSTANT, "unknown", json.dumps(said))


def test_a_container_s_json_without_a_message_is_its_message() -> None:
    (event,) = events(docker('{"order": 7}\n', time="2026-01-31T12:00:00.123Z"))

    assert (event.timestamp, event.message, event.attributes["order"]) == (INSTANT, '{"order": 7}', 7)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("separator", ["\0", "\0\n", "\0\r\n"])
def test_messages_of_gelf_are_separated_by_nul(separator: str, indent: int | None) -> None:
    message = {"host": "web-1", "short_message": "x" * 900, "timestamp": 1_769_860_800.123, "level": 3}
    found = events((json.dumps(message, indent=indent) + separator) * 900)

    assert {(event.timestamp, event.level, event.service) for event in found} == {(INSTANT, "error", "web-1")}
    assert len(found) == 900
