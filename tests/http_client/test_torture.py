"""What an upstream does → what is recorded. The ids read like the table of docs/fetching.md."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.guard import Guard
from inventory.webpages.source import Webpage
from tests.http_client.conftest import OPENED, make_fetcher
from tests.http_client.odd_upstreams import OddUpstream, black_hole, certified
from tests.upstreams.torture import PAGE, Torture

DEADLINE = 1.0
MARGIN = 1.0
LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Snapshot:
    """Members of a snapshot's content, as `path.to.member`, and its body; by how much a process that fetches it may grow."""

    status: int = 200
    body: bytes | None = PAGE
    members: dict[str, Any] = field(default_factory=dict)
    defect: str = ""
    megabytes: int | None = None


@dataclass(frozen=True)
class Failure:
    code: str
    permanent: bool = False


INVALID = Failure("invalid_response", permanent=True)
INCOMPLETE = Failure("incomplete_response")
TIMEOUT = Failure("timeout")
BOMB = Snapshot(body=bytes(LIMIT), members={"body.truncated": True}, megabytes=64)

TABLE: dict[str, tuple[str | OddUpstream, Snapshot | Failure]] = {
    # Any answer is a snapshot.
    "a page is a snapshot": ("page", Snapshot()),
    "204 is a snapshot": ("no-content", Snapshot(204, b"")),
    "404 is a snapshot": ("not-found", Snapshot(404, b"nothing")),
    "500 is a snapshot": ("error", Snapshot(500, b"broken")),
    "999 is a snapshot": ("status-999", Snapshot(999, b"no")),
    "a status line without a reason": ("no-reason", Snapshot(200, b"fine", {"response.reason": ""})),
    "answers before the answer are kept": (
        "early-hints",
        Snapshot(
            members={
                "response.interim": [
                    {"status": 103, "reason": "Early Hints", "headers": [{"name": "Link", "value": "</a>"}]},
                    {"status": 100, "reason": "Continue", "headers": []},
                ]
            }
        ),
    ),
    "a status line in lower case": ("lower-case", Snapshot(defect="status line is malformed: 'http/1.1 200 OK'")),
    "no space after the status": ("no-space", Snapshot(members={"response.reason": "OK"}, defect="'HTTP/1.1 200OK'")),
    "empty lines before the answer": ("empty-lines", Snapshot(defect="empty lines before the status line")),
    "CR CR LF after every line": ("cr-cr-lf", Snapshot(body=b"ok", defect="'Content-Length: 2\\r'")),
    "the same Content-Length in a list": ("length-list", Snapshot(body=b"hello")),
    "a Content-Length with zeros before it": ("long-zeros", Snapshot(body=b"hello")),
    "a 304 with a malformed length": ("not-modified-of-x", Snapshot(304, b"", defect="not one number")),
    "empty elements in Transfer-Encoding": ("empty-elements", Snapshot(body=b"hello")),
    "a Transfer-Encoding that is none": ("identity", Snapshot(body=b"hello")),
    "chunk sizes with zeros before them": ("zeros-of-chunks", Snapshot(body=b"hello")),
    "words after the size of a chunk": ("words-of-chunks", Snapshot(body=b"hello", defect="malformed: '5 bytes'")),
    "no end after the last chunk": (
        "no-end-of-trailers",
        Snapshot(
            body=b"hello",
            members={"response.trailers": [{"name": "X-Trailer", "value": "t"}]},
            defect="the response ends inside its trailers: 'X-Cut'",
        ),
    ),
    "a Content-Encoding that is none": ("not-coded", Snapshot(members={"body.encoding": "text"}, defect="names 'utf-8'")),
    "a body without length ends with the connection": ("until-close", Snapshot()),
    "HTTP/1.0": ("http-1.0", Snapshot(members={"response.http_version": "1.0"})),
    "lines that end in a bare newline": ("bare-newlines", Snapshot(body=b"ok")),
    "chunks, with extension and trailer": (
        "chunked",
        Snapshot(body=b"hello!", members={"response.trailers": [{"name": "X-Trailer", "value": "t"}]}),
    ),
    "a trailer without a colon": (
        "odd-trailers",
        Snapshot(
            body=b"hello",
            members={"response.trailers": [{"name": "X-Trailer", "value": "t"}]},
            defect="trailers: header line 2 has no colon: 'no colon here'",
        ),
    ),
    "a trailer line of CR alone": (
        "cr-in-trailers",
        Snapshot(
            body=b"hello",
            members={"response.trailers": [{"name": "X-Trailer", "value": "t"}]},
            defect="trailers: header line 1 is a bare CR",
        ),
    ),
    "deflate without its zlib header": ("bare-deflate", Snapshot()),
    "gzip as a transfer coding": ("transfer-gzip", Snapshot(body=PAGE * 100)),
    "more bytes than Content-Length": ("more-than-length", Snapshot(body=b"hello", defect="after the end of the response")),
    "the same Content-Length twice": ("length-twice", Snapshot()),
    "Content-Length and chunks together": ("length-and-chunked", Snapshot(body=b"hello", defect="together")),
    # Header lines.
    "500 headers": ("500-headers", Snapshot()),
    "a header line without a colon": ("no-colon", Snapshot(defect="no colon: 'this is no header'")),
    "a long header line without a colon": ("long-no-colon", Snapshot(defect=repr("nothing but words " * 3_000))),
    "an indented header line before all others": ("indented", Snapshot(defect="no header line: ' X-Indented: 1'")),
    "a bare CR in a header": ("bare-cr", Snapshot(defect="bare CR")),
    "a header line of CR alone": ("cr-alone", Snapshot(defect="header line 3 is a bare CR and nothing else")),
    "a CR before the end of a header line": ("cr-at-end", Snapshot(defect="bare CR")),
    "a NUL in a header": ("nul", Snapshot(defect="NUL")),
    "a folded header": ("folded", Snapshot(defect="folded")),
    "a space in a header's name": ("space-in-name", Snapshot(defect="malformed name: 'X Name '")),
    "a 70 KB header line": ("long-line", INVALID),
    "endless headers": ("endless-headers", INVALID),
    # Bodies.
    "truncated gzip, no length": ("cut-gzip", Snapshot(body=None, members={"body.truncated": True}, defect="too early")),
    "invalid gzip": ("bad-gzip", Snapshot(body=b"this is not gzip", members={"body.undecoded": "gzip"})),
    "gzip whose checksum is wrong": ("late-bad-gzip", Snapshot(body=None, members={"body.undecoded": "gzip"})),
    "bytes after the end of gzip": ("gzip-and-more", Snapshot(body=PAGE * 100, defect="after the end of the gzip")),
    "20 nested encodings": ("20-codings", Snapshot(defect="20 codings", members={"body.encoding": "base64"})),
    "an encoding that nobody knows": ("unknown-coding", Snapshot(members={"body.undecoded": "compress"})),
    "an endless body": (
        "endless-body",
        Snapshot(body=None, members={"body.truncated": True, "body.size": LIMIT}, megabytes=64),
    ),
    "a gzip bomb of 2 GiB": ("gzip-bomb", BOMB),
    "a br bomb of 2 GiB": ("br-bomb", BOMB),
    "a zstd bomb of 2 GiB": ("zstd-bomb", BOMB),
    "a bomb in a bomb": ("double-bomb", BOMB),
    # Incomplete responses.
    "a body shorter than Content-Length": ("short-body", INCOMPLETE),
    "RST in the body": ("reset", INCOMPLETE),
    "a head that is cut": ("cut-head", INCOMPLETE),
    "a chunk that is cut": ("cut-chunk", INCOMPLETE),
    "no last chunk": ("no-last-chunk", INCOMPLETE),
    "a bad chunk": ("bad-chunk", INCOMPLETE),
    "a chunk size of thousands of digits": ("long-chunk", INCOMPLETE),
    "a chunk of a negative size": ("signed-chunk", INCOMPLETE),
    # Responses that are not HTTP.
    "HTTP/0.9": ("http-0.9", INVALID),
    "an empty reply": ("empty", INVALID),
    "TLS on the http port": ("garbage", INVALID),
    "status 1000": ("status-1000", INVALID),
    "status 99": ("status-99", INVALID),
    "HTTP/2 in a status line": ("http-2", INVALID),
    "differing Content-Lengths": ("two-lengths", INVALID),
    "a mail server": ("mail", INVALID),
    "a Content-Length of thousands of digits": ("long-length", INVALID),
    "a Content-Length with a sign": ("odd-length", INVALID),
    # Redirects.
    "20 hops": ("redirect-20", Snapshot()),
    "21 hops": ("redirect-21", Failure("too_many_redirects", permanent=True)),
    "a redirect loop": ("redirect-loop", Failure("too_many_redirects", permanent=True)),
    "a redirect to a forbidden address": ("redirect-private", Failure("forbidden_address", permanent=True)),
    "a redirect to a port of another protocol": ("redirect-port", Failure("forbidden_address", permanent=True)),
    "a redirect to a forbidden scheme": ("redirect-file", Failure("forbidden_address", permanent=True)),
    "a redirect with a password": ("redirect-login", Snapshot()),
    "a redirect to bytes that are not UTF-8": ("redirect-latin1", Snapshot()),
    "a redirect of 65,536 characters": ("redirect-long", Snapshot()),
    "a redirect with an empty Location": ("redirect-empty", Snapshot(302, b"ok")),
    "a redirect with two Locations": ("redirect-twice", Snapshot(302, b"ok", defect="several Location lines")),
    "a redirect with the same Location twice": ("redirect-doubled", Snapshot()),
    "a choice, which is no redirect": ("redirect-300", Snapshot(300, b"ok")),
    "a redirect to no URL": ("redirect-nowhere", INVALID),
    "a redirect in UTF-8": ("redirect-utf8", Snapshot()),
    "a redirect whose body never ends": ("redirect-endless-body", Snapshot()),
    "a redirect that leads nowhere": ("redirect-without-location", Snapshot(302, b"ok")),
    # Slow and endless.
    "a silent upstream": ("silent", TIMEOUT),
    "a status line that drips": ("status-drip", TIMEOUT),
    "header drip": ("header-drip", TIMEOUT),
    "body drip": ("body-drip", TIMEOUT),
    "drip in chunks": ("chunk-drip", TIMEOUT),
    "trailer drip": ("trailer-drip", TIMEOUT),
    "1xx flood": ("endless-1xx", TIMEOUT),
    "a slow chain of redirects": ("redirect-slowly", TIMEOUT),
    "a DNS black hole": (black_hole, TIMEOUT),
    # TLS.
    "a certificate that is in order": (certified(), Snapshot()),
    "an expired certificate": (certified(days=-1), Failure("tls_failure", permanent=True)),
    "a certificate for another host": (certified("other.test"), Failure("tls_failure", permanent=True)),
    "a certificate of an unknown authority": (certified(by_another=True), Failure("tls_failure", permanent=True)),
}


@pytest.mark.parametrize(("script", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_an_upstream_does_is_recorded_as_the_table_says(
    torture: Torture, script: str | OddUpstream, expected: Snapshot | Failure
) -> None:
    # A drip ends at the deadline; what is only large or odd must not depend on how busy the machine is.
    seconds = DEADLINE if expected is TIMEOUT else 20.0
    with nullcontext((torture.url(script), {})) if isinstance(script, str) else script() as (url, made_with):
        webpage = Webpage(make_fetcher(deadline=seconds, body_limit=LIMIT, **made_with), Guard(OPENED))
        begun = time.monotonic()
        if isinstance(expected, Failure):
            with pytest.raises(SourceFailure) as caught:
                webpage.collect(url)
            assert (caught.value.code, caught.value.permanent) == (expected.code, expected.permanent)
        else:
            _check(webpage, url, expected)
        took = time.monotonic() - begun
        if isinstance(expected, Snapshot) and expected.megabytes:
            assert _grown(url, torture.url("page")) < expected.megabytes

    assert took < seconds + MARGIN
    assert took > seconds - MARGIN / 2 or expected is not TIMEOUT


def _check(webpage: Webpage, url: str, expected: Snapshot) -> None:
    collected = webpage.collect(url)
    assert collected.content["response"]["status"] == expected.status
    if expected.body is not None:
        assert collected.body == expected.body
    for path, value in expected.members.items():
        member, name = path.split(".")
        assert collected.content[member][name] == value, path
    defects = collected.content["response"]["defects"]
    assert expected.defect in " ".join(defects)
    assert bool(defects) == bool(expected.defect) or expected.members.get("body.undecoded")


def test_headers_after_a_defective_line_are_kept(torture: Torture) -> None:
    for script in (
        "no-colon",
        "long-no-colon",
        "indented",
        "bare-cr",
        "cr-alone",
        "cr-at-end",
        "nul",
        "folded",
        "space-in-name",
    ):
        head = make_fetcher().fetch(urls.parse(torture.url(script))).final.head
        assert head.values("x-after") == ["2"], script


def test_what_comes_before_a_redirect_is_kept_with_it(torture: Torture) -> None:
    [hop] = Webpage(make_fetcher(), Guard(OPENED)).collect(torture.url("hints-and-redirect")).content["redirects"]

    assert hop["interim"] == [{"status": 103, "reason": "Early Hints", "headers": [{"name": "Link", "value": "</a>"}]}]
    assert hop["defects"] == ["interim response 1: header line 2 has no colon: 'odd'"]


def test_all_of_500_headers_are_kept_in_order(torture: Torture) -> None:
    fields = make_fetcher().fetch(urls.parse(torture.url("500-headers"))).final.head.fields

    assert [value for name, value in fields if name.startswith("X-Number-")] == [str(number) for number in range(500)]


def test_bytes_of_a_header_are_read_as_latin_1(torture: Torture) -> None:
    head = make_fetcher().fetch(urls.parse(torture.url("raw-bytes"))).final.head

    assert head.values("x-bytes") == ["caf\xe9 \xff"]


def test_names_that_mean_something_to_a_store_are_names_like_others(torture: Torture) -> None:
    fields = make_fetcher().fetch(urls.parse(torture.url("dollar-names"))).final.head.fields

    assert ("$where", "1") in fields
    assert ("x.y", "2") in fields


def _grown(url: str, warm_up: str) -> float:
    """By how many megabytes the peak memory of a fresh process grows when it fetches this."""
    command = [sys.executable, "-m", "tests.http_client.memory_probe", url, warm_up]
    done = subprocess.run(command, capture_output=True, check=True, timeout=90)
    grown: float = json.loads(done.stdout)["grown"]
    return grown
