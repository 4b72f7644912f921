"""Whatever bytes an upstream sends become a snapshot or a failure with a code: no other exception, and no long wait."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory import json_bytes, urls, web_encodings
from inventory.errors import SourceFailure
from inventory.http_client import cookie_dates, cookies, decoding
from inventory.http_client.guard import Guard
from inventory.http_client.head import Head
from inventory.http_client.retry_after import MAX_PAUSE, target_pause
from inventory.records.model import Content
from inventory.records.schemas import FAILURES
from inventory.records.source import Collected
from inventory.webpages.cookies import cookies_of
from inventory.webpages.source import Webpage, page_source
from tests.http_client.conftest import OPENED, make_fetcher
from tests.http_client.raw import Raw

TLS = ssl.create_default_context()
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
DIGITS = st.one_of(
    st.integers(0, 10**30).map(str), st.sampled_from(["9" * 5_000, "0" * 5_000, "-1", "+5", "1e3", "\xb2", ""])
)
BYTES = st.binary(max_size=40)
DATES = st.one_of(
    st.datetimes().map(lambda instant: instant.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    st.sampled_from([f"Sat, 31 Jan {'9' * 5_000} 12:00:00 GMT", "Sat, 31 Jan 99999999999999999999 12:00:00 GMT", "0"]),
    st.lists(
        st.sampled_from(["Jan", "31", "2026", "99999", "12:00:00", "99:99:99", "GMT", "+9999", "-", ","]), max_size=9
    ).map(" ".join),
    st.text(st.characters(max_codepoint=255), max_size=30),
)
ATTRIBUTES = st.one_of(
    DATES.map(lambda date: f"; Expires={date}"),
    DIGITS.map(lambda digits: f"; Max-Age={digits}"),
    st.text("./\xe9a-[]", max_size=9).map(lambda text: f"; Domain={text}"),
    st.text("/;\x7fa", max_size=9).map(lambda text: f"; Path={text}"),
    st.sampled_from(["; Secure", "; SameSite=None", "; =", ";;", "; Partitioned", "; Domain"]),
)
COOKIES = st.tuples(st.text(st.characters(max_codepoint=255), max_size=9), st.lists(ATTRIBUTES, max_size=4)).map(
    lambda parts: parts[0] + "".join(parts[1])
)
TYPES = st.one_of(
    st.sampled_from(["text/html", "", ";", "image/png", "text/" + "x" * 3_000]),
    st.sampled_from(["utf-16", "iso-2022-jp", "hz-gb-2312", "gb18030", "x-user-defined", "replacement", "\xff", '"']).map(
        lambda charset: f"text/html; charset={charset}"
    ),
    st.text(st.characters(max_codepoint=255), max_size=20),
)
VALUES = {
    "Content-Length": st.one_of(DIGITS, st.sampled_from(["5, 5", "5,,05", "5, 6", ",", "0" * 5_000 + "5"])),
    "Transfer-Encoding": st.sampled_from(
        [
            "chunked",
            "gzip, chunked",
            "chunked, chunked",
            ",",
            "x",
            "chunked\x0b",
            ", chunked,",
            "identity",
            "Chunked",
            "binary",
        ]
    ),
    "Content-Encoding": st.sampled_from(
        ["gzip", "deflate", "br", "zstd", "gzip, br", ",,", "x" * 300, "zstd, zstd", "UTF-8"]
    ),
    "Content-Type": TYPES,
    "Retry-After": st.one_of(DIGITS, DATES),
    "Set-Cookie": COOKIES,
    "Connection": st.sampled_from(["close", "keep-alive", "\xa0", ","]),
    "Location": st.one_of(
        st.sampled_from(
            ["/", "//", "http://[", "http://a:b@c/", "file:///", "/\x00", "/" + "x" * 3_000, "http://127.0.0.1:99999/"]
        ),
        st.sampled_from(["http://127.0.0.1:6667/", "http://10.0.0.1/", "\xe9", "http:\xa0//", ""]),
    ),
}
FIELDS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: VALUES[name].map(lambda value: f"{name}: {value}".encode("latin-1"))
)
LINES = st.one_of(
    FIELDS, FIELDS, FIELDS, BYTES, st.sampled_from([b"\r", b" ", b"\t x", b":", b"\r\r", b"a: b\r", b"X: \0", b"odd"])
)
HEADS = st.tuples(
    st.one_of(
        st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 429", b"HTTP/1.0 302 Found", b"HTTP/1.1 304 N", b"HTTP/1.1 103 E"]),
        st.sampled_from(
            [b"http/1.1 200 ok", b"HTTP/1.1 200OK", b"\nHTTP/1.1\t200", b"HTTP/1.1 200 OK\r", b"HTTP/1.1 101 S"]
        ),
        st.sampled_from([b"HTTP/1.1 " + b"9" * 5_000, b"220 mail.test ESMTP", b"\r", b"", b"HTTP/1.1\xa0200 OK"]),
        BYTES,
    ),
    st.lists(LINES, max_size=6),
    st.sampled_from([b"\r\n", b"\n", b"\r\r\n"]),
).map(lambda parts: parts[2].join([parts[0], *parts[1], b"", b""]))
CHUNKS = st.one_of(
    st.sampled_from([b"5\r\nhello\r\n", b"0\r\n", b"f" * 5_000 + b"\r\n", b"5;" + b"x" * 99 + b"\r\nhello\r\n", b"\r\n"]),
    st.sampled_from([b"0" * 5_000 + b"5 x\r\nhello\r\n", b" 1\r\nx\r\n", b"0\r\nX: y\r\n z", b"0x1\r\nx\r\n", b"0;\n"]),
    st.sampled_from([b"-1\r\n", b"0\r\n\r\r\n\r\n", b"0\r\nX: y\r\n \r\n\r\n", b"1\n\xff\n"]),
    st.binary(max_size=20),
)
BODIES = st.one_of(
    st.lists(CHUNKS, max_size=5).map(b"".join), st.sampled_from([b"\x1b$" * 20, b"~{" * 20, b"\x1f\x8b\x08\0" * 9])
)


@pytest.fixture(scope="module")
def raw() -> Iterator[Raw]:
    with Raw() as upstream:
        yield upstream


@settings(max_examples=100, deadline=None)
@given(heads=st.lists(HEADS, min_size=1, max_size=2), body=BODIES, limit=st.sampled_from([7, 4_096]))
@example(heads=[b"HTTP/1.1 200 OK\r\n\r\r\n\r\n"], body=b"", limit=7)
@example(heads=[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], body=b"0\r\n\r\r\n\r\n", limit=7)
@example(heads=[b"HTTP/1.1 503 Busy\r\nRetry-After: Sat, 31 Jan 99999999999999999999 0:0:0 GMT\r\n\r\n"], body=b"", limit=7)
@example(heads=[b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n"], body=b"", limit=7)
@example(heads=[b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=iso-2022-jp\r\n\r\n"], body=b"\x1b$" * 20, limit=39)
def test_any_bytes_are_a_snapshot_or_a_failure_with_a_code(raw: Raw, heads: list[bytes], body: bytes, limit: int) -> None:
    raw.answer = b"".join(heads) + body
    begun = time.thread_time()

    found = outcome(raw.url(), limit, None)
    again = outcome(raw.url(), limit, None if isinstance(found, str) else found.content)

    for each in (found, again):
        if isinstance(each, str):
            assert each in FAILURES
        else:
            json_bytes.dumps({**each.content, "cookies": cookies_of(each.content)})
            assert each.body is None or isinstance(page_source(each.body, each.content), str)
    assert time.thread_time() - begun < 2.0


def outcome(url: str, limit: int, previous: Content | None) -> Collected | str:
    """What was collected, or the code of the failure."""
    try:
        return Webpage(make_fetcher(deadline=5.0, body_limit=limit, tls=TLS), Guard(OPENED)).collect(url, previous)
    except SourceFailure as failure:
        return failure.code


@given(COOKIES)
def test_any_cookie_is_read(line: str) -> None:
    cookie = cookies.parse(line, urls.parse("https://a.test/b/c"))

    json_bytes.dumps([cookie.name, cookie.value, cookie.domain, cookie.path, cookie.max_age, cookie.reason])


@given(DATES)
def test_any_date_of_a_cookie_is_one_or_none(text: str) -> None:
    told = cookie_dates.parse(text)

    assert told is None or abs(told - NOW) < timedelta(days=366 * 10_000)


@given(st.one_of(DIGITS, DATES), st.sampled_from([429, 503]))
@example("Sat, 31 Jan 99999999999999999999 12:00:00 GMT", 503)
def test_any_retry_after_is_a_pause_within_bounds(value: str, status: int) -> None:
    pause = target_pause(Head(status, "", "1.1", (("Retry-After", value),), ()), NOW)

    assert pause is not None
    assert 0 <= pause <= MAX_PAUSE


@given(st.binary(max_size=200), TYPES, st.booleans())
def test_any_body_of_any_type_is_examined_and_read(body: bytes, content_type: str, truncated: bool) -> None:
    text = decoding.examine(body, content_type, truncated=truncated)

    if text.charset is not None:
        json_bytes.dumps(web_encodings.decode(web_encodings.whole_characters(body, text.charset), text.charset))
