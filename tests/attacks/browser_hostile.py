"""The servers of a hostile site: its page, a name that is rebound, and a proxy that hides who asks.

The proxy is the control: through it every attack has its effect, so the page would have one if nobody looked at who asks.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.upstreams.accepting import read_head, serve_each, stop_accepting

PAGE = Path(__file__).with_suffix(".html")
SAYS_WHO = re.compile(rb"(?im)^(?:Origin|Referer|Sec-Fetch-[a-z]+|User-Agent|Host|Connection: keep-alive).*\r\n")


class Hostile:
    """A server of connections with one request each: of its page, until there is somebody to pass them on to."""

    def __init__(self, address: str, port: int = 0) -> None:
        self._listener = socket.create_server((address, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.leads_to: int | None = None
        self.disguised = False
        serve_each(self._listener, self._serve)

    def close(self) -> None:
        """Answer no more."""
        stop_accepting(self._listener)

    def _serve(self, client: socket.socket) -> None:
        head = read_head(client)
        if head and self.leads_to is not None:
            self._pass_on(client, head, self.leads_to)
        elif head:
            page = PAGE.read_bytes()
            client.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(page), page)
            )

    def _pass_on(self, client: socket.socket, sent: bytes, port: int) -> None:
        if self.disguised:
            head, _, rest = sent.partition(b"\r\n\r\n")
            line, _, fields = (head + b"\r\n").partition(b"\r\n")
            close = b"" if b"\nUpgrade: " in fields else b"Connection: close\r\n"
            sent = line + b"\r\nHost: 127.0.0.1:%d\r\n" % port + close + SAYS_WHO.sub(b"", fields) + b"\r\n" + rest
        with socket.create_connection(("127.0.0.1", port), timeout=60) as server:
            server.sendall(sent)
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            _pump(server, client)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def hostile(address: str, port: int = 0) -> Iterator[Hostile]:
    """A server that is closed."""
    server = Hostile(address, port)
    try:
        yield server
    finally:
        server.close()
