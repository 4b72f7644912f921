"""No line, row, page, header or query costs more than in proportion to its length, however hostile it is.

Each entry of the tables is a parser of outside input, and a function that makes a hostile input of a given size for it.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.http import parse_etags

from inventory.errors import InvalidFile, InvalidRequest, SourceFailure, UnreadableFile
from inventory.events import containers, envelopes
from inventory.events.job_type import EventJobs
from inventory.events.schemas import EventsQuery
from inventory.gunicorn_worker import plain_get
from inventory.http_client.body import Body
from inventory.imports import rows
from inventory.imports.file_format import FileFormat
from inventory.imports.multipart import form_of
from inventory.imports.schemas import ImportQuery
from inventory.imports.sniffing import HEAD_BYTES, sniff
from inventory.jobs.job_type import LineFormat
from inventory.jobs.model import Batch, InputRow, Job, ReadPosition
from inventory.jobs.schemas import RowsQuery
from inventory.jobs.splitting import split
from inventory.products.feeds import Feed, FieldPath
from inventory.products.normalising import normalised
from inventory.products.page_loop_guard import PageLoopGuard
from inventory.products.pages import PageResponse, Pages
from inventory.products.paginators import Cursor, LinkHeader, NextUrl, Numbered, Offset, Page
from inventory.products.schemas import ProductsQuery
from inventory.weather.cities import City
from inventory.weather.providers import OpenMeteo
from inventory.web_api import arguments
from inventory.webpages.fast_lookup import URL_ONLY
from inventory.webpages.job_type import checked, in_text
from inventory.webpages.schemas import CollectBody, LookupQuery
from tests.events.fakes import FakeEvents, FakeUploads
from tests.growth import assert_linear
from tests.imports.actions import FILE_ROWS

NOW = datetime(2026, 1, 31, tzinfo=UTC)
REFUSALS = (ValueError, InvalidFile, InvalidRequest, SourceFailure, UnreadableFile)


@dataclass(frozen=True)
class Case:
    """A parser, what is hostile to it, how that is made from a size, and a size at which it takes a measurable time."""

    name: str
    work: Callable[[Any], object]
    make: Callable[[int], Any]
    small: int = 5_000

    def __str__(self) -> str:
        return self.name


def names(size: int, *, twice: bool = False) -> str:
    """An object of so many members; with `twice`, the last of them comes twice."""
    return "{" + ",".join(f'"{n}":1' for n in [*range(size), *([size - 1] if twice else [])]) + "}"


def numbers(size: int) -> str:
    return "[" + ",".join("1" for _ in range(size)) + "]"


GOOD = '"timestamp":"2026-01-31T12:00:00Z","level":"info","service":"s","message":"m"'


def event(text: str) -> object:
    batch = Batch("0" * 32, 1, 1, 1, 1, len(text), NOW, "", 1, 1)
    kind = EventJobs(FakeEvents(), FakeUploads(), line_delay=0.0, sleep=lambda _: None)
    return kind.begin(Job(batch.job_id, "events", NOW), batch, [InputRow(1, text)]).step(NOW)


def container(texts: list[str]) -> object:
    rows_of_file = ((InputRow(number, text), number) for number, text in enumerate(texts, 1))
    return sum(len(row.text) for row, _ in containers.joined(rows_of_file, NOW))


def trace(size: int) -> list[str]:
    """The lines of a container with a traceback of so many lines that are one blank each."""
    lines = ["2026-01-31 12:00:00 ERROR a", "Traceback (most recent call last):", "  a", *[" "] * size]
    return [f"2026-01-31T12:00:00.123456789Z stderr F {line}" for line in lines]


def envelope(text: str) -> object:
    return sum(map(len, envelopes.opened(text)))


LINES = [
    Case("names, the last of them twice", event, lambda size: names(size, twice=True)),
    Case("names", event, names),
    Case(
        "names in and beside attributes",
        event,
        lambda size: "{" + GOOD + ',"attributes":' + names(size) + "," + names(size)[1:],
    ),
    Case("many names twice", event, lambda size: "{" + ",".join(f'"{n}":1,"{n}":1' for n in range(size)) + "}"),
    Case("objects with names twice", event, lambda size: "[" + ",".join(['{"a":1,"a":1}'] * size) + "]"),
    Case("digits", event, lambda size: '{"timestamp":' + "9" * size + "}", 50_000),
    Case("long whole numbers", event, lambda size: "[" + ",".join(["9" * 4_300] * size) + "]", 20),
    Case("digits of a fraction", event, lambda size: '{"timestamp":0.' + "9" * size + "}", 50_000),
    Case("digits of an exponent", event, lambda size: '{"timestamp":1e' + "9" * size + "}", 50_000),
    Case("brackets", event, lambda size: "[" * size, 50_000),
    Case("brackets side by side", event, lambda size: "[" + "[],[" * size, 50_000),
    Case("lists side by side", event, lambda size: "[" + ",".join(["[]"] * size) + "]"),
    Case("objects side by side", event, lambda size: "[" + ",".join(["{}"] * size) + "]"),
    Case("deep lists side by side", event, lambda size: "[" + ",".join(["[" * 30 + "]" * 30] * size) + "]", 200),
    Case("halves of surrogate pairs", event, lambda size: '["' + "\\ud83d" * size + '"]'),
    Case("surrogate pairs", event, lambda size: '["' + "\\ud83d\\ude00" * size + '"]'),
    Case("backslashes", event, lambda size: '"' + "\\\\" * size + '"'),
    Case("line ends in front of no JSON", event, lambda size: "\r" * size + "x", 50_000),
    Case(
        "a level, service, message and trace id",
        event,
        lambda size: json.dumps(dict.fromkeys(("level", "service", "message", "trace_id"), "x" * size)),
    ),
    Case(
        "a list as each field",
        event,
        lambda size: json.dumps(
            dict.fromkeys(("timestamp", "level", "service", "message", "trace_id", "attributes"), [1] * size)
        ),
    ),
    Case("pairs", event, lambda size: "ts=1 " + "a=b " * size, 20_000),
    Case("pairs of one name", event, lambda size: "ts=1 " + "".join(f"a={n} " for n in range(size))),
    Case("quotes of a pair", event, lambda size: 'ts="' + '\\"' * size, 50_000),
    Case("pairs without an end", event, lambda size: 'ts=1 a="' * size, 20_000),
    Case("words", event, lambda size: "2026-01-31 12:00:00 " + "a " * size, 50_000),
    Case("brackets after a time", event, lambda size: "2026-01-31 12:00:00 " + "[" * size, 50_000),
    Case("spaces after a time", event, lambda size: "2026-01-31 12:00:00" + " " * size, 50_000),
    Case("dashes after a level", event, lambda size: "2026-01-31 12:00:00 INFO" + "-" * size, 50_000),
    Case("elements of syslog", event, lambda size: "<34>1 2026-01-31T12:00:00Z h a p m " + '[a b="\\""]' * size, 20_000),
    Case("an open element of syslog", event, lambda size: "<34>1 2026-01-31T12:00:00Z h a p m [" + 'a="' * size, 20_000),
    Case("quotes of an access log", event, lambda size: '1 - - [31/Jan/2026:12:00:00 +0000] "' + '\\" ' * size, 20_000),
    Case("names of an access log", event, lambda size: "a " * size + "[31/Jan/2026:12:00:00 +0000]", 50_000),
    Case("bars", event, lambda size: "a | " * size, 20_000),
    Case(
        "lines in lines",
        event,
        lambda size: '{"log":"a | a | a | ' + "b" * size + '","time":"2026-01-31T12:00:00Z"}',
        50_000,
    ),
    Case("holes of a template", event, lambda size: json.dumps({"@t": 1, "@mt": "{a}" * size, "a": "x" * size})),
    Case("braces of a template", event, lambda size: json.dumps({"@t": 1, "@mt": "{" * size})),
    Case("bytes of a journal", event, lambda size: json.dumps({"__REALTIME_TIMESTAMP": "1", "MESSAGE": [200] * size})),
    Case(
        "attributes of one name",
        event,
        lambda size: json.dumps(
            {"timeUnixNano": "1", "body": {}, "attributes": [{"key": "a", "value": {"intValue": n}} for n in range(size)]}
        ),
        2_000,
    ),
    Case(
        "attributes with numbers",
        event,
        lambda size: "{" + GOOD + ',"a":1,"attributes":{"a":2,' + ",".join(f'"a_{n}":1' for n in range(size)) + "}}",
    ),
    Case(
        "objects in which a trace may be",
        event,
        lambda size: "{" + GOOD + "," + ",".join(f'"{n}":{{}}' for n in range(size)) + "}",
    ),
    Case(
        "numbers that a double rounds",
        event,
        lambda size: '{"ts":1769860800.1234567,"a":[' + "1769860800.1234567," * size + "1]}",
    ),
    Case("dots of a number", event, lambda size: '{"ts":1769860800.5,"a":"' + "123456789." * size + '"}', 20_000),
    Case("blank lines of a trace", container, trace, 1_000),
    Case("records", envelope, lambda size: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + "{}," * size + "{}]}]}]}"),
    Case(
        "records with a long resource",
        envelope,
        lambda size: json.dumps(
            {"resourceLogs": [{"resource": {"a": "x" * size}, "scopeLogs": [{"logRecords": [{}] * size}] * 9}]}
        ),
        2_000,
    ),
    Case("an instant's digits", event, lambda size: json.dumps({"timestamp": "2026-01-31T12:00:00." + "1" * size}), 50_000),
]


def read(form: LineFormat, **how: Any) -> Callable[[bytes], object]:
    """What splitting a file costs, whose format is known."""
    file_format = FileFormat(form, **how)

    def work(content: bytes) -> object:
        return list(split(rows.read(io.BytesIO(content), file_format), ReadPosition(), rows=1_000))

    return work


csv_, text, json_ = read(LineFormat.CSV), read(LineFormat.TEXT), read(LineFormat.JSON, member="url")


array = read(LineFormat.JSON)


def members(size: int) -> bytes:
    return gzip.compress(b"x") * size


FILES = [
    Case("quotes that are opened again on each line", csv_, lambda size: b'a",b,"\n' * size, 2_000),
    Case("quotes that are never closed", csv_, lambda size: b'"a\n' * size, 10_000),
    Case("quoted line ends", csv_, lambda size: b'"' + b"\n" * size + b'"'),
    Case("cells", csv_, lambda size: b"," * size),
    Case("quotes", csv_, lambda size: b'"' * size),
    Case("doubled quotes in cells", csv_, lambda size: b'"a""b",' * size),
    Case("a long line", text, lambda size: b"x" * size, 500_000),
    Case("blank lines", text, lambda size: b"\n" * size, 500_000),
    Case("spaces", text, lambda size: b" " * size, 500_000),
    Case("nul characters", text, lambda size: b"\0" * size, 500_000),
    Case("no UTF-8", text, lambda size: b"\xff" * size + b"\n", 500_000),
    Case("no UTF-8 on each line", text, lambda size: b"\xff\n" * size),
    Case("short lines", text, lambda size: b"x\n" * size),
    Case("no JSON on each line", json_, lambda size: b"{\n" * size),
    Case("one line of JSON", json_, lambda size: b"[" * size, 100_000),
    Case("one object", json_, lambda size: names(size).encode()),
    Case("brackets of an array", array, lambda size: b"[" * size, 50_000),
    Case("brackets that close nothing", array, lambda size: b"]}" * size, 10_000),
    Case("elements of an array", array, lambda size: b'[{"a":1}' + b',{"a":[{}]}' * size),
    Case("words of an array", array, lambda size: b"[1" + b",1" * size, 10_000),
    Case("quotes of an array", array, lambda size: b'["' + b'\\"' * size, 100_000),
    Case("lists in an object", array, lambda size: b'{"events":[' + b'],"events":[' * size, 20_000),
    Case("deep elements of an array", array, lambda size: b'[{"a":[{"a":[{"a":[' * size, 10_000),
    Case("UTF-16", read(LineFormat.TEXT, encoding="utf-16"), lambda size: ("x" * size).encode("utf-16"), 100_000),
    Case("UTF-16 that is none", read(LineFormat.TEXT, encoding="utf-16-le"), lambda size: b"\0\xd8" * size, 50_000),
    Case("gzip members of one byte", read(LineFormat.TEXT, gzipped=True), members, 30_000),
    Case("gzip members of nothing", read(LineFormat.TEXT, gzipped=True), lambda size: gzip.compress(b"") * size, 2_000),
    Case(
        "gzip with a long name",
        read(LineFormat.TEXT, gzipped=True),
        lambda size: b"\x1f\x8b\x08\x08\0\0\0\0\0\0" + b"n" * size,
        500_000,
    ),
    Case("gzip that expands much", read(LineFormat.TEXT, gzipped=True), lambda size: gzip.compress(b"\n" * size), 1_000_000),
    Case("gzip with padding", read(LineFormat.TEXT, gzipped=True), lambda size: gzip.compress(b"x") + b"\0" * size, 500_000),
]


def sniffed(kind: str, file_name: str, column: str | None = None) -> Callable[[bytes], object]:
    """What an upload costs before it is a job: its beginning is parsed."""
    return lambda content: sniff(content, FILE_ROWS[kind], file_name=file_name, options={"column": column})


QUARTER = HEAD_BYTES // 8
HEADS = [
    Case(
        "brackets of an index",
        sniffed("urls", "a.txt"),
        lambda size: b")" * size + b" x https://a/ y",
        2_000,
    ),
    Case("bytes of any kind", sniffed("urls", "a.csv"), lambda size: random.Random(1).randbytes(size), QUARTER),
    Case(
        "letters of any kind",
        sniffed("urls", "a.txt"),
        lambda size: bytes(random.Random(1).choices(range(128, 256), k=size)),
        QUARTER,
    ),
    Case(
        "letters in words and lines",
        sniffed("urls", "a.txt"),
        lambda size: bytes(random.Random(1).choices([*range(192, 256), 32, 10], k=size)),
        QUARTER,
    ),
    Case("delimiters of a table", sniffed("urls", "a.csv"), lambda size: b",;\t|" * (size // 4) + b"\n", QUARTER),
    Case("quotes of a table", sniffed("urls", "a.csv"), lambda size: b'"' * size + b"\n", QUARTER),
    Case("columns that are not the one", sniffed("urls", "a.csv", "x"), lambda size: b"a," * (size // 2) + b"\n", QUARTER),
    Case("spaces in front of no URL", sniffed("urls", "a.txt"), lambda size: b" " * size + b"x\n", QUARTER),
    Case("members of a sample", sniffed("urls", "a.jsonl"), lambda size: names(size // 9).encode() + b"\n", QUARTER),
    Case("brackets of a sample", sniffed("urls", "a.jsonl"), lambda size: b"[" * size + b"\n", QUARTER),
    Case("quotes in an object", sniffed("urls", "a.json"), lambda size: b'{"a":"' + b'\\"' * (size // 2), QUARTER),
    Case("lists in an object", sniffed("urls", "a.json"), lambda size: b"{" + b'"a":[1],' * (size // 8), QUARTER),
    Case("objects in an object", sniffed("urls", "a.json"), lambda size: b'{"a":' * (size // 5), QUARTER),
    Case("names before bookmarks", sniffed("urls", "a.json"), lambda size: b'{"roots":' * (size // 9), QUARTER),
    Case("objects of a list", sniffed("urls", "a.json"), lambda size: b'[{"a":' * (size // 6), QUARTER),
    Case("quoted cells", sniffed("urls", "a.csv"), lambda size: b'"",' * (size // 3) + b"\n", QUARTER),
    Case("doubled quotes", sniffed("urls", "a.csv"), lambda size: b'x,"' + b'""' * (size // 2) + b"\n", QUARTER),
    Case("comments of a text", sniffed("urls", "a.txt"), lambda size: b"#\n" * (size // 2), QUARTER),
    Case("letters of another alphabet", sniffed("urls", "a.txt"), lambda size: b"\xe0" * size + b"\n", QUARTER),
    Case("gzip members of a sample", sniffed("urls", "a.txt.gz"), lambda size: members(size // 21), QUARTER),
    Case("line ends of old", sniffed("urls", "a.csv"), lambda size: b"\r" * size + b"x", QUARTER),
]


def form(body: bytes) -> object:
    upload = form_of(io.BytesIO(body), "multipart/form-data; boundary=x").upload
    return [len(piece) for piece in upload.content]


BEGUN = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"'
FORMS = [
    Case(
        "what looks like boundaries", form, lambda size: BEGUN + b"\r\n\r\n" + b"\r\n--x" * size + b"\r\n--x--\r\n", 20_000
    ),
    Case("line ends", form, lambda size: BEGUN + b"\r\n\r\n" + b"\r\n" * size + b"\r\n--x--\r\n", 100_000),
    Case("a line after line ends", form, lambda size: BEGUN + b"\r\n\r\n\r\n" + b"y" * size + b"\r\n--x--\r\n", 100_000),
    Case("what is in front", form, lambda size: b"\r\n--" * size, 20_000),
    Case("header lines", form, lambda size: BEGUN + b"\r\na: b" * size + b"\r\n\r\n", 5_000),
    Case("continued header lines", form, lambda size: BEGUN + b"\r\n " * size + b"\r\n\r\n", 10_000),
    Case("parameters", form, lambda size: BEGUN + b"; a=b" * size + b"\r\n\r\n", 5_000),
    Case("continued parameters", form, lambda size: BEGUN + b"; a*1=b" * size + b"\r\n\r\n", 5_000),
    Case("backslashes of a name", form, lambda size: BEGUN[:-6] + b"\\\\" * size + b'"\r\n\r\n', 10_000),
    Case("asterisks of a parameter", form, lambda size: BEGUN + b"; " + b"*1" * size + b"x=1\r\n\r\n", 10_000),
]

app = Flask(__name__)


def body_of(schema: type) -> Callable[[bytes], object]:
    def work(body: bytes) -> object:
        with app.test_request_context(method="POST", data=body, content_type="application/json") as context:
            return arguments.load(schema(), arguments.json_body, context.request)

    return work


def query_of(schema: type) -> Callable[[str], object]:
    def work(text: str) -> object:
        with app.test_request_context(f"/?{text}") as context:
            return arguments.load(schema(), arguments.query, context.request)

    return work


REQUESTS = [
    Case("unknown members", body_of(CollectBody), lambda size: names(size).encode(), 2_000),
    Case("brackets of a body", body_of(CollectBody), lambda size: b"[" * size, 50_000),
    Case("digits of a body", body_of(CollectBody), lambda size: b"9" * size, 50_000),
    Case("a list instead of a URL", body_of(CollectBody), lambda size: b'{"url":' + numbers(size).encode() + b"}"),
    Case("unknown parameters", query_of(EventsQuery), lambda size: "&".join(f"a{n}=1" for n in range(size)), 1_000),
    Case("one parameter many times", query_of(EventsQuery), lambda size: "&".join(["job=1"] * size), 1_000),
    Case("separators", query_of(EventsQuery), lambda size: "&" * size),
    Case("percent signs", query_of(EventsQuery), lambda size: "job=" + "%" * size),
    Case("unknown fields", query_of(LookupQuery), lambda size: "url=x&fields=" + "a," * size, 500),
    Case("digits of max_age", query_of(LookupQuery), lambda size: "url=x&max_age=" + "9" * size),
    Case("digits of fresh_for", query_of(ImportQuery), lambda size: "kind=urls&fresh_for=" + "9" * size),
    Case("digits of a limit", query_of(EventsQuery), lambda size: "limit=" + "9" * size),
    Case(
        "digits of a cursor", query_of(EventsQuery), lambda size: "cursor=" + base64.urlsafe_b64encode(b"9" * size).decode()
    ),
    Case(
        "digits of a numbered cursor",
        query_of(RowsQuery),
        lambda size: "cursor=" + base64.urlsafe_b64encode(b"9" * size).decode(),
    ),
    Case("digits of a price", query_of(ProductsQuery), lambda size: "min_price=" + "9" * size),
    Case("an instant of a query", query_of(EventsQuery), lambda size: "since=2026-01-31T12:00:00." + "1" * size),
    Case("spaces in an ETag", parse_etags, lambda size: "a" + " " * size + "b"),
    Case("quotes in an ETag", parse_etags, lambda size: '"' * size),
    Case("commas in an ETag", parse_etags, lambda size: "," * size),
    Case("unclosed ETags", parse_etags, lambda size: 'W/"' * size),
    Case(
        "a plain head", plain_get.read, lambda size: b"GET / HTTP/1.1\r\n" + b"a: " + b"b " * size + b"\x00\r\n\r\n", 3_000
    ),
    Case("many plain lines", plain_get.read, lambda size: b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * size + b"\r", 1_500),
    Case("a plain lookup", URL_ONLY.fullmatch, lambda size: "url=" + "%41" * size + "%", 50_000),
    Case("a city", City.read, lambda size: "a\u0301" * size),
]

FEED = Feed("acme", "http://feed.test/", {name: FieldPath(name) for name in ("id", "title", "price", "category")})


def page_of(body: bytes) -> object:
    return Pages.read(PageResponse(200, Body(body), (), None, 0.0))


def following(paginator: Any) -> Callable[[Any], object]:
    return lambda content: PageLoopGuard(replace(FEED, paginator=paginator), 1, None).next(
        Page("http://feed.test/?page=1", content, 20)
    )


def link(value: str) -> object:
    return LinkHeader().next(Page("http://feed.test/", None, 0, (value,)))


def item(found: Any) -> object:
    return normalised(FEED, found)


PAGES = [
    Case("digits of a page", page_of, lambda size: b"9" * size, 50_000),
    Case("brackets of a page", page_of, lambda size: b"[" * size, 50_000),
    Case("members of a page", page_of, lambda size: names(size).encode()),
    Case("digits of a last page", following(Numbered(pages="pages")), lambda size: {"pages": "9" * size}),
    Case("digits of a total", following(Offset(total="total")), lambda size: {"total": "9" * size}),
    Case("a long cursor", following(Cursor("next")), lambda size: {"next": "\u00e4" * size}),
    Case("a long reference", following(NextUrl("next")), lambda size: {"next": "../" * size}),
    Case("angle brackets", link, lambda size: "<" * size, 50_000),
    Case("an unclosed link", link, lambda size: "<" + "a" * size, 50_000),
    Case("links", link, lambda size: "<>," * size),
    Case("parameters of a link", link, lambda size: "<>" + ";a=b" * size),
    Case("spaces after a link", link, lambda size: "<>" + " " * size, 50_000),
    Case("spaces in parameters", link, lambda size: "<>;" + " " * size + "a", 50_000),
    Case("links and spaces", link, lambda size: "<> ;  " * size),
    Case("quotes in parameters", link, lambda size: "<>" + ';rel="' * size),
    Case("a long relation", link, lambda size: '<>;rel="' + "nex " * size + '"'),
    Case("long relations", link, lambda size: "<>" + ';rel="nexx next' * size),
    Case("semicolons in a relation", link, lambda size: '<>;a="' + ";rel=" * size + '"'),
    Case("spaces after semicolons in a relation", link, lambda size: '<>;a="' + ";" + " " * size + '"'),
    Case("many semicolons and spaces in a relation", link, lambda size: '<>;a="' + "; " * size + '"'),
    Case("words of a name", link, lambda size: "<>;" + "a" * size),
    Case("a long title", item, lambda size: {"id": 1, "title": "a\u0301 \0" * size, "price": 1}),
    Case("a long id", item, lambda size: {"id": "a" * size, "title": "a", "price": 1}, 50_000),
    Case("digits of a price in a feed", item, lambda size: {"id": 1, "title": "a", "price": "0." + "1" * size}, 50_000),
    Case("a list for each field", item, lambda size: dict.fromkeys(("id", "title", "price", "category"), [1] * size)),
]


def weather_of(cities: Any) -> object:
    def get(url: str, parameters: Any) -> tuple[int, Any]:
        return 200, {"results": cities}

    return OpenMeteo("http://a.test/", "http://b.test/").current(City.read("Paris, FR"), get)


PARIS = {"name": "Paris", "country_code": "FR", "latitude": 1, "longitude": 1}
WEATHER = [
    Case("cities", weather_of, lambda size: [PARIS] * size, 200),
    Case("the name of a city", weather_of, lambda size: [{**PARIS, "name": "a\u0301" * size}]),
    Case("the country of a city", weather_of, lambda size: [{**PARIS, "country_code": "a\u0301" * size}]),
    Case("the feature code of a city", weather_of, lambda size: [{**PARIS, "feature_code": [1] * size}]),
]


table_, members_ = sniffed("urls", "a.csv"), sniffed("urls", "a.jsonl")

LISTS = [
    Case("brackets of a line", in_text, lambda size: "[" * size, 50_000),
    Case("brackets and parentheses of a line", in_text, lambda size: "[" + "](" * size, 20_000),
    Case("parentheses of a link", in_text, lambda size: "[](" + "()" * size, 20_000),
    Case("spaces of a link", in_text, lambda size: "[a](" + " " * size + '"', 2_000),
    Case("spaces of a checked link", lambda text: checked(text, None), lambda size: "[a](" + " " * size + '"', 2_000),
    Case("unclosed parentheses of a link", in_text, lambda size: "[](" + "(" * size, 20_000),
    Case("quotes of a line", in_text, lambda size: '"' * size, 50_000),
    Case("angle brackets of a line", in_text, lambda size: "<" * size, 50_000),
    Case("spaces of a line", in_text, lambda size: "https://a/" + " " * size + "b", 50_000),
    Case("bullets of a line", in_text, lambda size: "- " * size, 50_000),
    Case("signs of a line", in_text, lambda size: "+- " * size + "a", 50_000),
    Case("a comment's spaces", in_text, lambda size: '"https://a/"' + " " * size + "b", 50_000),
    Case("words after a link", in_text, lambda size: '"https://a/" ' + "http " * size + "https://b/", 20_000),
    Case("tags of a checked value", lambda text: checked(text, None), lambda size: "https://a/?" + "<a" * size, 50_000),
    Case("slashes of a tag", lambda text: checked(text, None), lambda size: "https://a/?" + "<a" + "/" * size, 50_000),
    Case("commas of a checked value", lambda text: checked(text, None), lambda size: "https://a/" + ",http" * size, 50_000),
    Case("colours of a line", in_text, lambda size: "\x1b[" * size, 50_000),
    Case("digits of a bullet", in_text, lambda size: "1" * size, 50_000),
    Case("labels of a host", in_text, lambda size: "a." * size, 20_000),
    Case("hyphens of a host", in_text, lambda size: "a" + "-" * size, 20_000),
    Case("labels of a checked host", lambda text: checked(text, "https"), lambda size: "a-." * size + "1", 20_000),
    Case("spaces of a checked value", lambda text: checked(text, None), lambda size: "a" + " " * size + "b", 50_000),
    Case("rows before a table", table_, lambda size: b"x\n" * size + b"a,url\n1,https://a/\n", 5_000),
    Case("cells of a row", table_, lambda size: b"a," * size + b"\n" + b"https://a/," * size, 2_000),
    Case("names of a header", table_, lambda size: b"url," * size + b"\n" + b"https://a/," * size, 2_000),
    Case("members of a line", members_, lambda size: names(size).encode(), 2_000),
    Case("objects in each other", members_, lambda size: b'{"a":' * size + b'"https://a/"' + b"}" * size, 500),
]


@pytest.mark.parametrize("case", [*LINES, *FILES, *LISTS, *HEADS, *FORMS, *REQUESTS, *PAGES, *WEATHER], ids=str)
def test_what_it_costs_to_read_is_in_proportion_to_its_length(case: Case) -> None:
    def work(given: Any) -> None:
        with suppress(*REFUSALS):
            case.work(given)

    assert_linear(work, case.make, small=case.small)
