"""Our own load, for machines without wrk and for a number of requests that is fixed: one thread, many kept connections.

`python -m bench.client URL FIRST COUNT sequence|random PREFIX ETAG KEY SECONDS CONNECTIONS` prints what `load.lua`
prints, and the share of its time for which it was busy itself: well below 1, it waits for the server and not the server for
it. With 0 seconds it sends COUNT requests.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from itertools import count as numbers
from urllib.parse import urlsplit

BODILESS = {b"204", b"304"}


class _Connection:
    """One kept connection with at most one request on its way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.sent_at = 0.0
        self._length: int | None = None
        self.status = b""

    def send(self, request: bytes) -> None:
        """Send a request whole; it is small."""
        self.received.clear()
        self._length = None
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def complete(self) -> bool:
        """Receive what is there; True when that was the rest of the response."""
        if not (piece := self.socket.recv(262_144)):
            raise ConnectionError("the server closed the connection")
        self.received += piece
        if self._length is None:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.received[:end]).lower()
            self.status = head[9:12]
            size = 0 if self.status in BODILESS else int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            self._length = end + 4 + size
        return len(self.received) >= self._length


def run(requests: Iterator[bytes], address: tuple[str, int], connections: int, seconds: float) -> dict[str, float]:
    """Send the requests until there are no more of them, or the time is up."""
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    errors = 0
    began, busy = time.perf_counter(), time.process_time()
    until = began + seconds if seconds else float("inf")
    open_ = 0
    for request, _ in zip(requests, range(connections), strict=False):
        connection = _Connection(address)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(request)
        open_ += 1
    while open_:
        for key, _ in selector.select(timeout=30):
            connection = key.data
            if not connection.complete():
                continue
            now = time.perf_counter()
            latencies.append(now - connection.sent_at)
            errors += connection.status >= b"400"
            following = next(requests, None) if now < until else None
            if following is None:
                selector.unregister(connection.socket)
                connection.socket.close()
                open_ -= 1
            else:
                connection.send(following)
    elapsed = time.perf_counter() - began
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": elapsed,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
        "errors": errors,
        "busy": (time.process_time() - busy) / elapsed,
    }


def main(arguments: list[str]) -> None:
    url, first, count, order, prefix, etag, key, seconds, connections = arguments
    parts = urlsplit(url)
    extra = f"If-None-Match: {etag}\r\n" if etag else ""
    extra += f"Authorization: Bearer {key}\r\n" if key else ""
    rng = random.Random(int(first) + int(count))
    ahead: Iterator[int] = (
        int(first) + (rng.randrange(int(count)) if order == "random" else n % int(count)) for n in numbers()
    )
    if not float(seconds):
        ahead = iter(range(int(first), int(first) + int(count)))
    requests = (f"GET {prefix}{n} HTTP/1.1\r\nHost: {parts.netloc}\r\n{extra}\r\n".encode() for n in ahead)
    found = run(requests, (str(parts.hostname), int(parts.port or 80)), int(connections), float(seconds))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
