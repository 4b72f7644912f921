"""What the upstream answers: one function per route, found by the first part of the path."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import brotli
import zstandard

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """One request as it came; header names in lower case, the last of repeated ones."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def query(self, name: str, default: str) -> str:
        return parse_qs(urlsplit(self.target).query).get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    """One response. `Content-Length` is added; `wait` is how many seconds it is kept back, `trailing` what follows it.

    One that is `lost` is not sent: the connection is cut instead.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    wait: float = 0.0
    trailing: bytes = b""
    lost: bool = False

    def encode(self, *, with_body: bool = True) -> bytes:
        """The bytes on the wire."""
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Unassigned"
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in self.headers)]
        if self.status not in {204, 304}:
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return (head + self.body if with_body and self.status not in {204, 304} else head) + self.trailing


HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE_COOKIES = (
    "session=abc123; Path=/; HttpOnly; SameSite=Lax",
    "theme=dark; Max-Age=3600; Path=/",
    "visits=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT",
)
PAGE_HEADERS: Headers = (
    ("Server", "upstream"),
    HTML,
    ("X-Repeated", "one"),
    ("Set-Cookie", PAGE_COOKIES[0]),
    ("X-Repeated", "two"),
    ("Set-Cookie", PAGE_COOKIES[1]),
    ("Cache-Control", "no-cache"),
    ("Set-Cookie", PAGE_COOKIES[2]),
    ("X-Frame-Options", "DENY"),
    ("Strict-Transport-Security", "max-age=63072000"),
    ("X-Repeated", "one"),
)
BINARY = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
ETAG = '"v1"'
LAST_MODIFIED = "Wed, 21 Oct 2026 07:28:00 GMT"


def page_body(path: str, size: int = 0) -> bytes:
    """The HTML of a page: it names its path, and is padded to `size` bytes."""
    start = f"<!doctype html><title>{path}</title><p>Grüße von {path}</p>".encode()
    return start + b"<!-- " + b"x" * (size - len(start) - 9) + b" -->" if size > len(start) + 9 else start


def page(request: Request) -> Answer:
    return Answer(headers=PAGE_HEADERS, body=page_body(request.path, int(request.query("size", "0"))))


def redirect(request: Request) -> Answer:
    """`/redirect` leads to `/page`; `/redirect/3` does so over three hops; `?to=` leads elsewhere."""
    left = int(request.path.removeprefix("/redirect").strip("/") or "1")
    to = request.query("to", "/page") if left <= 1 else f"/redirect/{left - 1}"
    headers = (("Location", to), ("Set-Cookie", f"hop{left}=yes; Path=/"))
    return Answer(302, headers, b"you are being redirected")


def status(request: Request) -> Answer:
    """`/status/503?retry_after=7`: any status, with the name of it as the body."""
    code = int(request.path.rpartition("/")[2])
    retry_after = request.query("retry_after", "")
    headers = (("Content-Type", "text/plain"),) + ((("Retry-After", retry_after),) if retry_after else ())
    return Answer(code, headers, str(code).encode())


def slow(request: Request) -> Answer:
    return Answer(headers=PAGE_HEADERS, body=page_body(request.path), wait=float(request.query("seconds", "1")))


def echo(request: Request) -> Answer:
    """The request's own headers, as JSON."""
    return Answer(headers=(("Content-Type", "application/json"),), body=json.dumps(dict(request.headers)).encode())


def conditional(request: Request) -> Answer:
    """304 to a request that knows the validator, else a page with `ETag` and `Last-Modified`."""
    headers = (HTML, ("ETag", ETAG), ("Last-Modified", LAST_MODIFIED))
    known = request.headers.get("if-none-match") == ETAG or request.headers.get("if-modified-since") == LAST_MODIFIED
    return Answer(304, headers) if known else Answer(headers=headers, body=page_body(request.path))


def encoded(coding: str, encode: Callable[[bytes], bytes]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        return Answer(headers=(HTML, ("Content-Encoding", coding)), body=encode(page_body(request.path)))

    return answer


def fixed(body: bytes, media_type: str) -> Callable[[Request], Answer]:
    return lambda request: Answer(headers=(("Content-Type", media_type),), body=body)


def not_found(request: Request) -> Answer:
    return Answer(404, (("Content-Type", "text/plain"),), b"no such page")


ROUTES: Mapping[str, Callable[[Request], Answer]] = {
    "page": page,
    "redirect": redirect,
    "loop": lambda request: Answer(302, (("Location", "/loop"),)),
    "slow": slow,
    "status": status,
    "echo": echo,
    "conditional": conditional,
    "binary": fixed(BINARY, "image/png"),
    "latin1": fixed("<title>café</title>".encode("latin-1"), "text/html; charset=latin1"),
    "json": fixed(b'{"a": [1, 2, 3]}', "application/json"),
    "empty": fixed(b"", "text/html"),
    "gzip": encoded("gzip", lambda body: gzip.compress(body, mtime=0)),
    "deflate": encoded("deflate", zlib.compress),
    "br": encoded("br", brotli.compress),
    "zstd": encoded("zstd", zstandard.compress),
}


def answer_to(request: Request) -> Answer:
    """The answer of the route that the path begins with."""
    return ROUTES.get(request.path.split("/")[1], not_found)(request)
