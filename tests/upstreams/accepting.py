"""What hand-written servers of the tests share: a thread for each connection, and the reading of a request's head."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


def serve_each(listener: socket.socket, serve: Callable[[socket.socket], None]) -> threading.Thread:
    """Have each connection served in a thread of its own until the listener is shut down; the thread that accepts them.

    An `OSError` ends the connection and nothing else: what the client does to it is its own affair.
    """

    def handle(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            serve(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    return thread


def stop_accepting(listener: socket.socket) -> None:
    """Close a listener, which wakes the thread that waits in `accept`."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def read_head(connection: socket.socket) -> bytes:
    """A request's head with its empty line, and what came with it; nothing where the client hung up before."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65_536)
        if not received:
            return b""
        head += received
    return head
