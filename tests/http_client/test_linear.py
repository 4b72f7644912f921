"""Nothing that an upstream sends takes longer than in proportion to its size to be read, kept and answered."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import zstandard

from inventory import json_bytes, urls, web_encodings
from inventory.errors import InvalidUrl
from inventory.http_client import codings, cookie_dates, cookies, decoding, redirects
from inventory.http_client.body import Body, read_body
from inventory.http_client.cookies import Cookie
from inventory.http_client.decoding import Text
from inventory.http_client.fetched import Fetched, Hop, Timing
from inventory.http_client.head import FieldReader, Fields, Head
from inventory.http_client.hsts import StrictHosts
from inventory.http_client.jar import Jar
from inventory.http_client.retry_after import target_pause
from inventory.http_client.tls import TlsDetails
from inventory.urls import Url
from inventory.webpages import refreshes
from inventory.webpages.content import content_of, revalidated
from inventory.webpages.cookies import cookies_of
from tests.growth import assert_linear
from tests.http_client.raw import reader_of

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HTTPS, HTTP = urls.parse("https://a.test/b/c?d"), urls.parse("http://a.test/b/c?d")
LIMIT = 4 * 1024 * 1024
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(sent: bytes) -> Body:
    """The whole of an answer."""
    response = reader_of(sent)
    response.read_head()
    return read_body(response, LIMIT)


def head(line: bytes) -> Callable[[int], list[bytes]]:
    """Many times this header line."""
    return lambda size: [line] * size


def read_lines(lines: list[bytes]) -> object:
    reader = FieldReader()
    for number, line in enumerate(lines, 1):
        reader.add(number, line)
    return reader.end()


def answer(
    fields: Fields = (), set_by: tuple[Cookie, ...] = (), *, status: int = 200, tls: TlsDetails | None = None
) -> Fetched:
    hop = Hop(HTTPS, Head(status, "OK", "1.1", fields, ()), set_by, "192.0.2.1", tls)
    return Fetched((hop,), hop, Body(b""), fields, Timing(1, 1, 1, 1, 1, 1))


def kept(fetched: Fetched) -> object:
    content = content_of(fetched, b"", Text("text/html", "utf-8"))
    return json_bytes.dumps({**content, "cookies": cookies_of(content)})


def kept_again(fetched: Fetched) -> object:
    return revalidated(content_of(fetched, b"", Text("text/html", "utf-8")), fetched)


def certificate(size: int) -> TlsDetails:
    names = tuple(f"{number}.test" for number in range(size))
    return TlsDetails(
        subject="x" * size,
        issuer="x",
        names=names,
        version="TLSv1.3",
        cipher="x",
        sha256="0" * 64,
        not_before=NOW,
        not_after=NOW,
    )


def set_over_https(lines: list[str]) -> tuple[Cookie, ...]:
    return tuple(cookies.parse(line, HTTPS) for line in lines)


def into_a_jar(secure: str, plain: str) -> tuple[Callable[[Any], object], Callable[[int], Any]]:
    """As many cookies over http as a jar has `Secure` ones already."""

    def make(size: int) -> Any:
        over_http = tuple(cookies.parse(plain.format(number), HTTP) for number in range(size))
        return set_over_https([secure.format(number) for number in range(size)]), over_http

    return fill_a_jar, make


def fill_a_jar(given: Any) -> object:
    jar = Jar()
    return [jar.keep(given[0], NOW), jar.keep(given[1], NOW), jar.header(HTTPS), jar.header(HTTP)]


def parsed(text: str) -> object:
    try:
        return urls.parse(text)
    except InvalidUrl as error:
        return error


def joined(text: str) -> object:
    try:
        return urls.join(HTTPS, text)
    except InvalidUrl as error:
        return error


def followed(text: str) -> object:
    return urls.follow(HTTPS, text)


def strict(value: str) -> object:
    hosts = StrictHosts()
    hosts.note(HTTPS, Head(302, "", "1.1", (("Strict-Transport-Security", value),), ()))
    return hosts.secured(HTTP)


def secured(url: Url) -> object:
    hosts = StrictHosts()
    fields = (("Strict-Transport-Security", "max-age=1; includeSubDomains"),)
    hosts.note(HTTPS, Head(302, "", "1.1", fields, ()))
    return hosts.secured(url)


def refresh(value: str) -> object:
    return refreshes.of_headers([value], HTTPS.href)


def refreshed(body: bytes) -> object:
    return refreshes.of_page(b"<meta http-equiv=refresh>" + body, Text("text/html", "utf-8"), HTTPS.href)


def examined(content_type: str) -> Callable[[bytes], object]:
    def work(body: bytes) -> object:
        text = decoding.examine(body, content_type, truncated=True)
        return (
            web_encodings.decode(web_encodings.whole_characters(body, text.charset), text.charset) if text.charset else None
        )

    return work


def times(piece: str) -> Callable[[int], str]:
    return lambda size: piece * size


def bytes_of(piece: bytes) -> Callable[[int], bytes]:
    return lambda size: piece * size


def cookie_line(text: str) -> object:
    return cookies.parse(text, HTTPS)


def media_type_of(text: str) -> object:
    return decoding.examine(b"", text)


def decoded(*names: str) -> Callable[[list[bytes]], object]:
    def work(pieces: list[bytes]) -> object:
        try:
            return sum(len(piece) for piece in codings.undo(iter(pieces), names))
        except (codings.Undecodable, codings.EndedEarly, codings.TrailingBytes) as error:
            return error

    return work


def busy(value: str) -> object:
    return target_pause(Head(503, "", "1.1", (("Retry-After", value),), ()), NOW)


EMPTY_GZIP = zlib.compressobj(wbits=31).flush()
JARS = {
    "cookies of many names": ("s{}=1; Secure", "p{}=1"),
    "cookies of one name and many paths": ("a=1; Secure; Path=/{}", "a=1; Path=/{}/x"),
    "cookies of the same names": ("a{}=1; Secure", "a{}=2"),
    "one cookie again and again": ("a=1; Secure; Path=/", "a={}"),
}
TABLE: dict[str, tuple[Callable[[Any], object], Callable[[int], Any], int]] = {
    "header lines": (read_lines, head(b"X-Name: value\r\n"), 2_000),
    "folded header lines": (read_lines, lambda size: [b"X: y\r\n", *[b" " + b"x" * 200 + b"\r\n"] * size], 2_000),
    "folded lines of nothing": (read_lines, head(b" \r\n"), 2_000),
    "header lines that are wrong": (read_lines, head(b"no colon here\r\n"), 2_000),
    "indented lines that continue nothing": (read_lines, head(b" " + b"x" * 100 + b"\r\n"), 2_000),
    "header lines that are quoted": (read_lines, head(b"\0" * 100 + b"\r\n"), 1_000),
    "header lines of CR alone": (read_lines, head(b"\r\r\n"), 2_000),
    "a header line of colons": (read_lines, lambda size: [b":" * size + b"\r\n"], 8_000),
    "a head": (read, lambda size: b"HTTP/1.1 204 N\r\n" + b"X: y\r\n" * size + b"\r\n", 120),
    "answers before the answer": (read, lambda size: b"HTTP/1.1 103 E\r\n\r\n" * size + b"HTTP/1.1 204 N\r\n\r\n", 500),
    "a status line": (read, lambda size: b"HTTP/1.1 " + b" \t" * size + b"204" + b" " * size + b"x\r\n\r\n", 1_000),
    "a malformed status line": (read, lambda size: b"HTTP/1.1 204" + b" x" * size + b" \r\n\r\n", 1_000),
    "lengths": (read, lambda size: b"HTTP/1.1 200 K\r\nContent-Length: " + b"1," * size + b"01\r\n\r\nx", 1_500),
    "transfer codings": (read, lambda size: b"HTTP/1.1 200 K\r\nTransfer-Encoding: " + b"x," * size + b"\r\n\r\nx", 1_500),
    "zeros of chunk sizes": (read, lambda size: CHUNKED + (b"0" * 1_000 + b"1\r\nx\r\n") * size + b"0\r\n\r\n", 100),
    "words after chunk sizes": (read, lambda size: CHUNKED + (b"1" + b" x" * 500 + b"\r\nx\r\n") * size + b"0\r\n\r\n", 100),
    "chunks of one byte": (read, lambda size: CHUNKED + b"1\r\nx\r\n" * size + b"0\r\n\r\n", 1_000),
    "chunks with extensions": (read, lambda size: CHUNKED + b"1;" + b"x=y;" * size + b"\r\nx\r\n0\r\n\r\n", 1_000),
    "trailers": (read, lambda size: CHUNKED + b"0\r\n" + b"X: y\r\n" * size + b"\r\n", 120),
    "names of codings": (codings.names, lambda size: ["gzip, " * size], 10_000),
    "a gzip of empty members": (decoded("gzip"), lambda size: [EMPTY_GZIP * 1_000] * size, 2),
    "zstd that is none": (decoded("zstd"), lambda size: [b"\x28\xb5\x2f\xfd\x20\0\1\0\0" * 1_000] * size, 2),
    "attributes of a cookie": (cookie_line, times("; a=b"), 5_000),
    "dates of a cookie": (cookie_line, times("; Expires=Sat, 31 Jan 2026 12:01:30 GMT"), 200),
    "spaces of a cookie": (cookie_line, times(" "), 500_000),
    "labels of a domain": (cookie_line, lambda size: "a=b; Domain=" + "a." * size, 60),
    "a cookie date": (cookie_dates.parse, times("1:2:3 jan x "), 1_000),
    "a date for Retry-After": (busy, times("31 jan "), 2_000),
    "digits of Retry-After": (busy, times("9"), 500_000),
    "a media type": (media_type_of, times("x+/"), 20_000),
    "parameters of a media type": (media_type_of, lambda size: "text/html" + "; charset" * size, 5_000),
    "spaces in a media type": (media_type_of, lambda size: "text/html" + "; " + " " * size, 50_000),
    "quotes in a media type": (media_type_of, lambda size: 'text/html; charset="' + "\\" * size, 20_000),
    "media types of a field": (media_type_of, times('text/html; charset="x", '), 2_000),
    "open quotes in a field": (media_type_of, times('"\\",'), 20_000),
    "equal signs in a media type": (media_type_of, lambda size: "text/html;" + "=" * size, 50_000),
    "a body of tags": (examined("text/html"), bytes_of(b"<meta "), 20_000),
    "a body of comments": (examined("text/html"), bytes_of(b"<!--"), 20_000),
    "short comments": (examined("text/html"), bytes_of(b"<!---->"), 20_000),
    "a head of declarations": (examined("text/html"), bytes_of(b"<meta charset=x>"), 5_000),
    "attributes of a tag": (examined("text/html"), lambda size: b"<link" + b" a='b' c=d/e = f" * size + b">", 10_000),
    "open quotes in a tag": (examined("text/html"), bytes_of(b"<link a='b\"c="), 20_000),
    "scripts that do not end": (examined("text/html"), bytes_of(b"<script></scrip"), 20_000),
    "contents of a declaration": (
        examined("text/html"),
        lambda size: b"<meta http-equiv=content-type content='" + b'charset= charset="' * size + b"'>",
        10_000,
    ),
    "an XML declaration": (examined("text/xml"), lambda size: b"<?xml " + b"encoding='encoding=" * size, 20_000),
    "empty lines before XML": (examined("text/xml"), bytes_of(b"\n"), 200_000),
    "a style sheet": (examined("text/css"), lambda size: b'@charset "' + b"x" * size, 200_000),
    "a body without a type": (examined(""), bytes_of(b"\x1b\xff"), 50_000),
    "escapes of iso-2022-jp": (examined("text/html; charset=iso-2022-jp"), bytes_of(b"\x1b$B!!\xff"), 5_000),
    "gb18030 that is none": (examined("text/html; charset=gb18030"), bytes_of(b"\x81\x30\xff"), 5_000),
    "gb18030 in one piece": (examined("text/html; charset=gbk"), bytes_of(b"\x81\x30\x81\x30"), 20_000),
    "EUC-JP in one piece": (examined("text/html; charset=euc-jp"), bytes_of(b"\x8f\xa1\xa1\x8e\x41"), 20_000),
    "Shift_JIS in one piece": (examined("text/html; charset=shift_jis"), bytes_of(b"\x81\x81\xfd"), 20_000),
    "UTF-16 that is none": (examined("text/html; charset=utf-16"), bytes_of(b"\xd8\x00"), 5_000),
    "a URL": (parsed, lambda size: "http://a.test/" + "../" * size, 80),
    "labels of a host": (parsed, lambda size: "http://" + "a." * size, 80),
    "a reference": (joined, times("../"), 80),
    "a long reference": (joined, times("x/"), 500_000),
    "where a redirect leads": (
        lambda value: redirects.location(Head(302, "", "1.1", (("Location", value),), ())),
        times("\xe9"),
        500_000,
    ),
    "a redirect to many folders": (followed, times("/.."), 1_200),
    "directives of HSTS": (strict, times("max-age=1 ; "), 2_000),
    "labels of a host that HSTS may hold for": (
        secured,
        lambda size: urls.follow(HTTPS, "http://" + "a." * size + "test/"),
        1_800,
    ),
    "spaces of HSTS": (strict, lambda size: "max-age" + " " * size + "x", 20_000),
    "a refresh": (refresh, lambda size: "0; url" + " " * size, 20_000),
    "digits of a refresh": (refresh, times("9"), 20_000),
    "refreshes of a page": (refreshed, bytes_of(b"<meta http-equiv=refresh content=x>"), 1_000),
    "a refresh among tags": (refreshed, bytes_of(b"<meta '"), 5_000),
    "a refresh among attributes": (refreshed, bytes_of(b" =' "), 5_000),
    "a refresh among comments": (refreshed, bytes_of(b"<!-- "), 5_000),
    "a refresh among scripts": (refreshed, bytes_of(b"<script>"), 5_000),
    "references of a refresh": (refreshed, lambda size: b"<meta content='" + b"&a" * size + b"'>", 5_000),
    "hints of a refresh": (refreshed, lambda size: b"http-equiv" + b" " * size, 100_000),
    "header lines that are kept": (lambda fields: kept(answer(fields)), lambda size: (("X-Name", "\1" * 30),) * size, 2_000),
    "cookies that are kept": (
        lambda set_by: kept(answer((), set_by)),
        lambda size: set_over_https(["a=b; Path=/x"]) * size,
        200,
    ),
    "header lines of a 304": (
        lambda fields: kept_again(answer(fields)),
        lambda size: tuple((f"X-{number}", "y") for number in range(size)),
        1_000,
    ),
    "names of a certificate": (lambda tls: kept(answer(tls=tls)), certificate, 5_000),
    "empty members of gzip in zstd": (
        decoded("gzip", "zstd"),
        lambda size: [zstandard.compress(EMPTY_GZIP * size)],
        8_000,
    ),
    **{name: (*into_a_jar(*lines), 250) for name, lines in JARS.items()},
}


@pytest.mark.parametrize("what", TABLE)
def test_what_an_upstream_sends_is_worked_on_in_proportion_to_its_size(what: str) -> None:
    work, make, small = TABLE[what]

    assert_linear(work, make, small=small)


def test_cookies_on_paths_of_many_folders_cost_no_more_than_to_read_them() -> None:
    lines = [f"a=1; Path=/{number}{'/' * 1_000}" for number in range(300)]
    began = time.thread_time()
    over_http = tuple(cookies.parse(line, HTTP) for line in lines)
    read = time.thread_time()
    fill_a_jar((set_over_https(["a=1; Secure; Path=/s"]), over_http))

    assert time.thread_time() - read < 10 * (read - began)
