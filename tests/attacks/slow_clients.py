"""Clients that are slow, silent or rude, in the numbers in which they once deafened the API."""

from __future__ import annotations

from tests.attacks.crowd import Manner

LARGE_PAGE, SMALL_PAGES = 1_000, 20
"""The number of the page of 4 MB, and how many small ones there are."""
LOOKUP = b"GET /api/v1/metadata?url=https%%3A%%2F%%2Fpages.example%%2Fpage%%2F%d HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
POST = b"POST /api/v1/metadata HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=edge\r\n"
IMPORT = b"POST /api/v1/imports?kind=urls HTTP/1.1\r\nHost: localhost\r\n" + FORM + b"%b\r\n"
PART = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="u.txt"\r\n\r\n'
LINES = b"https://example.com/a/page/that/is/imported\n"
LONG = b"Content-Length: 50000000\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BURST = LINES * 10_000
"""More than is awaited of a body before it is given a thread."""

HEADS = {
    "unfinished heads": (200, Manner(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")),
    "heads, a byte a second": (200, Manner(b"GET /", drip=b"x")),
    "nothing but garbage, a byte a second": (200, Manner(b"\x16\x03\x01\x02\x00\x01\x00", drip=b"\x00")),
    "heads without an end": (8, Manner(b"GET /healthz HTTP/1.1\r\nX: ", flood=True)),
}
BODIES = {
    "unfinished bodies": (200, Manner(POST + b'Content-Length: 100\r\n\r\n{"url": ')),
    "unfinished bodies, chunked": (200, Manner(POST + CHUNKED + b'\r\n5\r\n{"url\r\n')),
    "unfinished bodies, a byte a second": (200, Manner(POST + b"Content-Length: 1000\r\n\r\n{", drip=b" ")),
    "unfinished bodies that nobody reads": (200, Manner(LOOKUP % (0, b"Content-Length: 1000\r\n"))),
    "larger ones, that are promised only": (200, Manner(LOOKUP % (0, b"Content-Length: 10000000\r\n"))),
    "bodies that wait to be asked for": (200, Manner(POST + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")),
    "oversized bodies": (8, Manner(POST + b"Content-Length: 1000000000\r\n\r\n", flood=True)),
    "oversized bodies, chunked": (8, Manner(POST + CHUNKED + b"\r\n3B9ACA00\r\n", flood=True)),
}
READERS = {
    "readers of nothing, 4 MB each": (210, Manner(LOOKUP % (LARGE_PAGE, b""))),
    "readers of nothing, 1,000 requests each": (100, Manner(LOOKUP % (0, b"") * 1_000)),
    "readers that never hang up": (210, Manner(LOOKUP % (0, b"Connection: close\r\n"), reads=100)),
    "half-closed connections": (200, Manner(LOOKUP % (0, b""), half=True)),
}
IDLE = {
    "idle connections": (2_100, Manner()),
    "idle connections, kept": (2_100, Manner(LOOKUP % (0, b""), reads=65_536)),
    "idle connections, 5,000": (5_000, Manner()),
}
UPLOADS = {
    f"{count} {name}": (count, manner)
    for count in (8, 16, 100)
    for name, manner in {
        "uploads of a byte a second": Manner(IMPORT % LONG + PART, drip=b"h"),
        "uploads that begin well": Manner(IMPORT % LONG + PART + BURST, drip=b"h" * 10_000),
        "uploads of chunks": Manner(IMPORT % CHUNKED + b"%x\r\n" % len(PART) + PART + b"\r\n", drip=b"1\r\nh\r\n"),
        "uploads that begin well, in chunks": Manner(
            IMPORT % CHUNKED + b"%x\r\n" % (len(PART) + len(BURST)) + PART + BURST + b"\r\n", drip=b"1\r\nh\r\n"
        ),
        "uploads that wait to be asked for": Manner(IMPORT % (LONG + b"Expect: 100-continue\r\n"), drip=b"-"),
    }.items()
}

ATTACKS = HEADS | BODIES | READERS | IDLE | UPLOADS
