"""A connection to a mail server that ends when its time is over, whatever is being waited for."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Timer
from time import monotonic
from types import TracebackType


class MailConnection:
    """`with MailConnection(15) as connection:` has so many seconds to connect, and for all that is said then.

    A timeout of a socket is for one answer only, and a server may send a byte of it now and then. So the connection is cut.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = monotonic() + seconds
        self._handle: socket.socket | None = None
        self._watchdog = Timer(seconds, self._cut)
        self._watchdog.daemon = True

    def __enter__(self) -> MailConnection:
        self._watchdog.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._watchdog.cancel()
        if self._handle is not None:
            self._handle.close()

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to the first address of a host that takes one; `OSError` if none does."""
        refused = OSError(f"{host} has no address")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            left = self._ends - monotonic()
            if left <= 0:
                raise TimeoutError(f"it took longer than {self.seconds:g} seconds")
            try:
                connected = socket.create_connection((str(address[0]), port), left)
            except OSError as error:
                refused = error
                continue
            connected.settimeout(self.seconds)
            self._handle = connected.dup()  # TLS takes the connection itself away
            if monotonic() >= self._ends:
                self._cut()
            return connected
        raise refused

    def _cut(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)
