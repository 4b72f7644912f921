"""What the scripted web of these tests answers."""

from __future__ import annotations

import gzip
import zlib

import brotli
import zstandard

from tests.archive.conftest import World

URL = "http://name.test/a"
ODD = b"X-Twice: 1\r\nx-twice: 2\r\n\xe9: caf\xe9\r\nEmpty:\r\n: no name\r\nX-Twice: 1"
PAGE = b"HTTP/1.1 200 All right\r\nContent-Type: text/html\r\n" + ODD + b"\r\nContent-Length: 5\r\n\r\nhello"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\n\r\ngone"
TAGGED = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nX-Seen: first\r\nContent-Length: 5\r\n\r\nhello'
CONFIRMED = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nX-Seen: second\r\n\r\n'


def coded(coding: bytes, body: bytes) -> bytes:
    size = str(len(body)).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: " + coding + b"\r\nContent-Length: " + size + b"\r\n\r\n" + body


CODED = {
    "gzip": gzip.compress(b"hello" * 20),
    "deflate": zlib.compress(b"hello" * 20),
    "br": brotli.compress(b"hello" * 20),
    "zstd": zstandard.compress(b"hello" * 20),
}


def a_site(world: World) -> None:
    """All that an archive may have: redirects, codings, odd lines, a revisit, and a body that was cut."""
    world.collect(URL, MOVED, PAGE)
    for coding, body in CODED.items():
        world.collect(f"http://{coding}.test/", coded(coding.encode(), body))
    world.collect("http://long.test/", b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 3_000)
    world.collect("http://tagged.test/", TAGGED)
    world.refresh("http://tagged.test/", CONFIRMED)
