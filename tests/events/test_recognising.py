"""What a log file is taken for, and what its upload is refused with."""

from __future__ import annotations

import gzip
import json

import pytest

from inventory.errors import InvalidFile, InvalidRequest, UnsupportedFile
from inventory.events import continuations, envelopes
from inventory.events.job_type import EventJobs
from inventory.events.recognising import SOME_DAY
from inventory.imports.file_format import FileFormat
from inventory.imports.json_array import elements
from inventory.imports.sniffing import HEAD_BYTES, sniff
from inventory.jobs.model import InputRow

LINE = '{"time": "2026-01-31T12:00:00Z", "level": "INFO", "msg": "hello"}\n'


def found(content: bytes | str, file_name: str = "a.log", **options: str) -> FileFormat:
    assert EventJobs.file is not None
    content = content.encode() if isinstance(content, str) else content
    return sniff(content[:HEAD_BYTES], EventJobs.file, file_name=file_name, options=options)


def refused(content: bytes | str, file_name: str = "a.log", **options: str) -> str:
    with pytest.raises(InvalidFile) as refusal:
        found(content, file_name, **options)
    return str(refusal.value)


def test_a_file_is_what_most_of_its_first_lines_are() -> None:
    assert found("hello\n" + 3 * LINE + "a=b ts=2026-01-31T12:00:00Z msg=x\n").shape == "slog"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"when": "2026-01-31T12:00:00Z", "text": "hi"}\n', ["members 'when', 'text'", "map=timestamp:fields.when"]),
        ('{"time": "soon", "msg": "hi"}\n' * 3, ["None of the first 3 lines", "time: 'soon' is not a time"]),
        ("hello\nworld\n", ["None of the first 2 lines is a log event", "'hello'", "logfmt", "format="]),
        ("url\nhttps://example.com/\n", ["'url'", "JSON"]),
        ("[1, 2]\n", ["Not an object"]),
        ("{}\n", ["timestamp: Missing."]),
        ("WARNING:root:careful\n", ["The line has no date", "%(asctime)s"]),
        ('INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK\n', ["The line has no date"]),
        ("ERROR:pay:boom\nTraceback:\n  a\nValueError: x\n", ["The line has no date"]),
        ("INFO[0000] ready a=1\n", ["The line has no date"]),
        ("[12:00:00.123] INFO (42): ready\n", ["The line has no date"]),
        ("12:00PM INF ready a=1\n", ["The line has no date"]),
        ("web-1  | hello\n", ["The line has no date", "--timestamps"]),
        ('{"resourceSpans": []}\n', ["resourceSpans: These are spans of OpenTelemetry", "resourceLogs"]),
        ('{"resourceMetrics": []}\n', ["resourceMetrics: These are metrics of OpenTelemetry"]),
        ("#Version: 1.0\n#Fields: date time\n", ["'#Version: 1.0'", "no lines"]),
        ("[]", ["a list of JSON without elements"]),
    ],
)
def test_a_file_without_an_event_is_refused_with_what_it_is_and_what_would_do(content: str, said: list[str]) -> None:
    message = refused(content, "a.json" if content == "[]" else "a.log")

    assert [each for each in said if each not in message] == []


def test_a_refusal_becomes_an_import_as_it_says() -> None:
    line = '{"when": "2026-01-31T12:00:00Z", "text": "hi"}\n'

    assert "map=timestamp:" in refused(line)
    assert found(line, map="timestamp:when").shape == "json"


def test_the_option_that_is_not_valid_is_named() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        found(LINE, map="time:when")

    assert list(refusal.value.errors or ()) == ["map"]


@pytest.mark.parametrize(
    "name",
    ["a.log", "a.json", "a.jsonl", "a.ndjson", "A.LOG", "a.log.1", "a.log.2.gz", "access.log-20260131", "a.log.2026-01-31",
     "a.log-2026-01-31T12.gz", "a.log.gz"],
)  # fmt: skip
def test_log_files_are_known_by_their_names_also_when_they_were_put_aside(name: str) -> None:
    content = gzip.compress(LINE.encode()) if name.endswith(".gz") else LINE.encode()

    assert found(content, name).shape == "slog"


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.out", "syslog", "a.log.zip", "log", "a.log.x1"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UnsupportedFile, match=r"a name that ends with \.log\."):
        found(LINE, name)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("zipped", [False, True])
def test_one_array_is_taken_whether_it_spans_lines_or_not(indent: int | None, zipped: bool) -> None:
    content = json.dumps([json.loads(LINE)] * 3, indent=indent).encode()
    file_format = found(gzip.compress(content), "a.json.gz") if zipped else found(content, "a.json")

    assert (file_format.shape, file_format.array) == ("slog", True)


def test_a_bracket_at_the_beginning_of_text_is_no_array() -> None:
    file_format = found("[2026-01-31 12:00:00] production.ERROR: boom\n")

    assert (file_format.shape, file_format.array) == ("monolog", False)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_logs_of_windows_are_taken(encoding: str) -> None:
    assert found(LINE.encode(encoding)).shape == "slog"


def records(count: int, resource: str = "checkout") -> str:
    attributes = [{"key": "service.name", "value": {"stringValue": resource}}]
    logs = [{"timeUnixNano": "1769860800000000000", "body": {"stringValue": f"{n}"}} for n in range(count)]
    return json.dumps({"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": logs}]}]})


def test_each_record_of_a_line_is_a_line_with_its_resource() -> None:
    opened = [json.loads(each) for each in envelopes.opened(records(3))]

    assert [each["body"]["stringValue"] for each in opened] == ["0", "1", "2"]
    assert [each["resource"] for each in opened] == [{"service.name": "checkout"}] * 3


def test_a_file_of_records_may_be_one_object_that_is_longer_than_a_line_may_be() -> None:
    document = json.loads(records(3))
    content = json.dumps({"resourceLogs": document["resourceLogs"] * 2}, indent=2).encode()
    file_format = found(content, "otlp.json")

    assert (file_format.shape, file_format.array) == ("otlp", True)
    rows = elements(content, whole=True)
    assert [json.loads(each)["resource"] for row in rows for each in envelopes.opened(row)] == [
        {"service.name": "checkout"}
    ] * 6


def test_a_long_resource_is_kept_once_and_a_line_grows_within_bounds() -> None:
    long = records(2_000, "x" * 5_000)
    short = records(30_000, "x" * 3_000)

    once, often = list(envelopes.opened(long)), list(envelopes.opened(short))

    assert [len(once), len(often)] == [2_000, 30_000]
    assert ["x" * 5_000 in each for each in once[:3]] == [True, False, False]
    assert sum(map(len, often)) < 20 * len(short)


@pytest.mark.parametrize(
    "line", ["{}", '{"resourceLogs": []}', '{"resourceLogs": 7}', '{"events": "none"}', '{"resourceLogs"', "x"]
)
def test_a_line_that_holds_no_event_stays_as_it_is(line: str) -> None:
    assert list(envelopes.opened(line)) == [line]
    assert envelopes.shape_of(line) is None


ACCESS = '192.0.2.1 - - [31/Jan/2026:13:00:00 +0100] "GET / HTTP/2" 200 5'


def joined(*lines: str) -> list[tuple[int, str]]:
    rows = [(InputRow(number, line), 10 * number) for number, line in enumerate(lines, 1)]
    return [(row.row, row.text) for row, _ in continuations.joined(rows, SOME_DAY)]


def test_a_stack_trace_belongs_to_the_event_before_it() -> None:
    begun, next_one = "2026-01-31 12:00:00 ERROR boom", "2026-01-31 12:00:01 INFO ready"

    assert joined(
        "before", begun, "Traceback:", 'File "a.py"', "ValueError: 7", next_one, '{"a": 1}', "x", begun, ACCESS
    ) == [
        (1, "before"),
        (2, f'{begun}\nTraceback:\nFile "a.py"\nValueError: 7'),
        (6, next_one),
        (7, '{"a": 1}'),
        (8, "x"),
        (9, begun),
        (10, ACCESS),
    ]


@pytest.mark.parametrize(
    "line",
    ["level=warn ts=2026-01-31T12:00:00Z msg=x", "ERROR:root:x", "1:M 31 Jan 2026 12:00:00 * ready", '{"a": 1}', ACCESS],
)
def test_a_line_of_another_logger_continues_nothing(line: str) -> None:
    begun = "2026-01-31 12:00:00 ERROR boom"

    assert joined(begun, line, begun) == [(1, begun), (2, line), (3, begun)]


def test_it_takes_no_more_lines_than_a_message_has_room_for() -> None:
    begun = "2026-01-31 12:00:00 ERROR boom"
    rows = joined(begun, *["x" * 30_000] * 5)

    assert [number for number, _ in rows] == [1, 4, 5, 6]
    assert max(len(text) for _, text in rows) < 65_536


def test_a_row_that_could_not_be_read_continues_nothing() -> None:
    rows = [(InputRow(1, "2026-01-31 12:00:00 a"), 1), (InputRow(2, "b", "invalid_encoding", "x"), 2), (InputRow(3, "c"), 3)]

    assert [row.row for row, _ in continuations.joined(rows, SOME_DAY)] == [1, 2, 3]
