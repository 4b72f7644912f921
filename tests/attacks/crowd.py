"""Many connections of one kind, held open by one thread: what a single hostile program can do."""

from __future__ import annotations

import resource
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

EVERY = 1.0
"""Seconds between two bytes of a client that drips."""
CONNECTING = 20.0
"""Seconds that a connection may take to be made; the kernel makes them until the queue of new ones is full."""


@dataclass(frozen=True)
class Manner:
    """What each client of a crowd does: it sends `begin`, then `drip` every `every` seconds, and reads `reads` bytes once.

    `flood` clients send as much as there is room for instead; with `half` they close their sending side after `begin`.
    """

    begin: bytes = b""
    drip: bytes = b""
    every: float = EVERY
    reads: int = 0
    flood: bool = False
    half: bool = False


class Crowd:
    """`with Crowd(port, 200, Manner(...)):` so many clients behave like that while the block runs."""

    def __init__(self, port: int, count: int, manner: Manner) -> None:
        self._port, self._count, self._manner = port, count, manner
        self.sockets: list[socket.socket] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._act, name="crowd", daemon=True)

    def __enter__(self) -> Crowd:
        may_open(self._count + 500)
        try:
            for _ in range(self._count):
                self.sockets.append(self._client())
        except BaseException:
            self._close()
            raise
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(120)
        self._close()

    def ended(self) -> int:
        """How many of the connections the server has ended, or answered."""
        return sum(_ended(client) for client in self.sockets)

    def _client(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self._port), timeout=CONNECTING)
        try:
            with suppress(OSError):  # a server may refuse what it was sent before all of it is sent
                client.settimeout(0.5)
                client.sendall(self._manner.begin)
                if self._manner.reads:
                    client.settimeout(CONNECTING)
                    client.recv(self._manner.reads)
                if self._manner.half:
                    client.shutdown(socket.SHUT_WR)
            client.setblocking(False)
        except BaseException:
            client.close()
            raise
        return client

    def _act(self) -> None:
        manner = self._manner
        piece = b"x" * 65_536 if manner.flood else manner.drip
        while piece and not self._over.wait(0.001 if manner.flood else manner.every):
            for client in self.sockets:
                with suppress(OSError):
                    client.send(piece)

    def _close(self) -> None:
        for client in self.sockets:
            client.close()


def may_open(files: int) -> None:
    """Raise this process's limit of open files to so many at least, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))


def _ended(client: socket.socket) -> bool:
    try:
        client.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
