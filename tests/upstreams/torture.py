"""An upstream that answers as no framework would: raw sockets, one script for each thing that goes wrong out there.

`with Torture() as upstream: upstream.url("header-drip")`. The scripts below are the documentation of what may come;
`tests/http_client/test_torture.py` is that of what is recorded.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType

from tests.upstreams import bombs

Say = Callable[[bytes], None]
OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
CLOSE = b"Connection: close\r\n"
TLS_HANDSHAKE = 0x16
DRIP = 0.05
"""Seconds between two bytes of a drip."""


class Torture:
    """Serves the scripts on a loopback address until the block ends; `context` makes it speak TLS.

    `elsewhere` is where the script `redirect-elsewhere` leads.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.host = host
        self.counts: Counter[str] = Counter()
        self._context = context
        self._listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._listener.getsockname()[1]
        self.stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self.heads: list[bytes] = []
        self.elsewhere = ""

    def __enter__(self) -> Torture:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def url(self, script: str, host: str | None = None) -> str:
        """The URL that is answered by a script, under another name of this host if one is given."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host or self.host}:{self.port}/{script}"

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return self.counts["connections"]

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.counts["connections"] += 1
            connection.settimeout(5)
            self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        """Answer one request and close; whatever the client does to the connection is its own affair."""
        with contextlib.suppress(OSError), plain:
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    received = connection.recv(65_536)
                    if not received:
                        return
                    head += received
                    if head[0] == TLS_HANDSHAKE:
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                        return
                self.heads.append(head)
                path = head.split(b" ")[1].decode().lstrip("/")
                self.counts[path] += 1
                for piece in SCRIPTS.get(path.partition("?")[0], SCRIPTS["not-found"])(self):
                    connection.sendall(piece)
                if path == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(self, text: bytes) -> Iterator[bytes]:
        """The bytes one by one, for as long as anybody listens."""
        while True:
            for byte in text:
                yield bytes([byte])
                if self.stopped.wait(DRIP):
                    return

    def forever(self, piece: bytes) -> Iterator[bytes]:
        """The same piece again and again, as fast as it is taken."""
        while not self.stopped.is_set():
            yield piece


Script = Callable[[Torture], Iterator[bytes]]


def whole(*parts: bytes) -> Script:
    """A script that sends these bytes and closes."""
    return lambda upstream: iter(parts)


def page(body: bytes, *headers: bytes) -> Script:
    """A script for a complete answer with these header lines (without their ends)."""
    head = b"".join(line + b"\r\n" for line in headers)
    return whole(OK, HTML, head, b"Content-Length: %d\r\n\r\n" % len(body), body)


def status(line: bytes, body: bytes = b"") -> Script:
    return whole(b"HTTP/1.1 " + line + b"\r\n" + HTML + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def redirect(location: str) -> Script:
    return whole(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode() + b"\r\n\r\n")


def redirect_login(upstream: Torture) -> Iterator[bytes]:
    """Leads to the page, with a user name and a password that a browser would keep to itself until it is asked."""
    yield from redirect(f"http://user:secret@{upstream.host}:{upstream.port}/page")(upstream)


def silent(upstream: Torture) -> Iterator[bytes]:
    upstream.stopped.wait(30)
    yield b""


def redirect_slowly(upstream: Torture) -> Iterator[bytes]:
    """Redirects to itself, 0.4 seconds each: less than the timeout of a read, but not less than five of them."""
    upstream.stopped.wait(0.4)
    yield from redirect("/redirect-slowly")(upstream)


def redirect_elsewhere(upstream: Torture) -> Iterator[bytes]:
    """Sets a cookie that is to stay on https, and leads to `elsewhere`."""
    yield b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nSet-Cookie: a=secure; Secure\r\n"
    yield b"Location: " + upstream.elsewhere.encode() + b"\r\n\r\n"


def header_drip(upstream: Torture) -> Iterator[bytes]:
    yield OK
    yield from upstream.drip(b"X-Drip: drop\r\n")


def status_drip(upstream: Torture) -> Iterator[bytes]:
    yield from upstream.drip(b"HTTP/1.1 200 " + b"O" * 1000)


def body_drip(upstream: Torture) -> Iterator[bytes]:
    yield OK + HTML + b"Content-Length: 1000000\r\n\r\n"
    yield from upstream.drip(b"drop ")


def chunk_drip(upstream: Torture) -> Iterator[bytes]:
    yield OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from upstream.drip(b"1\r\nx\r\n")


def trailer_drip(upstream: Torture) -> Iterator[bytes]:
    yield OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    yield from upstream.drip(b"X-Trailer: drop\r\n")


def endless_1xx(upstream: Torture) -> Iterator[bytes]:
    yield from upstream.forever(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)


def endless_headers(upstream: Torture) -> Iterator[bytes]:
    yield OK
    yield from upstream.forever(b"X-More: and more\r\n" * 100)


def endless_body(upstream: Torture) -> Iterator[bytes]:
    yield OK + HTML + b"\r\n"
    yield from upstream.forever(b"all work and no play makes Jack a dull boy\n" * 1000)


def endless_redirect_body(upstream: Torture) -> Iterator[bytes]:
    yield b"HTTP/1.1 302 Found\r\nLocation: /page\r\n\r\n"
    yield from upstream.forever(b"you are being redirected " * 1000)


def bomb(coding: bytes, pieces: Callable[[], Iterator[bytes]]) -> Script:
    def script(upstream: Torture) -> Iterator[bytes]:
        yield OK + HTML + b"Content-Encoding: " + coding + b"\r\n\r\n"
        for piece in pieces():
            if upstream.stopped.is_set():
                return
            yield piece

    return script


PAGE = b"<!doctype html><title>page</title>"
ZIPPED = gzip.compress(PAGE * 100, mtime=0)
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BARE_DEFLATE = BARE.compress(PAGE) + BARE.flush()
CHUNKED = OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n"

SCRIPTS: dict[str, Script] = {
    # Answers that are unusual and whole.
    "page": page(PAGE, b"Set-Cookie: a=b"),
    "no-content": whole(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "not-found": status(b"404 Not Found", b"nothing"),
    "error": status(b"500 Internal Server Error", b"broken"),
    "status-999": status(b"999 Go Away", b"no"),
    "no-reason": status(b"200", b"fine"),
    "early-hints": whole(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", OK, b"\r\n", PAGE),
    "hints-and-redirect": whole(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nodd\r\n\r\n", b"HTTP/1.1 302 Found\r\nLocation: /page\r\n\r\n"
    ),
    "lower-case": whole(b"http/1.1 200 OK\r\n", HTML, b"\r\n", PAGE),
    "no-space": whole(b"HTTP/1.1 200OK\r\n", HTML, b"\r\n", PAGE),
    "empty-lines": whole(b"\r\n\r\n", OK, HTML, b"\r\n", PAGE),
    "cr-cr-lf": whole(b"HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nok"),
    "length-list": whole(OK, HTML, b"Content-Length: 5, , 05\r\n\r\nhello"),
    "long-zeros": whole(OK, HTML, b"Content-Length: " + b"0" * 30 + b"5\r\n\r\nhello"),
    "not-modified-of-x": whole(b"HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n"),
    "empty-elements": whole(OK, HTML, b"Transfer-Encoding: , chunked, ,\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "identity": whole(OK, HTML, b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello"),
    "zeros-of-chunks": whole(CHUNKED, b"0" * 30 + b"5\r\nhello\r\n" + b"0" * 30 + b"\r\n\r\n"),
    "words-of-chunks": whole(CHUNKED, b"5 bytes\r\nhello\r\n0\r\n\r\n"),
    "no-end-of-trailers": whole(CHUNKED, b"5\r\nhello\r\n0\r\nX-Trailer: t\r\nX-Cut"),
    "not-coded": page(PAGE, b"Content-Encoding: UTF-8"),
    "until-close": whole(OK, HTML, b"\r\n", PAGE),
    "http-1.0": whole(b"HTTP/1.0 200 OK\r\n", HTML, b"\r\n", PAGE),
    "bare-newlines": whole(b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\n\nok"),
    "chunked": whole(CHUNKED, b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: t\r\n\r\n"),
    "odd-trailers": whole(CHUNKED, b"5\r\nhello\r\n0\r\nX-Trailer: t\r\nno colon here\r\n\r\n"),
    "cr-in-trailers": whole(CHUNKED, b"5\r\nhello\r\n0\r\n\r\r\nX-Trailer: t\r\n\r\n"),
    "bare-deflate": page(BARE_DEFLATE, b"Content-Encoding: deflate"),
    "transfer-gzip": whole(
        OK, HTML, b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n" % len(ZIPPED), ZIPPED, b"\r\n0\r\n\r\n"
    ),
    "more-than-length": whole(OK, HTML, b"Content-Length: 5\r\n\r\nhello, and what nobody asked for"),
    "length-twice": page(PAGE, b"Content-Length: %d" % len(PAGE)),
    "length-and-chunked": whole(OK, HTML, b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "500-headers": page(PAGE, *(b"X-Number-%d: %d" % (number, number) for number in range(500))),
    # Header lines that are wrong.
    "no-colon": page(PAGE, b"X-Before: 1", b"this is no header", b"X-After: 2"),
    "bare-cr": page(PAGE, b"X-Before: 1", b"X-Cr: a\rb", b"X-After: 2"),
    "cr-alone": page(PAGE, b"X-Before: 1", b"\r", b"X-After: 2"),
    "cr-at-end": page(PAGE, b"X-Cr: a\r", b"X-After: 2"),
    "nul": page(PAGE, b"X-Nul: a\0b", b"X-After: 2"),
    "folded": page(PAGE, b"X-Long: one", b"  two", b"X-After: 2"),
    "space-in-name": page(PAGE, b"X Name : 1", b"X-After: 2"),
    "indented": whole(OK, b" X-Indented: 1\r\n", b"X-After: 2\r\n", HTML, b"\r\n", PAGE),
    "long-no-colon": page(PAGE, b"nothing but words " * 3_000, b"X-After: 2"),
    "raw-bytes": page(PAGE, b"X-Bytes: caf\xe9 \xff"),
    "dollar-names": page(PAGE, b"$where: 1", b"x.y: 2"),
    # Bodies that are wrong, and still worth keeping.
    "cut-gzip": whole(OK, HTML, b"Content-Encoding: gzip\r\n\r\n", ZIPPED[:-20]),
    "bad-gzip": page(b"this is not gzip", b"Content-Encoding: gzip"),
    "late-bad-gzip": page(ZIPPED[:-8] + b"\0" * 8, b"Content-Encoding: gzip"),
    "gzip-and-more": page(ZIPPED + b"rubbish", b"Content-Encoding: gzip"),
    "20-codings": page(PAGE, b"Content-Encoding: " + b", ".join([b"gzip"] * 20)),
    "unknown-coding": page(PAGE, b"Content-Encoding: compress"),
    "endless-body": endless_body,
    "gzip-bomb": bomb(b"gzip", bombs.gzip_bomb),
    "br-bomb": bomb(b"br", bombs.brotli_bomb),
    "zstd-bomb": bomb(b"zstd", bombs.zstd_bomb),
    "double-bomb": bomb(b"gzip, gzip", bombs.double_bomb),
    # Responses that are not HTTP.
    "http-0.9": whole(PAGE),
    "empty": whole(b""),
    "garbage": whole(b"\x16\x03\x01\x02\0\1\0\r\n\r\n"),
    "status-1000": status(b"1000 Too Much"),
    "status-99": status(b"99 Too Little"),
    "http-2": whole(b"HTTP/2 200 OK\r\n\r\n"),
    "two-lengths": page(PAGE, b"Content-Length: 5"),
    "long-length": whole(OK, b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\nhello"),
    "mail": whole(b"220 mail.inside.test ESMTP Postfix (10.1.2.3)\r\n500 unknown command\r\n"),
    "odd-length": whole(OK, b"Content-Length: +5\r\n\r\nhello"),
    "long-line": page(PAGE, b"X-Long: " + b"x" * 70_000),
    "endless-headers": endless_headers,
    # Incomplete responses.
    "short-body": whole(OK, HTML, b"Content-Length: 1000\r\n\r\n", PAGE),
    "cut-head": whole(OK, HTML, b"X-Cut: of"),
    "cut-chunk": whole(CHUNKED, b"100\r\n", PAGE),
    "no-last-chunk": whole(CHUNKED, b"5\r\nhello\r\n"),
    "bad-chunk": whole(CHUNKED, b"5\r\nhello\r\nzz\r\n"),
    "long-chunk": whole(CHUNKED, b"f" * 5_000 + b"\r\nhello"),
    "secret-chunk": whole(CHUNKED, b"mail.inside.test 10.1.2.3\r\n"),
    "signed-chunk": whole(CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"),
    "reset": whole(OK, HTML, b"Content-Length: 1000\r\n\r\n", PAGE),
    # Redirects.
    "redirect-1": redirect("/page"),
    **{f"redirect-{hops}": redirect(f"/redirect-{hops - 1}") for hops in range(2, 22)},
    "redirect-loop": redirect("/redirect-loop"),
    "redirect-slowly": redirect_slowly,
    "redirect-elsewhere": redirect_elsewhere,
    "redirect-private": redirect("http://127.0.0.2/"),
    "redirect-port": redirect("http://127.0.0.1:25/"),
    "redirect-file": redirect("file:///etc/passwd"),
    "redirect-login": redirect_login,
    "redirect-latin1": whole(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /page?q=\xe9\r\n\r\n"),
    "redirect-long": redirect("/page?" + "l" * (65_536 - len("/page?"))),
    "redirect-empty": whole(b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\nLocation: \r\n\r\nok"),
    "redirect-twice": whole(b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\nLocation: /a\r\nLocation: /b\r\n\r\nok"),
    "redirect-doubled": whole(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /page\r\nLocation: /page\r\n\r\n"),
    "redirect-300": whole(b"HTTP/1.1 300 Multiple Choices\r\nContent-Length: 2\r\nLocation: /page\r\n\r\nok"),
    "redirect-nowhere": redirect("http://[::1"),
    "redirect-utf8": redirect("/page?é"),
    "redirect-endless-body": endless_redirect_body,
    "redirect-without-location": whole(b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nok"),
    # Slow and endless.
    "silent": silent,
    "status-drip": status_drip,
    "header-drip": header_drip,
    "body-drip": body_drip,
    "chunk-drip": chunk_drip,
    "trailer-drip": trailer_drip,
    "endless-1xx": endless_1xx,
}
